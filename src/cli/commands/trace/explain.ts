import { type Command, given, Option } from '../../common/commander.js';
import type { Defining } from '../../common/define.js';
import { numberBetween } from '../../common/option-values.js';
import { AS_JSON, LAST_TRACE, ONE_RUN, widthOption } from '../../common/options.js';

export const define = (parent: Command, { act, context }: Defining) =>
  parent
    .command('explain')
    .description('show every rule that assigns time to a phase, and the evidence that it used')
    .argument('[file]', LAST_TRACE)
    .option('--json', AS_JSON)
    .option('--run <id>', ONE_RUN)
    .addOption(
      new Option('--examples <n>', 'how many of the longest segments to show for each rule')
        .argParser(numberBetween('--examples', 0, 1_000_000))
        .default(3),
    )
    .option('--rule <id>', 'only this rule: fsync, hooks … (docs/phases.md)')
    .addOption(widthOption())
    .action(
      act(async (file, options) =>
        (await import('../../actions/trace/explain.js')).traceExplain(
          file,
          given(options),
          context,
        ),
      ),
    );
