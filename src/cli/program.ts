/** The command line: every command with its options. What a command does is loaded when it is run. */
import { Command, Option } from 'commander';
import { TABLE_NAMES } from '../export/tables/schema.js';
import { MOST_ITERATIONS } from '../model/bench/bench.js';
import type { WatchFilter } from '../watch/watch-filter.js';
import type { CommandContext, CommandResult } from './common/context.js';
import { numberBetween, parseFilter, parseMemory, parseUntil } from './common/option-values.js';
import { EXPORT_NAMES } from './export/names.js';

/** Called with the exit code of the command that ran. */
export type Finish = (exitCode: number) => void;

export function buildProgram(version: string, context: CommandContext, finish: Finish): Command {
  const act =
    <A extends unknown[]>(run: (...args: A) => CommandResult) =>
    async (...args: A): Promise<void> => {
      finish((await run(...args)) ?? 0);
    };

  const program = new Command('dit')
    .description("Docker Internals Toolkit: where the time of a container's start goes")
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .addHelpText('after', EXAMPLES);

  const trace = program.command('trace').description('record a start and read recordings');
  defineRun(trace, context, act);
  defineExec(trace, context, act);
  defineWatch(trace, context, act);
  trace
    .command('show')
    .description('print a trace: timeline, phases, milestones')
    .argument('[file]', 'trace file; the last recording when absent')
    .option('--json', 'print the analysis as JSON (docs/json.md)')
    .option('--run <id>', 'only the run of this container id or name (a prefix does)')
    .option('--all', 'every slice of the critical path and every probe, not only the largest')
    .addOption(widthOption())
    .action(
      act(async (file, options) =>
        (await import('./commands/trace/show.js')).traceShow(file, options, context),
      ),
    );
  trace
    .command('blame')
    .description('who ran for how long on the critical path, and who waited for what')
    .argument('[file]', 'trace file; the last recording when absent')
    .option('--json', 'print it as JSON (docs/json.md)')
    .option('--run <id>', 'only the run of this container id or name (a prefix does)')
    .addOption(widthOption())
    .action(
      act(async (file, options) =>
        (await import('./commands/trace/blame.js')).traceBlame(file, options, context),
      ),
    );
  trace
    .command('chain')
    .description('the critical path as a chain, from the entrypoint back to the request')
    .argument('[file]', 'trace file; the last recording when absent')
    .option('--json', 'print it as JSON (docs/json.md)')
    .option('--run <id>', 'only the run of this container id or name (a prefix does)')
    .addOption(leastOption('links shorter than this are visits of the link before them', 1))
    .option('--all', 'every link, however short, with all of its parts')
    .addOption(widthOption())
    .action(
      act(async (file, options) =>
        (await import('./commands/trace/chain.js')).traceChain(file, options, context),
      ),
    );
  trace
    .command('diff')
    .description('what grew and what shrank from one start to another')
    .argument('<before>', 'trace file')
    .argument('<after>', 'trace file')
    .option('--json', 'print it as JSON, with every change (docs/json.md)')
    .addOption(leastOption('changes smaller than this are summed up', 0.5))
    .addOption(widthOption())
    .action(
      act(async (before, after, options) =>
        (await import('./commands/trace/diff.js')).traceDiff(before, after, options, context),
      ),
    );
  trace
    .command('explain')
    .description('every rule of the table of phases, and on what evidence it decided')
    .argument('[file]', 'trace file; the last recording when absent')
    .option('--json', 'print it as JSON (docs/json.md)')
    .option('--run <id>', 'only the run of this container id or name (a prefix does)')
    .addOption(
      new Option('--examples <n>', 'the longest pieces of each rule')
        .argParser(numberBetween('--examples', 0, 1_000_000))
        .default(3),
    )
    .option('--rule <id>', 'only this rule: fsync, hooks … (docs/phases.md)')
    .addOption(widthOption())
    .action(
      act(async (file, options) =>
        (await import('./commands/trace/explain.js')).traceExplain(file, options, context),
      ),
    );
  trace
    .command('events')
    .description('print the events of a trace in time order, one line each')
    .argument('[file]', 'trace file; the last recording when absent')
    .option('--json', 'one JSON object a line (docs/json.md)')
    .option('--kind <kinds>', 'only these kinds, separated by commas: syscall,exec,fork …')
    .option('--actor <actors>', 'only of these actors, separated by commas: dockerd,shim,init …')
    .option('--syscall <names>', 'only these syscalls, separated by commas: mount,unshare …')
    .addOption(
      new Option('--pid <pid>', 'only of this process').argParser(
        numberBetween('--pid', 0, 2 ** 31),
      ),
    )
    .addOption(timeOption('--from <ms>', 'only from this time on, ms since the create request'))
    .addOption(timeOption('--to <ms>', 'only before this time, ms since the create request'))
    .addOption(
      new Option('--limit <n>', 'at most so many events').argParser(
        numberBetween('--limit', 0, 2 ** 53 - 1),
      ),
    )
    .action(
      act(async (file, options) =>
        (await import('./commands/trace/events.js')).traceEvents(file, options, context),
      ),
    );
  trace
    .command('view')
    .description('make a page of a trace, or of two to compare: one file, for any browser')
    .argument('[files...]', 'trace files; the last recording when absent')
    .option('-o, --output <file>', 'the page; beside the first trace when absent')
    .option('--open', 'show it in the browser of this desktop')
    .option('--run <id>', 'only the run of this container id or name (a prefix does)')
    .action(
      act(async (files, options) =>
        (await import('./commands/trace/view.js')).traceView(files, options, context),
      ),
    );
  defineExport(trace, context, act);
  defineQuery(trace, context, act);
  trace
    .command('ls')
    .description('list the recordings in the traces folder, newest first')
    .option('--json', 'print the list as JSON')
    .action(
      act(async (options) => (await import('./commands/trace/ls.js')).traceLs(options, context)),
    );

  defineTest(program, context, act);
  defineBench(program, context, act);
  defineCompare(program, context, act);

  const engine = program.command('engine').description("dit's own Docker engine, beside any other");
  const engineCommand = (name: string, description: string): Command =>
    engine
      .command(name)
      .description(description)
      .addOption(new Option('--name <name>', 'which private engine').default('engine'))
      .option('--json', 'print the outcome as JSON');
  engineCommand('start', 'start the private engine, or find it running').action(
    act(async (options) => (await import('./commands/engine.js')).engineStart(options, context)),
  );
  engineCommand('status', 'say whether the private engine runs, and where').action(
    act(async (options) =>
      (await import('./commands/engine.js')).engineStatusReport(options, context),
    ),
  );
  engineCommand('stop', 'stop the private engine and take away what it set up')
    .option('--purge', 'also delete its images and containers')
    .action(
      act(async (options) => (await import('./commands/engine.js')).engineStop(options, context)),
    );

  program
    .command('doctor')
    .description('say what this machine can record, and what to do where it cannot')
    .option('--sources', 'what each source of events gives, and which work here')
    .option('--json', 'print the capabilities, or the sources, as JSON')
    .addOption(
      new Option('-H, --host <url>', 'the Docker engine to look at: unix://, tcp:// or ssh://'),
    )
    .action(
      act(async (options) => (await import('./commands/doctor.js')).doctor(options, context)),
    );

  return program;
}

