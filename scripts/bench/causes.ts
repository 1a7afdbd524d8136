/**
 * Is a known cause found where it is? Pairs of starts, without and with one cause, in random order; the category
 * that must grow, by how much the start itself grew or by what is known of the cause, and how far every other
 * category moved. An A/A series first shows the noise.
 *
 *   sudo npx tsx scripts/bench/causes.ts [--pairs 10] [--only sleep,hook,disk,cpu,mounts,network,cold] [--keep FOLDER]
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type Dockerode from 'dockerode';
import type { ContainerRun } from '../../src/model/trace/trace.js';
import { randomFrom } from '../../src/stats/random.js';
import { bootstrapMedian, median } from '../../src/stats/summary.js';
import { type BenchEngine, withBenchEngine } from './bench-engine.js';

const { values: options } = parseArgs({
  options: {
    pairs: { type: 'string', default: '10' },
    only: { type: 'string', default: 'sleep,hook,disk,cpu,mounts,network,cold' },
    seed: { type: 'string', default: '1' },
    name: { type: 'string', default: 'causes' },
    keep: { type: 'string' },
  },
});
const pairs = Number(options.pairs);
const random = randomFrom(Number(options.seed));
const folder = mkdtempSync(join(tmpdir(), 'dit-causes-'));

interface Cause {
  readonly name: string;
  /** "phase/category", or a phase alone: what must grow. */
  readonly grows: string;
  /** Known growth, ms; absent: the growth of the window. */
  readonly knownMs?: number;
  /**
   * The least share of the window's growth that must be found: where a cause has side effects (after a cold
   * read the CPU's own caches are cold too), what is left may not gather in one other category.
   */
  readonly share?: number;
  /** So many mount calls more: the growth is in proportion to what one costs in the same start. */
  readonly calls?: number;
  readonly create?: Dockerode.ContainerCreateOptions;
  /** Brings the cause about; returns how it is taken away. */
  readonly set?: () => () => void;
  /** On the engine whose data is on the loop device. */
  readonly onLoop?: boolean;
}

/** Mean ms of a mount call on the path, kept beside the sums. */
const PER_MOUNT = 'one mount call';

/** ms by "phase/category" and by "phase"; "window" is the whole. */
type Profile = Map<string, number>;

function profileOf(run: ContainerRun): Profile {
  const profile: Profile = new Map();
  const add = (key: string, ns: number): void => {
    profile.set(key, (profile.get(key) ?? 0) + ns / 1e6);
  };
  for (const { phase, category, start, end } of run.segments) {
    add('window', end - start);
    add(`${phase}`, end - start);
    add(`${phase}/${category}`, end - start);
  }
  const mounts = run.segments.filter(({ category }) => category === 'mounts');
  const calls = new Set(mounts.map(({ syscall }) => syscall)).size;
  profile.set(PER_MOUNT, (profile.get('kernel/mounts') ?? 0) / Math.max(1, calls));
  return profile;
}

function script(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text, { mode: 0o755 });
  return path;
}

const busyHook = script(
  'busy-hook',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: bash's
  '#!/bin/bash\ncat >/dev/null\nend=$((${EPOCHREALTIME/./}+150000))\nwhile ((${EPOCHREALTIME/./}<end)); do :; done\n',
);
const runtimes = {
  sleepy: {
    path: script(
      'sleepy-runc',
      '#!/bin/sh\ncase " $* " in *" create "*) sleep 0.2 ;; esac\nexec runc "$@"\n',
    ),
  },
  hooked: {
    path: script(
      'hooked-runc',
      `#!/bin/bash
bundle=
for ((i = 1; i < $#; i++)); do if [ "\${!i}" = --bundle ]; then j=$((i + 1)); bundle=\${!j}; fi; done
if [[ " $* " == *" create "* ]]; then
  hook='"createRuntime":[{"path":"${busyHook}"}]'
  config=$(<"$bundle/config.json")
  if [[ $config == *'"hooks":{'* ]]; then
    printf '%s' "\${config/'"hooks":{'/'"hooks":{'$hook,}" >"$bundle/config.json"
  else
    printf '%s' "{\\"hooks\\":{$hook},\${config#\\{}" >"$bundle/config.json"
  fi
fi
exec runc "$@"
`,
    ),
  },
  // What a wrapper itself costs is no part of the cause.
  plain: { path: script('plain-runc', '#!/bin/bash\nbundle=\nexec runc "$@"\n') },
};

