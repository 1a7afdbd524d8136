import type { WatchFilter } from '../../../watch/watch-filter.js';
import { type Command, given, Option } from '../../common/commander.js';
import type { Defining } from '../../common/define.js';
import { numberBetween, parseFilter } from '../../common/option-values.js';
import { ringOption, STRICT, sourceOption } from '../../common/options.js';

export const define = (parent: Command, { act, context }: Defining) =>
  parent
    .command('watch')
    .description('print one line for every container start on this machine, until Ctrl-C')
    .option('--out <folder>', 'write a trace file of each start into this folder')
    .option('--parquet', 'with --out: write Parquet tables instead (docs/warehouse.md)')
    .option('--json', 'print one JSON object per start, and a summary (docs/json.md)')
    .addOption(
      new Option(
        '--filter <key=value>',
        'only starts with this name, image or id (* matches anything), or slower=MS; may be repeated: one filter of every key must match',
      )
        .argParser((text: string, before: readonly WatchFilter[] = []) => [
          ...before,
          parseFilter(text),
        ])
        .default([] as WatchFilter[], 'all'),
    )
    .addOption(
      new Option('--for <seconds>', 'stop after this time').argParser(
        numberBetween('--for', 0.1, 1e9, 'decimal'),
      ),
    )
    .option('--redact', 'do not record arguments and the host name')
    .option('--strict', STRICT)
    .addOption(ringOption())
    .addOption(sourceOption())
    .option('-H, --host <url>', 'Docker engine on this machine: unix:///path')
    .action(
      act(async (options) =>
        (await import('../../actions/trace/watch.js')).traceWatch(given(options), context),
      ),
    );
