import { type Command, given, Option } from '../../common/commander.js';
import type { Defining } from '../../common/define.js';
import { numberBetween, parseMemory, parseUntil } from '../../common/option-values.js';
import {
  ANY_HOST,
  AS_JSON,
  collect,
  engineOption,
  NEW_TRACE,
  ringOption,
  STRICT,
  sourceOption,
  syscallsOption,
} from '../../common/options.js';

const repeatable = <Flags extends string>(flags: Flags, description: string) =>
  new Option(flags, `${description}; may be repeated`).argParser(collect);

export const define = (parent: Command, { act, context }: Defining) =>
  parent
    .command('run')
    .description('start a container, record the whole start, and show where the time went')
    .usage('[options] [image] [command...]')
    .argument('[image]', 'image of the container (default: a small built-in one)')
    .argument('[command...]', "command to run in the container (default: the image's own)")
    // Whatever follows the image is the container's, dashes included.
    .passThroughOptions()
    .optionsGroup('Recording:')
    .option('-o, --output <file>', NEW_TRACE)
    .addOption(
      new Option(
        '--until <when>',
        'stop recording when the container has "started", at its "exit", when it is "removed", or this many seconds after its start',
      )
        .argParser(parseUntil)
        .default('removed' as const),
    )
    .option('--redact', 'do not record arguments, environment values and the host name')
    .option('--strict', STRICT)
    .option('--json', AS_JSON)
    .option('-q, --quiet', 'print only the path of the trace')
    .addOption(ringOption())
    .addOption(sourceOption())
    .addOption(syscallsOption())
    .optionsGroup('Several starts:')
    .addOption(
      new Option(
        '--runs <n>',
        'start the container this many times: print medians, keep the median trace',
      ).argParser(numberBetween('--runs', 1, 10_000)),
    )
    .addOption(
      new Option(
        '--warmup <n>',
        'with --runs: starts to make first and not count (default: 1)',
      ).argParser(numberBetween('--warmup', 0, 1000)),
    )
    .option('--keep-all', 'with --runs: keep every recording, in a folder beside the median trace')
    .optionsGroup('Engine:')
    .addOption(engineOption())
    .option('-H, --host <url>', ANY_HOST)
    .optionsGroup('Container (as for docker run):')
    .option('--name <name>', 'name of the container')
    .option('--network <mode>', 'network: bridge, none, host, or the name of a network')
    .option('--entrypoint <program>', "program to run instead of the image's entrypoint")
    .option('--runtime <name>', 'OCI runtime')
    .option('--platform <platform>', 'platform of the image: linux/amd64')
    .option('-u, --user <user>', 'user, or user:group')
    .option('-w, --workdir <folder>', 'working directory in the container')
    .addOption(repeatable('-e, --env <name=value>', 'environment variable'))
    .addOption(repeatable('-l, --label <name=value>', 'label'))
    .addOption(repeatable('-v, --volume <source:target>', 'bind mount or volume'))
    .addOption(repeatable('--tmpfs <target:options>', 'tmpfs mount'))
    .addOption(repeatable('--cap-add <capability>', 'add a capability'))
    .addOption(repeatable('--cap-drop <capability>', 'drop a capability'))
    .addOption(repeatable('--security-opt <option>', 'security option'))
    .addOption(new Option('-m, --memory <bytes>', 'memory limit: 64m, 1g').argParser(parseMemory))
    .addOption(
      new Option('--cpus <n>', 'CPU limit: 0.5, 2').argParser(
        numberBetween('--cpus', 0.01, 4096, 'decimal'),
      ),
    )
    .addOption(
      new Option('--pids-limit <n>', 'limit on the number of processes; -1 for none').argParser(
        numberBetween('--pids-limit', -1, 2 ** 22),
      ),
    )
    .option('--init', 'run an init process as PID 1')
    .option('--privileged', 'give the container all privileges')
    .option('--read-only', "mount the container's root file system read-only")
    .action(
      act(async (image, command, options) =>
        options.runs === undefined
          ? (await import('../../actions/trace/run.js')).traceRun(
              image,
              command,
              given(options),
              context,
            )
          : (await import('../../actions/trace/runs.js')).traceRuns(
              image,
              command,
              given(options),
              context,
            ),
      ),
    );
