/** What `dit trace run` says, returns and leaves behind when something fails. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { analyse } from '../../src/analysis/analyse.js';
import { BUILTIN_IMAGE, ensureBuiltinImage } from '../../src/engine/builtin-image.js';
import { RUN_LABEL } from '../../src/engine/owner-labels.js';
import { engineLayout } from '../../src/engine/private/layout.js';
import { startEngine, stopEngine } from '../../src/engine/private/private-engine.js';
import { engineProcesses } from '../../src/engine/private/processes.js';
import { milestone, type Trace } from '../../src/model/trace/trace.js';
import { readMounts } from '../../src/platform/mounts.js';
import { readTraceFile } from '../../src/tracefile/reader.js';
import buildProgram from '../support/build.js';
import {
  asUser,
  type DitEnd,
  type DitOptions,
  dit,
  eventually,
  ROOT,
  startDit,
} from '../support/dit.js';
import { builtin, LiveEngine, liveEngines } from '../support/live-engines.js';
import { closedPort, startRegistry } from '../support/registry.js';
import { lacks } from '../support/requirements.js';

const LIMIT_MS = 300_000;
const SLEEPER = builtin('sleep', '1000');
const folder = mkdtempSync(join(tmpdir(), 'dit-failures-'));
chmodSync(folder, 0o755);
let files = 0;

const newFile = (): string => join(folder, `${++files}.dit`);
const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;

/** One message, its remedy right behind it, and nothing that looks like a bug. */
function expectMessage({ stderr }: DitEnd, fact: RegExp, remedy: RegExp): void {
  const lines = stderr.split('\n');
  const said = lines.filter((line) => line.startsWith('dit: '));
  expect(said, stderr).toHaveLength(1);
  expect(said[0]).toMatch(fact);
  expect(said[0]).not.toMatch(/dit: bug|HTTP code|undefined|\[object/);
  expect(lines[lines.indexOf(said[0] ?? '') + 1]).toMatch(/^ {2}try: \S/);
  expect(lines[lines.indexOf(said[0] ?? '') + 1]).toMatch(remedy);
}

/** The trace so far, which `dit trace show` reads and which says what went wrong. */
async function expectReadable(file: string, says: RegExp): Promise<Trace> {
  const shown = await dit(['trace', 'show', file]);
  expect(shown, shown.stderr).toMatchObject({ code: 0, stderr: '' });
  expect(shown.stdout.split('\n\n')[0]?.replace(/\n(! | +)/g, ' ')).toMatch(says);
  return analyse(readTraceFile(file));
}

/** Nothing of dit's in the engine, no shim, and no root file system of a container left mounted. */
async function expectNothingLeft(engine: LiveEngine): Promise<void> {
  expect(await engine.remains()).toEqual([]);
  const layout = engineLayout(basename(dirname(engine.socketPath)));
  const shims = (): string[] =>
    engineProcesses(layout)
      .map(({ argv }) => argv.join(' '))
      .filter((command) => command.includes('containerd-shim'));
  // A shim ends a moment after its container was removed.
  await eventually(() => shims().length === 0 || undefined, 60_000);
  expect(shims()).toEqual([]);
  const { DockerRootDir } = await engine.docker().info();
  const below = readMounts().filter(({ target }) => target.startsWith(`${DockerRootDir}/overlay`));
  expect(below).toEqual([]);
}

const runOn = (
  engine: LiveEngine,
  file: string,
  args: readonly string[],
  options?: DitOptions,
): Promise<DitEnd> =>
  dit(
    ['trace', 'run', '-q', '-H', engine.endpoint, '-o', file, '--network', 'none', ...args],
    options,
  );

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe
  .skipIf(lacks('root', 'docker', 'ebpf'))
  .each(liveEngines('live-fail').map((engine) => ({ engine })))(
  'a failing start on $engine.name',
  { timeout: LIMIT_MS },
  ({ engine }) => {
    beforeAll(async () => {
      buildProgram();
      await engine.open();
    }, LIMIT_MS);
    afterAll(() => engine.close(), LIMIT_MS);

    test('image not found', async () => {
      const registry = await startRegistry('empty');
      const file = newFile();
      try {
        const end = await runOn(engine, file, [`${registry.host}/x`]);
        expect(end.code).toBe(4);
        expectMessage(
          end,
          /image '127\.0\.0\.1:\d+\/x' is not here and the registry does not have it: .*manifest unknown/,
          /check the name/,
        );
      } finally {
        registry.close();
      }
      expect(existsSync(file)).toBe(false);
      await expectNothingLeft(engine);
    });

    test('registry unreachable', async () => {
      const file = newFile();
      const end = await runOn(engine, file, [`${await closedPort()}/x`]);
      expect(end.code).toBe(4);
      expectMessage(
        end,
        /the registry of image '127\.0\.0\.1:\d+\/x' cannot be reached: .*refused/,
        /check the network/,
      );
      expect(existsSync(file)).toBe(false);
      await expectNothingLeft(engine);
    });

    test('command not in the image', async () => {
      const file = newFile();
      const end = await runOn(engine, file, builtin('no-such-command'));
      expect(end.code).toBe(4);
      expectMessage(end, /cannot be started: .*no-such-command/, /check the command/);
      await expectNothingLeft(engine);
      const trace = await expectReadable(file, /the start failed: .*no-such-command/);
      expect(trace.recording.footer).toMatchObject({ outcome: 'failed' });
      expect(trace.recording.footer?.failure).toContain('no-such-command');
      expect(trace.recording.diagnostics.map(({ code }) => code)).toEqual(['command-not-found']);
      const [run] = trace.runs;
      if (run === undefined) throw new Error('the trace holds no run');
      expect(run.failure).toContain('no-such-command');
      // runc failed after it had made everything: what it did is there, the entrypoint is not.
      for (const name of ['runc exec', 'init cloned', 'pivot_root', 'removed'] as const) {
        expect(milestone(run, name)?.name).toBe(name);
      }
      expect(milestone(run, 'entrypoint exec')).toBeUndefined();
      expect(run.absent.map(({ name }) => name)).toContain('entrypoint exec');
    });

    test('entrypoint that exits 3', async () => {
      const file = newFile();
      const end = await runOn(engine, file, builtin('sh', '-c', 'exit 3'));
      expect(end.code).toBe(0);
      expectMessage(end, /the container's command exited with 3/, /docker run/);
      await expectNothingLeft(engine);
      const trace = await expectReadable(file, /ms from the create request to the entrypoint/);
      expect(trace.runs[0]?.exitCode).toBe(3);
      expect(trace.recording.footer).toMatchObject({ outcome: 'complete' });
    });

    test('an image that dit loaded goes with a failed run', async () => {
      const docker = engine.docker();
      await docker.getImage(BUILTIN_IMAGE).remove({ force: true });
      try {
        const end = await runOn(engine, newFile(), builtin('no-such-command'));
        expect(end.code).toBe(4);
        await expect(docker.getImage(BUILTIN_IMAGE).inspect()).rejects.toMatchObject({
          statusCode: 404,
        });
      } finally {
        await ensureBuiltinImage(docker);
      }
      await expectNothingLeft(engine);
    });

    test('a name that is taken', async () => {
      const docker = engine.docker();
      const other = await docker.createContainer({ Image: BUILTIN_IMAGE, name: 'dit-taken' });
      try {
        const file = newFile();
        const end = await runOn(engine, file, ['--name', 'dit-taken', ...builtin()]);
        expect(end.code).toBe(4);
        expectMessage(end, /refuses creating the container: .*dit-taken/, /--name/);
        await expectReadable(file, /no container was created/);
        expect((await other.inspect()).State.Status).toBe('created');
      } finally {
        await other.remove();
      }
      await expectNothingLeft(engine);
    });
  },
);

describe.skipIf(lacks('root', 'docker', 'ebpf'))('interrupted', { timeout: LIMIT_MS }, () => {
  const engine = liveEngines('live-int')[0] as LiveEngine;
  beforeAll(async () => {
    buildProgram();
    await engine.open();
  }, LIMIT_MS);
  afterAll(() => engine.close(), LIMIT_MS);

  async function interruptWhen(
    file: string,
    args: readonly string[],
    ready: () => Promise<unknown>,
    signal: NodeJS.Signals = 'SIGINT',
  ): Promise<DitEnd> {
    const common = ['trace', 'run', '-q', '-H', engine.endpoint, '-o', file];
    const running = startDit([...common, '--network', 'none', ...args]);
    await ready();
    running.child.kill(signal);
    return running.ended;
  }

  async function expectInterrupted(end: DitEnd, file: string, what: string): Promise<void> {
    // Before dit has taken the signal over, the signal ends it as any program.
    expect(end.signal === 'SIGINT' || end.code === 130, `${what}: ${JSON.stringify(end)}`).toBe(
      true,
    );
    if (end.code === 130) expectMessage(end, /interrupted by SIGINT/, /./);
    await expectNothingLeft(engine);
    if (sizeOf(file) === 0) return;
    const trace = await expectReadable(file, /the recording was interrupted/);
    expect(trace.recording.footer?.outcome).toBe('interrupted');
    expect(trace.recording.diagnostics.map(({ code }) => code)).toEqual(['interrupted']);
  }

  test('while the image is pulled', async () => {
    const registry = await startRegistry('silent');
    const file = newFile();
    try {
      const end = await interruptWhen(file, [`${registry.host}/x`], () => sleep(1000));
      expect(end.code).toBe(130);
      expectMessage(end, /interrupted by SIGINT before the recording began/, /run it again/);
    } finally {
      registry.close();
    }
    expect(existsSync(file)).toBe(false);
    await expectNothingLeft(engine);
  });

  test('right after the container was created', async () => {
    const file = newFile();
    const end = await interruptWhen(file, SLEEPER, () =>
      eventually(async () => ((await engine.remains()).length > 0 ? true : undefined)),
    );
    await expectInterrupted(end, file, 'after create');
    expect(sizeOf(file)).toBeGreaterThan(0);
  });

  test('while the container runs, by SIGTERM', async () => {
    const file = newFile();
    const end = await interruptWhen(
      file,
      SLEEPER,
      () =>
        eventually(async () =>
          (await engine.remains()).some((line) => line.endsWith('running')) ? true : undefined,
        ),
      'SIGTERM',
    );
    expect(end.code).toBe(143);
    expectMessage(end, /interrupted by SIGTERM/, /dit trace show/);
    await expectNothingLeft(engine);
    const trace = await expectReadable(file, /the recording was interrupted/);
    expect(trace.runs).toHaveLength(1);
  });

  test('at ten random times', async () => {
    for (let i = 0; i < 10; i++) {
      const ms = Math.round(Math.random() * 1200);
      const file = newFile();
      const end = await interruptWhen(file, SLEEPER, () => sleep(ms));
      await expectInterrupted(end, file, `after ${ms} ms`);
    }
  });
});

describe.skipIf(lacks('root', 'docker', 'ebpf'))('engine trouble', { timeout: LIMIT_MS }, () => {
  const name = `live-gone-${process.pid}`;
  const engine = new LiveEngine(name);
  let pid = 0;

  const restart = async (): Promise<void> => {
    const handle = await startEngine({ name });
    pid = handle.pid;
  };

  beforeAll(async () => {
    buildProgram();
    await engine.open();
  }, LIMIT_MS);
  beforeEach(restart, LIMIT_MS);
  afterAll(() => stopEngine({ name, purge: true }), LIMIT_MS);

  async function expectRecovery(): Promise<void> {
    const file = newFile();
    const again = await runOn(engine, file, builtin());
    expect(again, again.stderr).toMatchObject({ code: 0 });
    await expectNothingLeft(engine);
  }

  test.each([
    'being started',
    'running',
  ] as const)('engine killed while the container is %s', async (state) => {
    const file = newFile();
    const running = startDit([
      ...['trace', 'run', '-q', '-H', engine.endpoint, '-o', file, '--network', 'none'],
      ...SLEEPER,
    ]);
    const wanted = state === 'running' ? /running$/ : /created$/;
    const seen = await eventually(async () =>
      (await engine.remains()).some((line) => wanted.test(line)) ? true : undefined,
    );
    expect(seen).toBe(true);
    if (state === 'being started') await sleep(50);
    process.kill(pid, 'SIGKILL');
    const end = await running.ended;
    expect(end.code).toBe(4);
    expectMessage(end, /the engine (went away|does not answer)/, /next dit trace run/);
    const trace = await expectReadable(file, /the engine (went away|does not answer)/);
    expect(trace.recording.footer).toMatchObject({ outcome: 'failed' });
    expect(trace.recording.diagnostics.map(({ code }) => code)).toEqual(['engine-gone']);
    await restart();
    await expectRecovery();
  });

  test('the second Ctrl-C ends a clean-up that hangs', async () => {
    const file = newFile();
    const running = startDit([
      ...['trace', 'run', '-q', '-H', engine.endpoint, '-o', file, '--network', 'none'],
      ...SLEEPER,
    ]);
    const up = await eventually(async () =>
      (await engine.remains()).some((line) => line.endsWith('running')) ? true : undefined,
    );
    expect(up).toBe(true);
    process.kill(pid, 'SIGSTOP');
    try {
      running.child.kill('SIGINT');
      await sleep(500);
      expect(running.child.exitCode).toBeNull();
      running.child.kill('SIGINT');
      const end = await running.ended;
      expect(end.code).toBe(130);
      expectMessage(end, /interrupted again/, /next dit trace run/);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await expectReadable(file, /ends early/);
    await expectRecovery();
  });
});

describe.skipIf(lacks('root', 'docker', 'ebpf'))('this machine', { timeout: LIMIT_MS }, () => {
  const engine = liveEngines('live-here')[0] as LiveEngine;
  beforeAll(async () => {
    buildProgram();
    await engine.open();
  }, LIMIT_MS);
  afterAll(() => engine.close(), LIMIT_MS);

  /** A copy of the package that lacks one built part. */
  function packageWithout(part: 'native' | 'bpf'): string {
    const copy = join(folder, `without-${part}`);
    mkdirSync(copy);
    // Real files: Node resolves symlinks of modules, and the package is found from the program's place.
    cpSync(join(ROOT, 'dist'), join(copy, 'dist'), { recursive: true });
    for (const entry of ['package.json', 'node_modules', 'native', 'bpf', 'traces']) {
      if (entry !== part) symlinkSync(join(ROOT, entry), join(copy, entry));
    }
    return join(copy, 'dist/cli/main.js');
  }

  /** Otherwise a source that needs less takes over. */
  const ONLY_EBPF = ['--source', 'ebpf'];

  test('no root', async () => {
    const file = newFile();
    const noCapabilities = ['setpriv', '--bounding-set=-all', '--inh-caps=-all'];
    const end = await runOn(engine, file, [...ONLY_EBPF, ...builtin()], {
      wrapper: noCapabilities,
    });
    expect(end.code).toBe(3);
    expectMessage(end, /recording needs root: .*without .*CAP_BPF/, /sudo dit/);
    expect(existsSync(file)).toBe(false);
    await expectNothingLeft(engine);
  });

  test('no root: the API is left, and it is said why', async () => {
    const file = newFile();
    const noCapabilities = ['setpriv', '--bounding-set=-all', '--inh-caps=-all'];
    const args = ['trace', 'run', '-H', engine.endpoint, '-o', file, '--network', 'none'];
    const end = await dit([...args, ...builtin()], { wrapper: noCapabilities });
    expect(end, end.stderr).toMatchObject({ code: 0 });
    for (const source of ['ebpf', 'bpftrace', 'strace']) {
      expect(end.stderr).toMatch(new RegExp(`^dit: no ${source}: .+ \\(.+\\)$`, 'm'));
    }
    expect(analyse(readTraceFile(file)).recording.header.source.name).toBe('api');
    await expectNothingLeft(engine);
  });

  test('another user', async () => {
    const env = { HOME: '/nonexistent', DOCKER_HOST: undefined };
    const end = await dit(['trace', 'run', '-o', newFile(), ...ONLY_EBPF], {
      wrapper: asUser(),
      env,
    });
    expect(end.code).toBe(3);
    expectMessage(end, /recording needs root: this is user 65534/, /sudo dit/);
  });

  test('no engine at DOCKER_HOST', async () => {
    const file = newFile();
    const env = { DOCKER_HOST: 'unix:///nonexistent/docker.sock' };
    const end = await dit(['trace', 'run', '-o', file], { env });
    expect(end.code).toBe(4);
    expectMessage(
      end,
      /'unix:\/\/\/nonexistent\/docker\.sock' \(DOCKER_HOST\) does not answer: there is no such socket/,
      /unset DOCKER_HOST/,
    );
    expect(existsSync(file)).toBe(false);
  });

  test('no Docker at all', async () => {
    const file = newFile();
    // Neither sockets nor binaries nor processes of an engine are to be seen.
    const pids = engineProcesses(engineLayout()).map(({ pid }) => pid);
    const hide = `
      mount -t tmpfs tmpfs /run
      for dir in /usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /sbin /bin \\
        /var/lib/dit/engines/host/usr/sbin /var/lib/dit/engines/host/usr/bin; do
        [ ! -e $dir/dockerd ] || mount --bind /dev/null $dir/dockerd
      done
      for pid in ${pids.join(' ')}; do
        mount -t tmpfs tmpfs /proc/$pid
      done
      exec "$@"`;
    const wrapper = ['unshare', '--mount', 'sh', '-ec', hide, 'sh'];
    // With a data root of its own: what lies in the usual one would be taken for a dead engine's.
    const env = {
      DOCKER_HOST: undefined,
      DIT_DATA_ROOT: folder,
      HOME: folder,
      PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
    };
    const end = await dit(['trace', 'run', '-q', '-o', file], { wrapper, env });
    expect(end.code).toBe(3);
    expectMessage(end, /dockerd is not installed/, /set-up engine/);
    expect(existsSync(file)).toBe(false);
  });

  test('a pid namespace of its own', async () => {
    const file = newFile();
    const wrapper = ['unshare', '--pid', '--fork', '--mount-proc'];
    const end = await runOn(engine, file, [...ONLY_EBPF, ...builtin()], { wrapper });
    expect(end.code).toBe(3);
    expectMessage(end, /dit runs in a pid namespace of its own/, /./);
    expect(existsSync(file)).toBe(false);
    await expectNothingLeft(engine);
  });

  test('addon not built', async () => {
    const file = newFile();
    const program = packageWithout('native');
    const end = await runOn(engine, file, [...ONLY_EBPF, ...builtin()], { program });
    expect(end.code).toBe(3);
    expectMessage(end, /the native addon cannot be loaded/, /npm run build:addon/);
    expect(existsSync(file)).toBe(false);
    await expectNothingLeft(engine);
  });

  test('BPF programs not built', async () => {
    const file = newFile();
    const program = packageWithout('bpf');
    const end = await runOn(engine, file, [...ONLY_EBPF, ...builtin()], { program });
    expect(end.code).toBe(3);
    expectMessage(end, /BPF programs have not been built/, /npm run build:bpf/);
    expect(existsSync(file)).toBe(false);
    await expectNothingLeft(engine);
  });

  describe('disk full', () => {
    const full = join(folder, 'full');
    const mounted = (kilobytes: number): void => {
      mkdirSync(full, { recursive: true });
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', full]);
    };

    test('while events are written', async () => {
      mounted(64);
      try {
        const file = join(full, 'full.dit');
        const end = await runOn(engine, file, SLEEPER);
        expect(end.code).toBe(2);
        expectMessage(end, /cannot write the trace ".*full\.dit": ENOSPC/, /df -h/);
        await expectNothingLeft(engine);
        const trace = await expectReadable(file, /ends early/);
        expect(trace.recording.problems).toEqual([]);
        expect(trace.recording.marks.map(({ name }) => name)).toContain('create');
      } finally {
        execFileSync('umount', [full]);
      }
    });

    test('from the beginning', async () => {
      mounted(4);
      try {
        writeFileSync(join(full, 'filler'), Buffer.alloc(4096));
        const file = join(full, 'full.dit');
        const end = await runOn(engine, file, SLEEPER);
        expect(end.code).toBe(2);
        expectMessage(end, /cannot write the trace ".*full\.dit": ENOSPC/, /df -h/);
        await expectNothingLeft(engine);
        expect(existsSync(file)).toBe(false);
      } finally {
        execFileSync('umount', [full]);
      }
    });

    test('where standard output goes: what is under way ends, and takes away what it made', async () => {
      // The first one's result cannot be written while the second one runs.
      const args = ['test', 'namespaces', 'startup', '-H', engine.endpoint];
      const wrapper = ['sh', '-c', 'exec "$@" > /dev/full', 'sh'];
      const end = await dit(args, { wrapper });
      expect(end, end.stderr).toMatchObject({ code: 2, stdout: '' });
      expect(end.stderr.match(/dit: standard output cannot be written: ENOSPC/g)).toHaveLength(1);
      expect(end.stderr).not.toContain('bug');
      await expectNothingLeft(engine);
    });
  });

  test('output file exists', async () => {
    const file = newFile();
    writeFileSync(file, 'mine');
    const end = await runOn(engine, file, builtin());
    expect(end.code).toBe(2);
    expectMessage(end, /"[^"]*\.dit" exists already/, /-o FILE/);
    expect(sizeOf(file)).toBe(4);
    await expectNothingLeft(engine);
  });

  test('output folder is missing', async () => {
    const file = join(folder, 'no', 'such', 'x.dit');
    const end = await runOn(engine, file, builtin());
    expect(end.code).toBe(2);
    expectMessage(end, /cannot write the trace/, /mkdir -p /);
    expect(existsSync(dirname(file))).toBe(false);
  });

  test.each(['0', '3', '4096', 'many'])('--ring-mb %s', async (value) => {
    const file = newFile();
    const end = await runOn(engine, file, ['--ring-mb', value, ...builtin()]);
    expect(end.code).toBe(2);
    expectMessage(end, new RegExp(`invalid value '${value}' for --ring-mb`), /use /);
    expect(existsSync(file)).toBe(false);
  });

  test("containers of others' runs stay", async () => {
    const docker = engine.docker();
    const foreign = await docker.createContainer({
      Image: BUILTIN_IMAGE,
      Labels: { [RUN_LABEL]: 'another-machine', 'dev.dit.owner': 'another-boot.1.1' },
    });
    try {
      expect(await runOn(engine, newFile(), builtin())).toMatchObject({ code: 0 });
      expect((await foreign.inspect()).State.Status).toBe('created');
    } finally {
      await foreign.remove();
    }
  });
});
