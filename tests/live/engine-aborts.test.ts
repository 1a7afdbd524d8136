/**
 * A Ctrl-C while dit's own engine starts or stops: with a dockerd that never answers, and one that does not end. The
 * engine named "engine" that the machine may have is out of sight: /run/dit is another one here, and so is /var/lib/dit,
 * whose register says which mount points go with the last engine.
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import buildProgram from '../support/build.js';
import { type DitEnd, eventually, type RunningDit, startDit } from '../support/dit.js';
import { lacks } from '../support/requirements.js';

const LIMIT_MS = 300_000;
/** With real slack: a second on a machine that is idle; dockerd has 30 s to start and 20 s to end. */
const END_MS = 10_000;

const folder = mkdtempSync(join(tmpdir(), 'dit-engine-aborts-'));
const runRoot = join(folder, 'run');
const libRoot = join(folder, 'lib');
const dataRoot = join(folder, 'data');
const pidFile = join(folder, 'dockerd.pid');
const termFile = join(folder, 'term');

/** Says its pid, answers nothing, and notes each SIGTERM. bash for its `exec -a`. */
const DOCKERD = `#!/bin/bash
echo $$ >'${pidFile}.new'; mv '${pidFile}.new' '${pidFile}'
exec -a dockerd bash -c "trap 'touch ${termFile}' TERM; while :; do sleep 600 & wait; done"
`;

const OWN_FOLDERS =
  'mkdir -p /run/dit /var/lib/dit && mount -n --bind "$0" /run/dit && mount -n --bind "$1" /var/lib/dit && shift && exec "$@"';

function start(...args: string[]): RunningDit {
  return startDit(args, {
    wrapper: [
      'unshare',
      '--mount',
      '--propagation',
      'private',
      'sh',
      '-c',
      OWN_FOLDERS,
      runRoot,
      libRoot,
    ],
    env: {
      PATH: `${join(folder, 'bin')}:${process.env.PATH}`,
      DIT_DATA_ROOT: dataRoot,
      XDG_STATE_HOME: folder,
      DOCKER_HOST: undefined,
    },
    limitMs: LIMIT_MS,
  });
}

const isThere = (path: string) => (): true | undefined => existsSync(path) || undefined;
const dockerdPid = (): number => Number(readFileSync(pidFile, 'utf8'));
const runs = (pid: number): boolean =>
  existsSync(`/proc/${pid}/stat`) && !/\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));

/** Everything of the engine's that the machine still shows. */
function remains(): unknown {
  const roots = existsSync(dataRoot) ? readdirSync(dataRoot) : [];
  const marks = roots.map((name) => {
    const { dev, ino } = statSync(join(dataRoot, name));
    return `${dev}-${ino}`;
  });
  const links = JSON.parse(execFileSync('ip', ['-json', 'link'], { encoding: 'utf8' })) as {
    ifalias?: string;
  }[];
  return {
    bridges: links.filter(({ ifalias = '' }) => marks.some((mark) => ifalias.endsWith(mark))),
    run: readdirSync(runRoot).filter((name) => name !== 'lock'),
    dockerd: existsSync(pidFile) && runs(dockerdPid()),
  };
}
const NOTHING = { bridges: [], run: [], dockerd: false };

const soon = (ended: Promise<DitEnd>): Promise<DitEnd | string> =>
  Promise.race([
    ended,
    new Promise<string>((resolve) => setTimeout(() => resolve('it goes on'), END_MS).unref()),
  ]);

describe.skipIf(lacks('root'))("dit's own engine", { timeout: LIMIT_MS }, () => {
  beforeAll(() => {
    buildProgram();
    for (const each of [runRoot, libRoot, dataRoot, join(folder, 'bin')]) mkdirSync(each);
    writeFileSync(join(folder, 'bin/dockerd'), DOCKERD);
    chmodSync(join(folder, 'bin/dockerd'), 0o755);
  }, LIMIT_MS);
  afterEach(async () => {
    await start('engine', 'stop', '--purge').ended;
    for (const file of [pidFile, termFile]) rmSync(file, { force: true });
  }, LIMIT_MS);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const STARTING: Readonly<Record<string, readonly string[]>> = {
    'engine start': ['engine', 'start'],
    'trace run': ['trace', 'run', '--engine', 'private', '--source', 'api'],
    test: ['test', 'overlay', '--engine', 'private'],
    bench: ['bench', 'cpu', '--engine', 'private', '--out', join(folder, 'bench')],
  };
  test.each(
    Object.keys(STARTING).flatMap((name) => [
      { name, signal: 'SIGINT', code: 130 } as const,
      { name, signal: 'SIGTERM', code: 143 } as const,
    ]),
  )('$name ends by the first $signal, and the engine that it starts too', async (how) => {
    const running = start(...(STARTING[how.name] as readonly string[]));
    expect(await eventually(isThere(pidFile), 120_000), running.stderr()).toBe(true);
    running.child.kill(how.signal);
    expect(await soon(running.ended)).toMatchObject({
      code: how.code,
      stderr: expect.stringContaining(`interrupted by ${how.signal}`),
    });
    expect(remains()).toEqual(NOTHING);
  });

  test('a stop that is interrupted kills what does not end', async () => {
    const killed = start('engine', 'start');
    expect(await eventually(isThere(pidFile), 120_000), killed.stderr()).toBe(true);
    killed.child.kill('SIGKILL');
    await killed.ended;
    expect(runs(dockerdPid())).toBe(true);
    const stop = start('engine', 'stop');
    expect(await eventually(isThere(termFile), 120_000), stop.stderr()).toBe(true);
    stop.child.kill('SIGINT');
    expect(await soon(stop.ended)).toMatchObject({ code: 130 });
    expect(remains()).toEqual(NOTHING);
  });

  test('who waits for the lock of another start is not held by it', async () => {
    const first = start('engine', 'start');
    expect(await eventually(isThere(pidFile), 120_000), first.stderr()).toBe(true);
    const second = start('engine', 'start', '--name', 'second');
    const waits = (): true | undefined =>
      readdirSync(`/proc/${second.pid}/fd`).some((fd) => {
        try {
          return readlinkSync(`/proc/${second.pid}/fd/${fd}`) === '/run/dit/lock';
        } catch {
          // It has been closed meanwhile.
          return false;
        }
      }) || undefined;
    expect(await eventually(waits, 120_000), second.stderr()).toBe(true);
    second.child.kill('SIGINT');
    expect(await soon(second.ended)).toMatchObject({ code: 130 });
    first.child.kill('SIGINT');
    expect(await soon(first.ended)).toMatchObject({ code: 130 });
    expect(remains()).toEqual(NOTHING);
  });
});
