/** scripts/engines: every kind starts a container, and nothing is left of it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { beforeAll, describe, expect, test } from 'vitest';
import { packagePath } from '../../src/platform/package-files.js';
import { changesThatStay, outsideAtRest } from '../support/outside.js';
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
const LIMIT_MS = 300_000;

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
  const below = (folder: string, prefix = ''): string[] =>
    existsSync(folder)
      ? readdirSync(folder)
          .filter((name) => name === instance || (prefix !== '' && name.startsWith(prefix)))
          .map((name) => `${folder}/${name}`)
      : [];
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  const cgroups = mounts
    .filter((line) => / - cgroup2? /.test(line))
    .flatMap((line) => below(`${line.split(' ')[4]}/dit`, `${instance}-`));
  const inside = mounts.filter((line) => line.includes(`/dit/${instance}/`));
  return [...below('/run/dit'), ...below('/var/lib/dit'), ...cgroups, ...inside];
}

describe.skipIf(lacks('root', 'docker', 'engines'))(
  'a private engine',
  { timeout: LIMIT_MS },
  () => {
    // What they are unpacked from brings libraries, whose packages have files of their own.
    beforeAll(async () => {
      for (const kind of ['docker-20.10-crun', 'podman']) {
        const [[status]] = await start(kind, '--', 'true').ended;
        expect(status).toBe(0);
      }
    }, 2 * LIMIT_MS);

    test.each(KINDS)('%s: starts containers and goes without a trace', async (kind) => {
      const before = await outsideAtRest();
      const script = '$CONTAINER_RUN && $CONTAINER_RUN && echo "left: $($CONTAINER_LIST)"';
      const { child, ended } = start(kind, '--', 'sh', '-c', script);
      const [[status], output] = await ended;
      expect(output).toMatch(/^hello.*\nhello.*\nleft: \n$/);
      expect(status).toBe(0);
      expect(remains(kind, child.pid)).toEqual([]);
      expect(await changesThatStay(before)).toEqual([]);
    });

    test.each(['podman', 'containerd', 'runc'])('%s: ends with its command', async (kind) => {
      // No child in the background: the shell's signal handler would take what it gets before its exec.
      const script =
        "trap 'exit 7' TERM; $CONTAINER_RUN >/dev/null; echo ready; while :; do sleep 0.1; done";
      const before = await outsideAtRest();
      const running = start(kind, '--', 'sh', '-c', script);
      await once(running.child.stdout, 'readable');
      running.child.kill('SIGTERM');
      const [[status]] = await running.ended;
      expect(status).toBe(7);
      expect(remains(kind, running.child.pid)).toEqual([]);
      expect(await changesThatStay(before)).toEqual([]);
    });

    test.each(['runc', 'crun'])('%s: killed in the middle, leaves nothing', async (kind) => {
      const before = await outsideAtRest();
      const script = `
        $CONTAINER_RUN >/dev/null 2>&1 & runtime=$!
        has_cgroup() {
          for folder in /sys/fs/cgroup/dit/*/dit-hello /sys/fs/cgroup/*/dit/*/dit-hello; do
            [ ! -d "$folder" ] || return 0
          done
          return 1
        }
        until has_cgroup; do kill -0 $runtime || break; done
        kill -KILL $runtime && echo killed`;
      const { child, ended } = start(kind, '--', 'sh', '-c', script);
      const [[status], output] = await ended;
      expect({ status, output }).toEqual({ status: 0, output: 'killed\n' });
      expect(remains(kind, child.pid)).toEqual([]);
      expect(await changesThatStay(before)).toEqual([]);
    });

    test('the next call takes away what a killed one left', async () => {
      const before = await outsideAtRest();
      const killed = start('runc', '--', 'sh', '-c', 'echo ready; exec sleep 2');
      await once(killed.child.stdout, 'readable');
      killed.child.kill('SIGKILL');
      await killed.ended;
      expect(remains('runc', killed.child.pid)).not.toEqual([]);
      const [[status]] = await start('runc', '--', 'true').ended;
      expect(status).toBe(0);
      expect(remains('runc', killed.child.pid)).toEqual([]);
      expect(await changesThatStay(before)).toEqual([]);
    });

    test('a kind that does not exist is refused', async () => {
      const [[status]] = await start('docker-1.0', '--', 'true').ended;
      expect(status).toBe(2);
    });
  },
);