type Act = <A extends unknown[]>(
  run: (...args: A) => CommandResult,
) => (...args: A) => Promise<void>;

function defineRun(trace: Command, context: CommandContext, act: Act): void {
  const run = trace
    .command('run')
    .description('start a container, record all of its start, and print where the time went')
    .usage('[options] [image] [command...]')
    .argument('[image]', 'image of the container; a small built-in one when absent')
    .argument('[command...]', "what the container runs instead of the image's own command")
    // Whatever follows the image is the container's, dashes included.
    .passThroughOptions()
    .optionsGroup('Recording:')
    .option(
      '-o, --output <file>',
      'trace file to write; a new one in the traces folder when absent',
    )
    .addOption(
      new Option(
        '--until <when>',
        'record until the container has "started", until its "exit", until it is "removed", or for so many seconds after its start',
      )
        .argParser(parseUntil)
        .default('removed'),
    )
    .option('--redact', 'keep arguments, environment values and the host name out of the file')
    .option('--strict', 'exit with 5 when events were lost')
    .option('--json', 'print the analysis as JSON (docs/json.md)')
    .option('-q, --quiet', 'print only where the trace was saved')
    .addOption(ringOption())
    .addOption(sourceOption())
    .addOption(syscallsOption())
    .optionsGroup('Several starts:')
    .addOption(
      new Option(
        '--runs <n>',
        'so many starts one after the other: medians, and the median trace',
      ).argParser(numberBetween('--runs', 1, 10_000)),
    )
    .addOption(
      new Option(
        '--warmup <n>',
        'with --runs: starts before them that are not counted; 1 when absent',
      ).argParser(numberBetween('--warmup', 0, 1000)),
    )
    .option('--keep-all', 'with --runs: keep every recording, in a folder beside the median one')
    .optionsGroup('Engine:')
    .addOption(engineOption())
    .option('-H, --host <url>', 'Docker engine: unix:///path, tcp://host:port or ssh://user@host')
    .optionsGroup('Container (as for docker run):')
    .option('--name <name>', 'name of the container')
    .option('--network <mode>', 'network: bridge, none, host, or the name of one')
    .option('--entrypoint <program>', "program to run instead of the image's entrypoint")
    .option('--runtime <name>', 'OCI runtime')
    .option('--platform <platform>', 'platform of the image: linux/amd64')
    .option('-u, --user <user>', 'user, or user:group')
    .option('-w, --workdir <folder>', 'working folder in the container')
    .option('-e, --env <name=value>', 'environment variable; may be repeated', collect)
    .option('-l, --label <name=value>', 'label; may be repeated', collect)
    .option('-v, --volume <source:target>', 'bind mount or volume; may be repeated', collect)
    .option('--tmpfs <target:options>', 'tmpfs mount; may be repeated', collect)
    .option('--cap-add <capability>', 'add a capability; may be repeated', collect)
    .option('--cap-drop <capability>', 'drop a capability; may be repeated', collect)
    .option('--security-opt <option>', 'security option; may be repeated', collect)
    .addOption(new Option('-m, --memory <bytes>', 'memory limit: 64m, 1g').argParser(parseMemory))
    .addOption(
      new Option('--cpus <n>', 'CPU limit: 0.5, 2').argParser(
        numberBetween('--cpus', 0.01, 4096, 'decimal'),
      ),
    )
    .addOption(
      new Option('--pids-limit <n>', 'limit of processes; -1: none').argParser(
        numberBetween('--pids-limit', -1, 2 ** 22),
      ),
    )
    .option('--init', 'run an init process as PID 1')
    .option('--privileged', 'give the container all privileges')
    .option('--read-only', "mount the container's root file system read-only")
    .action(
      act(async (image, command, options) =>
        options.runs === undefined
          ? (await import('./commands/trace/run.js')).traceRun(image, command, options, context)
          : (await import('./commands/trace/runs.js')).traceRuns(image, command, options, context),
      ),
    );
  // Not as declared defaults, which the help would print.
  for (const name of REPEATABLE) run.setOptionValueWithSource(name, [], 'default');
}

