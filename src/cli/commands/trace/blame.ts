import { type Command, given } from '../../common/commander.js';
import type { Defining } from '../../common/define.js';
import { AS_JSON, LAST_TRACE, ONE_RUN, widthOption } from '../../common/options.js';

export const define = (parent: Command, { act, context }: Defining) =>
  parent
    .command('blame')
    .description(
      'show which process ran on the critical path, for how long, and what it waited for',
    )
    .argument('[file]', LAST_TRACE)
    .option('--json', AS_JSON)
    .option('--run <id>', ONE_RUN)
    .addOption(widthOption())
    .action(
      act(async (file, options) =>
        (await import('../../actions/trace/blame.js')).traceBlame(file, given(options), context),
      ),
    );
