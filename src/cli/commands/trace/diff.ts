import { type Command, given } from '../../common/commander.js';
import type { Defining } from '../../common/define.js';
import { leastOption, widthOption } from '../../common/options.js';

export const define = (parent: Command, { act, context }: Defining) =>
  parent
    .command('diff')
    .description('show what became slower and what became faster between two starts')
    .argument('<before>', 'trace file')
    .argument('<after>', 'trace file')
    .option('--json', 'print JSON with every change (docs/json.md)')
    .addOption(leastOption('sum up changes smaller than this', 0.5))
    .addOption(widthOption())
    .action(
      act(async (before, after, options) =>
        (await import('../../actions/trace/diff.js')).traceDiff(
          before,
          after,
          given(options),
          context,
        ),
      ),
    );