function defineExec(trace: Command, context: CommandContext, act: Act): void {
  trace
    .command('exec')
    .description(
      'run a command and record every container that it starts: docker, podman, ctr, runc …',
    )
    .usage('[options] -- <command...>')
    .argument('<command...>', 'what to run; its exit status becomes that of dit')
    .passThroughOptions()
    .option(
      '-o, --output <file>',
      'trace file to write; a new one in the traces folder when absent',
    )
    .option('--redact', 'keep arguments, environment values and the host name out of the file')
    .option('--strict', 'exit with 5 when events were lost')
    .option('--json', "print the analysis as JSON; the command's output goes to standard error")
    .option('-q, --quiet', 'print only where the trace was saved')
    .addOption(ringOption())
    .addOption(sourceOption())
    .addOption(syscallsOption())
    .addOption(
      new Option(
        '--engine <which>',
        '"auto": the engine that answers, if any; "private": one of dit\'s own, as DOCKER_HOST',
      )
        .choices(['auto', 'private'])
        .default('auto'),
    )
    .option('-H, --host <url>', 'Docker engine for the command, as its DOCKER_HOST')
    .addOption(
      new Option('--follow <pid>', 'a daemon that works for the command; may be repeated')
        .argParser((text: string, before: readonly number[]) => [
          ...before,
          numberBetween('--follow', 2, 2 ** 31)(text),
        ])
        .default([], 'docker and containerd are found by their sockets'),
    )
    .action(
      act(async (argv, options) =>
        (await import('./commands/trace/exec.js')).traceExec(argv, options, context),
      ),
    );
}

function defineWatch(trace: Command, context: CommandContext, act: Act): void {
  trace
    .command('watch')
    .description('say every container start on this machine until Ctrl-C, a line each')
    .option('--out <folder>', 'write a trace file of each start into this folder')
    .option('--parquet', 'with --out: tables of Parquet instead (docs/warehouse.md)')
    .option('--json', 'one JSON object a start, and one summary (docs/json.md)')
    .addOption(
      new Option(
        '--filter <key=value>',
        'only starts with this name, image or id (* stands for anything), or slower=MS; repeated: any of one key, and every key',
      )
        .argParser((text: string, before: readonly WatchFilter[]) => [...before, parseFilter(text)])
        .default([], 'all'),
    )
    .addOption(
      new Option('--for <seconds>', 'end by itself after so long').argParser(
        numberBetween('--for', 0.1, 1e9, 'decimal'),
      ),
    )
    .option('--redact', 'keep arguments and the host name out of the files')
    .option('--strict', 'exit with 5 when events were lost')
    .addOption(ringOption())
    .addOption(sourceOption())
    .option('-H, --host <url>', 'Docker engine on this machine: unix:///path')
    .action(
      act(async (options) =>
        (await import('./commands/trace/watch.js')).traceWatch(options, context),
      ),
    );
}