/** A loop device of its own for an engine's data, so that the disk can be slowed for it alone. */
const image = join(folder, 'disk.img');
const disk = join(folder, 'disk');
execFileSync('truncate', ['-s', '2G', image]);
execFileSync('mkfs.ext4', ['-q', '-F', image]);
mkdirSync(disk);
execFileSync('mount', ['-o', 'loop', image, disk]);
const { dev } = statSync(disk);
const device = `${(dev >> 8) & 0xfff}:${dev & 0xff}`;

function throttle(iops: number): void {
  for (const direction of ['read', 'write']) {
    writeFileSync(
      `/sys/fs/cgroup/blkio/blkio.throttle.${direction}_iops_device`,
      `${device} ${iops}\n`,
    );
  }
}

const binds = Array.from({ length: 30 }, (_, i) => {
  const source = join(folder, `bind${i}`);
  mkdirSync(source);
  return `${source}:/bind${i}`;
});

const CAUSES: readonly Cause[] = [
  {
    name: 'sleep',
    grows: 'runtime/sleep',
    knownMs: 200,
    create: { HostConfig: { Runtime: 'sleepy' } },
  },
  {
    name: 'hook',
    grows: 'runtime/hooks',
    knownMs: 150,
    create: { HostConfig: { Runtime: 'hooked' } },
  },
  {
    name: 'disk',
    grows: 'storage',
    onLoop: true,
    set: () => {
      throttle(150);
      return () => throttle(0);
    },
  },
  {
    name: 'cpu',
    grows: 'runtime/scheduling delay',
    set: () => {
      const loops = [0, 1].flatMap((cpu) =>
        [0, 1].map(() =>
          spawn('taskset', ['-c', String(cpu), 'sh', '-c', 'while :; do :; done'], {
            stdio: 'ignore',
          }),
        ),
      );
      return () => {
        for (const loop of loops) loop.kill('SIGKILL');
      };
    },
  },
  {
    name: 'cold',
    grows: 'storage',
    share: 0.75,
    set: () => {
      execFileSync('sync');
      writeFileSync('/proc/sys/vm/drop_caches', '3\n');
      return () => {};
    },
  },
  // Each bind is two mount calls: the bind, and its propagation.
  {
    name: 'mounts',
    grows: 'kernel/mounts',
    calls: 2 * binds.length,
    create: { HostConfig: { Binds: binds } },
  },
  {
    name: 'network',
    grows: 'runtime/network set-up',
    create: { HostConfig: { NetworkMode: 'bridge' } },
  },
];

async function startOf(engine: BenchEngine, cause: Cause | undefined): Promise<Profile> {
  const plain = { HostConfig: { Runtime: 'plain' } };
  const undo = cause?.set?.();
  try {
    const create = cause?.create ?? plain;
    return profileOf(
      (await engine.record({ HostConfig: { Runtime: 'plain', ...create.HostConfig } })).run,
    );
  } finally {
    undo?.();
  }
}

