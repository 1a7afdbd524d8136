import { type Command, given } from '../../common/commander.js';
import type { Defining } from '../../common/define.js';
import { AS_JSON, LAST_TRACE, ONE_RUN, widthOption } from '../../common/options.js';

export const define = (parent: Command, { act, context }: Defining) =>
  parent
    .command('show')
    .description('show a recorded start: timeline, phases, milestones')
    .argument('[file]', LAST_TRACE)
    .option('--json', AS_JSON)
    .option('--run <id>', ONE_RUN)
    .option('--all', 'show every segment of the critical path and every probe')
    .addOption(widthOption())
    .action(
      act(async (file, options) =>
        (await import('../../actions/trace/show.js')).traceShow(file, given(options), context),
      ),
    );
