import { type Command, given, Option } from '../common/commander.js';
import type { Defining } from '../common/define.js';
import { ANY_HOST, AS_JSON, collect, engineOption } from '../common/options.js';

export const define = (program: Command, { act, context }: Defining) =>
  program
    .command('test')
    .description('run ten tests of an engine, each with measured values, evidence and a verdict')
    .argument('[names...]', 'which tests (default: all)')
    .option('--list', 'list the tests, and what decides each')
    .addOption(
      new Option('--skip <name>', 'skip this test; may be repeated')
        .argParser(collect)
        .default([] as string[], 'none'),
    )
    .option('--image <image>', 'image to test with; it must contain sh (default: built-in)')
    .option('--pull', 'pull the image if it is missing, time the pull, and remove it afterwards')
    .option('--report <file>', 'write a report: FILE.md or FILE.html')
    .option('--json', AS_JSON)
    .addOption(engineOption())
    .option('-H, --host <url>', ANY_HOST)
    .action(
      act(async (names, options) =>
        (await import('../actions/test.js')).test(names, given(options), context),
      ),
    );
