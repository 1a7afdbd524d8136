/** scripts/engines: every kind starts a container, and nothing is left of it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { packagePath } from '../../src/platform/package-files.js';
import { lacks } from '../support/requirements.js';

/** The other Docker releases are started by scripts/test itself. */
const KINDS = [
  'docker-28.5-containerd',
  'docker-28.5-userns',
  'docker-20.10-crun',
  'podman',
  'podman-runc',
  'containerd',
  'runc',
  'crun',
];
const LIMIT_MS = 120_000;

function start(...args: readonly string[]) {
  const child = spawn(packagePath('scripts/engines'), args, {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = Promise.all([once(child, 'exit'), text(child.stdout)]);
  return { child, ended };
}

/** Folders, cgroups and mounts of the engine of this kind that the scripts/engines with this pid started. */
function remains(kind: string, pid: number | undefined): string[] {
  const instance = `${kind}-${pid}`;
  const below = (folder: string): string[] =>
    existsSync(folder)
      ? readdirSync(folder)
          .filter((name) => name === instance)
          .map((name) => `${folder}/${name}`)
      : [];
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  const cgroups = mounts
    .filter((line) => / - cgroup2? /.test(line))
    .flatMap((line) => below(`${line.split(' ')[4]}/dit`));
  const inside = mounts.filter((line) => line.includes(`/dit/${instance}/`));
  return [...below('/run/dit'), ...below('/var/lib/dit'), ...cgroups, ...inside];
}

const SIDE_PATHS = ['/var/lib/containers', '/run/containers', '/run/crun', '/run/containerd'];
const sidePaths = (): string[] => SIDE_PATHS.filter((path) => existsSync(path));

describe.skipIf(lacks('root', 'docker', 'engines'))(
  'a private engine',
  { timeout: LIMIT_MS },
  () => {
    test.each(KINDS)('%s: starts containers and goes without a trace', async (kind) => {
      const before = sidePaths();
      const script = '$CONTAINER_RUN && $CONTAINER_RUN && echo "left: $($CONTAINER_LIST)"';
      const { child, ended } = start(kind, '--', 'sh', '-c', script);
      const [[status], output] = await ended;
      expect(output).toMatch(/^hello.*\nhello.*\nleft: \n$/);
      expect(status).toBe(0);
      expect(remains(kind, child.pid)).toEqual([]);
      expect(sidePaths()).toEqual(before);
    });

    test.each(['podman', 'containerd', 'runc'])('%s: ends with its command', async (kind) => {
      const script =
        "trap 'kill $!; exit 7' TERM; $CONTAINER_RUN >/dev/null; sleep 60 & echo ready; wait";
      const running = start(kind, '--', 'sh', '-c', script);
      await once(running.child.stdout, 'readable');
      running.child.kill('SIGTERM');
      const [[status]] = await running.ended;
      expect(status).toBe(7);
      expect(remains(kind, running.child.pid)).toEqual([]);
    });

    test('the next call takes away what a killed one left', async () => {
      const killed = start('runc', '--', 'sh', '-c', 'echo ready; exec sleep 2');
      await once(killed.child.stdout, 'readable');
      killed.child.kill('SIGKILL');
      await killed.ended;
      expect(remains('runc', killed.child.pid)).not.toEqual([]);
      const [[status]] = await start('runc', '--', 'true').ended;
      expect(status).toBe(0);
      expect(remains('runc', killed.child.pid)).toEqual([]);
    });

    test('a kind that does not exist is refused', async () => {
      const [[status]] = await start('docker-1.0', '--', 'true').ended;
      expect(status).toBe(2);
    });
  },
);