/** What each key grew by in every pair, ms. */
async function growth(
  engine: BenchEngine,
  cause: Cause | undefined,
): Promise<Map<string, number[]>> {
  const grown = new Map<string, number[]>();
  const all: (readonly [Profile, Profile])[] = [];
  for (let i = 0; i < pairs; i++) {
    const withCauseFirst = random() < 0.5;
    const first = await startOf(engine, withCauseFirst ? cause : undefined);
    const second = await startOf(engine, withCauseFirst ? undefined : cause);
    all.push(withCauseFirst ? [second, first] : [first, second]);
  }
  const keys = new Set(all.flatMap(([before, after]) => [...before.keys(), ...after.keys()]));
  for (const [before, after] of all) {
    for (const key of keys) {
      const list = grown.get(key) ?? [];
      const grew =
        key === PER_MOUNT ? after.get(key) : (after.get(key) ?? 0) - (before.get(key) ?? 0);
      list.push(grew ?? 0);
      grown.set(key, list);
    }
  }
  return grown;
}

let failed = 0;

async function examine(onLoop: boolean): Promise<void> {
  const causes = CAUSES.filter(
    (cause) => options.only.split(',').includes(cause.name) && (cause.onLoop === true) === onLoop,
  );
  if (causes.length === 0) return;
  const where = onLoop ? { dataRoot: join(disk, 'data') } : {};
  await withBenchEngine(
    { name: options.name, keep: options.keep, config: { runtimes }, ...where },
    async (engine) => {
      for (let i = 0; i < 5; i++) await startOf(engine, undefined);
      const noise = noiseOf(await growth(engine, undefined));
      const loudest = [...noise]
        .filter(([key]) => key.includes('/'))
        .sort((a, b) => b[1] - a[1])[0];
      console.log(
        `Docker ${engine.info.version}${onLoop ? ', data on a loop device' : ''}: ${pairs} interleaved pairs each; medians, ms`,
      );
      console.log(
        `A/A noise: window ± ${noise.get('window')?.toFixed(1)}, loudest category ${loudest?.[0]} ± ${loudest?.[1].toFixed(1)}`,
      );
      for (const cause of causes) report(cause, medians(await growth(engine, cause)), noise);
    },
  );
}

const medians = (grown: ReadonlyMap<string, number[]>): Map<string, number> =>
  new Map([...grown].map(([key, values]) => [key, median(values)]));

/** How far the median of so many pairs goes by itself: the wider side of its 95 % interval, ms. */
function noiseOf(grown: ReadonlyMap<string, number[]>): Map<string, number> {
  return new Map(
    [...grown].map(([key, values]) => {
      const { low, high } = bootstrapMedian(values);
      return [key, Math.max(Math.abs(low), Math.abs(high))];
    }),
  );
}

function report(
  cause: Cause,
  grown: ReadonlyMap<string, number>,
  noise: ReadonlyMap<string, number>,
): void {
  const window = grown.get('window') ?? 0;
  const got = grown.get(cause.grows) ?? 0;
  const expected =
    cause.calls === undefined
      ? (cause.knownMs ?? window)
      : cause.calls * (grown.get(PER_MOUNT) ?? 0);
  const close =
    cause.share === undefined
      ? Math.abs(got - expected) <= Math.max(0.1 * expected, 5)
      : got >= cause.share * expected && got <= 1.1 * expected;
  const others = [...grown].filter(
    ([key, ms]) =>
      key.includes('/') &&
      key !== cause.grows &&
      !key.startsWith(`${cause.grows}/`) &&
      Math.abs(ms) > (noise.get(key) ?? 0) + 5,
  );
  const right = close && got > 0 && others.length === 0;
  if (!right) failed++;
  const moved = others.map(([key, ms]) => `${key} ${ms.toFixed(1)}`).join(', ') || 'none';
  console.log(
    `${right ? 'right' : 'WRONG'}  ${cause.name.padEnd(8)} ${cause.grows} ${got.toFixed(2)}, expected ${expected.toFixed(2)}, window ${window.toFixed(1)}; others that moved: ${moved}`,
  );
}

try {
  await examine(false);
  await examine(true);
} finally {
  try {
    throttle(0);
  } catch {
    // cgroup v2: nothing was set
  }
  execFileSync('umount', ['-l', disk]);
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failed === 0 ? 0 : 1;
