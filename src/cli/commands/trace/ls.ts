import { type Command, given } from '../../common/commander.js';
import type { Defining } from '../../common/define.js';

export const define = (parent: Command, { act, context }: Defining) =>
  parent
    .command('ls')
    .description('list the recordings in the traces folder, newest first')
    .option('--json', 'print JSON')
    .action(
      act(async (options) =>
        (await import('../../actions/trace/ls.js')).traceLs(given(options), context),
      ),
    );