function defineExport(trace: Command, context: CommandContext, act: Act): void {
  trace
    .command('export')
    .description('give a trace to another program (docs/export.md)')
    .argument(
      '[files...]',
      'trace files, many for parquet and --otlp; the last recording when absent',
    )
    .addOption(new Option('--to <format>', 'what to make of it').choices([...EXPORT_NAMES]))
    .option('-o, --output <file>', 'write to a file, for parquet a folder; else to standard output')
    .option(
      '--otlp <url>',
      "send it to an OpenTelemetry collector: its address, or its traces' path",
    )
    .option('--run <id>', 'only the run of this container id or name (a prefix does)')
    .addOption(
      new Option('--table <table>', 'for csv: which table (docs/schema.md)')
        .choices([...TABLE_NAMES])
        .default('segments'),
    )
    .addOption(
      new Option('--width <pixels>', 'for svg: how wide').argParser(
        numberBetween('--width', 640, 10_000),
      ),
    )
    .option('--dark', 'for svg: light on dark')
    .option('--service-name <name>', "for otlp: the resource's service.name")
    .option('-q, --quiet', 'do not say what the format leaves out')
    .action(
      act(async (files, options) =>
        (await import('./commands/trace/export.js')).traceExport(files, options, context),
      ),
    );
}

function defineCompare(program: Command, context: CommandContext, act: Act): void {
  program
    .command('compare')
    .description('compare benchmarks: what is wrong with the data, then what differs')
    .argument('<dirs...>', 'what "dit bench --out DIR" wrote; NAME=DIR calls its platform NAME')
    .addOption(
      new Option('--format <format>', 'how it is written')
        .choices(['text', 'markdown', 'latex', 'json', 'html'])
        .default('text'),
    )
    .option('-o, --output <file>', 'write to a file')
    .option('--svg <dir>', 'draw the distributions too, a picture a dimension, into this folder')
    .addOption(
      new Option(
        '--fail-on <gate>',
        'exit with 6 where a change from the first directory is beyond a limit with all of its 95 % interval: "startup.warm.p50>5%", "write.volume.mean<-10%"; may be repeated',
      )
        .argParser(collect)
        .default([], 'none'),
    )
    .addOption(widthOption())
    .action(
      act(async (dirs, options) =>
        (await import('./commands/compare.js')).compare(dirs, options, context),
      ),
    );
}

function defineTest(program: Command, context: CommandContext, act: Act): void {
  program
    .command('test')
    .description('ten tests of an engine, each with figures, evidence and a verdict')
    .argument('[names...]', 'which tests; all of them when absent')
    .option('--list', 'list the tests, and what decides each')
    .addOption(
      new Option('--skip <name>', 'leave this test out; may be repeated')
        .argParser(collect)
        .default([], 'none'),
    )
    .option('--image <image>', 'an image of the engine to test with, which has sh; else one of dit')
    .option('--pull', 'pull that image where the engine has it not, and time it; it goes again')
    .option('--report <file>', 'write a report: FILE.md or FILE.html')
    .option('--json', 'print the results as JSON (docs/json.md)')
    .addOption(engineOption())
    .option('-H, --host <url>', 'Docker engine: unix:///path, tcp://host:port or ssh://user@host')
    .action(
      act(async (names, options) =>
        (await import('./commands/test.js')).test(names, options, context),
      ),
    );
}

