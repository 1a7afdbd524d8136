import { type Command, given, Option } from '../common/commander.js';
import type { Defining } from '../common/define.js';
import { collect, widthOption } from '../common/options.js';

export const define = (program: Command, { act, context }: Defining) =>
  program
    .command('compare')
    .description('compare benchmarks: check the data first, then show what differs')
    .argument('<dirs...>', 'output directories of dit bench; NAME=DIR sets the label')
    .addOption(
      new Option('--format <format>', 'output format')
        .choices(['text', 'markdown', 'latex', 'json', 'html'] as const)
        .default('text' as const),
    )
    .option('-o, --output <file>', 'write to a file')
    .option(
      '--svg <dir>',
      'also draw the distributions into this folder, one picture per dimension',
    )
    .addOption(
      new Option(
        '--fail-on <gate>',
        'exit with 6 if the whole 95 % confidence interval of a change from the first directory exceeds the limit: "startup.warm.p50>5%", "write.volume.mean<-10%"; may be repeated',
      )
        .argParser(collect)
        .default([] as string[], 'none'),
    )
    .addOption(widthOption())
    .action(
      act(async (dirs, options) =>
        (await import('../actions/compare.js')).compare(dirs, given(options), context),
      ),
    );
