import { type Command, given, Option } from '../../common/commander.js';
import type { Defining } from '../../common/define.js';
import { numberBetween } from '../../common/option-values.js';
import {
  NEW_TRACE,
  ringOption,
  STRICT,
  sourceOption,
  syscallsOption,
} from '../../common/options.js';

export const define = (parent: Command, { act, context }: Defining) =>
  parent
    .command('exec')
    .description(
      'run a command and record every container that it starts: docker, podman, ctr, runc …',
    )
    .usage('[options] -- <command...>')
    .argument('<command...>', 'command to run; dit exits with its exit status')
    .passThroughOptions()
    .option('-o, --output <file>', NEW_TRACE)
    .option('--redact', 'do not record arguments, environment values and the host name')
    .option('--strict', STRICT)
    .option('--json', "print JSON (docs/json.md); the command's output goes to standard error")
    .option('-q, --quiet', 'print only the path of the trace')
    .addOption(ringOption())
    .addOption(sourceOption())
    .addOption(syscallsOption())
    .addOption(
      new Option(
        '--engine <which>',
        '"auto": the running engine, if any; "private": an engine of dit\'s own, as DOCKER_HOST',
      )
        .choices(['auto', 'private'] as const)
        .default('auto' as const),
    )
    .option('-H, --host <url>', 'Docker engine for the command, as its DOCKER_HOST')
    .addOption(
      new Option('--follow <pid>', 'a daemon that works for the command; may be repeated')
        .argParser((text: string, before: readonly number[] = []) => [
          ...before,
          numberBetween('--follow', 2, 2 ** 31)(text),
        ])
        .default([] as number[], 'docker and containerd, found by their sockets'),
    )
    .action(
      act(async (argv, options) =>
        (await import('../../actions/trace/exec.js')).traceExec(argv, given(options), context),
      ),
    );
