import { type Command, given, Option } from '../../common/commander.js';
import type { Defining } from '../../common/define.js';
import { numberBetween } from '../../common/option-values.js';
import { LAST_TRACE } from '../../common/options.js';

const timeOption = <Flags extends string>(flags: Flags, name: string, description: string) =>
  new Option(flags, description).argParser(numberBetween(name, -1e12, 1e12, 'decimal'));

export const define = (parent: Command, { act, context }: Defining) =>
  parent
    .command('events')
    .description('print the events of a trace in time order, one per line')
    .argument('[file]', LAST_TRACE)
    .option('--json', 'print one JSON object per line (docs/json.md)')
    .option('--kind <kinds>', 'only these kinds, separated by commas: syscall,exec,fork …')
    .option('--actor <actors>', 'only these actors, separated by commas: dockerd,shim,init …')
    .option('--syscall <names>', 'only these syscalls, separated by commas: mount,unshare …')
    .addOption(
      new Option('--pid <pid>', 'only this process').argParser(numberBetween('--pid', 0, 2 ** 31)),
    )
    .addOption(
      timeOption('--from <ms>', '--from', 'start at this time, in ms since the create request'),
    )
    .addOption(
      timeOption('--to <ms>', '--to', 'stop before this time, in ms since the create request'),
    )
    .addOption(
      new Option('--limit <n>', 'print at most this many events').argParser(
        numberBetween('--limit', 0, 2 ** 53 - 1),
      ),
    )
    .action(
      act(async (file, options) =>
        (await import('../../actions/trace/events.js')).traceEvents(file, given(options), context),
      ),
    );
