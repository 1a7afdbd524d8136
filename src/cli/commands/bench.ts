import { MOST_ITERATIONS } from '../../model/bench/bench.js';
import { type Command, given, Option } from '../common/commander.js';
import type { Defining } from '../common/define.js';
import { numberBetween } from '../common/option-values.js';
import { ANY_HOST, engineOption } from '../common/options.js';

export const define = (program: Command, { act, context }: Defining) =>
  program
    .command('bench')
    .description('measure nine dimensions of an engine many times, in random order (docs/bench.md)')
    .argument('[dimensions...]', 'which dimensions (default: all)')
    .option('--list', 'list the dimensions, and how each is measured')
    .option('--out <folder>', 'output directory; an unfinished benchmark in it is resumed')
    .optionsGroup('New benchmarks:')
    .addOption(
      new Option(
        '--iterations <n>',
        'how often to repeat each measurement (default: 50)',
      ).argParser(numberBetween('--iterations', 1, MOST_ITERATIONS)),
    )
    .addOption(
      new Option(
        '--cold-starts <n>',
        'how many cold and first starts (default: 20, at most the iterations)',
      ).argParser(numberBetween('--cold-starts', 0, MOST_ITERATIONS)),
    )
    .addOption(
      new Option('--pulls <n>', 'how many pulls (default: 10, at most the iterations)').argParser(
        numberBetween('--pulls', 0, MOST_ITERATIONS),
      ),
    )
    .addOption(
      new Option(
        '--warmup <n>',
        'repetitions of each measurement that are not counted (default: 1)',
      ).argParser(numberBetween('--warmup', 0, 100)),
    )
    .addOption(
      new Option('--seed <n>', 'seed of the random order (default: a new one)').argParser(
        numberBetween('--seed', 0, 2 ** 32 - 1),
      ),
    )
    .option('--platform <name>', 'label used in comparisons (default: the host name)')
    .option('--image <image>', 'image to start; it must be like busybox (default: built-in)')
    .optionsGroup('Engine:')
    .addOption(engineOption())
    .option('-H, --host <url>', ANY_HOST)
    .action(
      act(async (names, options) =>
        (await import('../actions/bench/bench.js')).bench(names, given(options), context),
      ),
    );
