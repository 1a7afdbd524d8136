import { type Command, given } from '../../common/commander.js';
import type { Defining } from '../../common/define.js';
import { ONE_RUN } from '../../common/options.js';

export const define = (parent: Command, { act, context }: Defining) =>
  parent
    .command('view')
    .description('write an HTML page that shows a trace or compares two, in one file')
    .argument('[files...]', 'trace files (default: the last recording)')
    .option('-o, --output <file>', 'file to write (default: beside the first trace)')
    .option('--open', "open the page in this desktop's browser")
    .option('--run <id>', ONE_RUN)
    .action(
      act(async (files, options) =>
        (await import('../../actions/trace/view.js')).traceView(files, given(options), context),
      ),
    );
