import { type Command, given } from '../../common/commander.js';
import type { Defining } from '../../common/define.js';
import { AS_JSON, LAST_TRACE, leastOption, ONE_RUN, widthOption } from '../../common/options.js';

export const define = (parent: Command, { act, context }: Defining) =>
  parent
    .command('chain')
    .description('show the critical path as a chain, from the entrypoint back to the request')
    .argument('[file]', LAST_TRACE)
    .option('--json', AS_JSON)
    .option('--run <id>', ONE_RUN)
    .addOption(leastOption('merge links shorter than this into the previous one', 1))
    .option('--all', 'show every link, however short, with all its parts')
    .addOption(widthOption())
    .action(
      act(async (file, options) =>
        (await import('../../actions/trace/chain.js')).traceChain(file, given(options), context),
      ),
    );