function defineBench(program: Command, context: CommandContext, act: Act): void {
  program
    .command('bench')
    .description('measure nine dimensions many times, interleaved, to be compared (docs/bench.md)')
    .argument('[dimensions...]', 'which ones; all of them when absent')
    .option('--list', 'list the dimensions, and how each is measured')
    .option('--out <folder>', 'where the data go; one that holds a part of them is gone on with')
    .optionsGroup('Of new data:')
    .addOption(
      new Option('--iterations <n>', 'of each measurement; 50 when absent').argParser(
        numberBetween('--iterations', 1, MOST_ITERATIONS),
      ),
    )
    .addOption(
      new Option(
        '--cold-starts <n>',
        'cold and first starts; 20 when absent, at most the iterations',
      ).argParser(numberBetween('--cold-starts', 0, MOST_ITERATIONS)),
    )
    .addOption(
      new Option('--pulls <n>', 'pulls; 10 when absent, at most the iterations').argParser(
        numberBetween('--pulls', 0, MOST_ITERATIONS),
      ),
    )
    .addOption(
      new Option('--warmup <n>', 'of each, before the first that counts; 1 when absent').argParser(
        numberBetween('--warmup', 0, 100),
      ),
    )
    .addOption(
      new Option('--seed <n>', 'of the random order; a new one when absent').argParser(
        numberBetween('--seed', 0, 2 ** 32 - 1),
      ),
    )
    .option('--platform <name>', "what comparisons call it; the host's name when absent")
    .option('--image <image>', 'an image of the engine to start, busybox-like; else one of dit')
    .optionsGroup('Engine:')
    .addOption(engineOption())
    .option('-H, --host <url>', 'Docker engine: unix:///path, tcp://host:port or ssh://user@host')
    .action(
      act(async (names, options) =>
        (await import('./commands/bench/bench.js')).bench(names, options, context),
      ),
    );
}

function defineQuery(trace: Command, context: CommandContext, act: Act): void {
  trace
    .command('query')
    .description('ask SQL over many traces; docs/schema.md describes the tables')
    .argument('[query]', 'a SELECT, a file NAME.sql, or the name of a query that comes with dit')
    .argument('[paths...]', 'trace files, folders of them, and Parquet; all recordings when absent')
    .option('--list', 'list the queries that come with dit; of a named one, print the SQL')
    .addOption(
      new Option('--format <format>', 'how the answer is written')
        .choices(['table', 'csv', 'json', 'parquet'])
        .default('table'),
    )
    .option('-o, --output <file>', 'write the answer to a file')
    .addOption(
      new Option('--set <name=value>', "what getvariable('name') gives; may be repeated")
        .argParser(collect)
        .default([], 'none'),
    )
    .addOption(
      new Option('--memory <bytes>', 'what the query may take: 512m, 2g')
        .argParser(parseMemory)
        .default(2 ** 29, '512m'),
    )
    .action(
      act(async (query, paths, options) =>
        (await import('./commands/trace/query.js')).traceQuery(query, paths, options, context),
      ),
    );
}

const REPEATABLE = ['env', 'label', 'volume', 'tmpfs', 'capAdd', 'capDrop', 'securityOpt'];

function engineOption(): Option {
  return new Option(
    '--engine <which>',
    '"auto": the engine that answers, else a private one; "private": always a private one',
  )
    .choices(['auto', 'private'])
    .default('auto');
}

function ringOption(): Option {
  return new Option('--ring-mb <n>', 'ring buffer between kernel and dit, MiB, a power of two')
    .argParser(numberBetween('--ring-mb', 1, 2048))
    .default(64);
}

function sourceOption(): Option {
  return new Option(
    '--source <name>',
    'how events are captured; "auto" takes the first that works: dit doctor --sources',
  )
    .choices(['auto', 'ebpf', 'bpftrace', 'strace', 'api'])
    .default('auto');
}

function syscallsOption(): Option {
  return new Option(
    '--syscalls <which>',
    'with strace: "few", those that tell a start\'s steps, or "all"; few when absent',
  ).choices(['few', 'all']);
}

function widthOption(): Option {
  return new Option(
    '--width <columns>',
    "columns to draw in; the terminal's when absent",
  ).argParser(numberBetween('--width', 40, 1000));
}

function leastOption(description: string, defaultMs: number): Option {
  return new Option('--least <ms>', description)
    .argParser(numberBetween('--least', 0, 1e9, 'decimal'))
    .default(defaultMs);
}

function timeOption(flags: string, description: string): Option {
  const name = flags.split(' ')[0] ?? flags;
  return new Option(flags, description).argParser(numberBetween(name, -1e12, 1e12, 'decimal'));
}

const collect = (value: string, before: readonly string[]): string[] => [...before, value];

const EXAMPLES = `
Examples:
  sudo dit trace run                      a start of the built-in image
  sudo dit trace run alpine echo hello    a start of your image
  dit trace show                          the last recording once more
  dit trace blame                         who took the time of it, who waited
  dit trace diff before.dit after.dit     what grew, what shrank
  dit trace events --kind exec            what was executed, in order
  dit doctor                              what this machine can record`;
