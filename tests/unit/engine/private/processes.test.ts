import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { engineLayout } from '../../../../src/engine/private/layout.js';
import {
  engineProcesses,
  isAlive,
  signal,
  startTicksOf,
  waitForEnd,
} from '../../../../src/engine/private/processes.js';
import { lacks } from '../../../support/requirements.js';

const layout = engineLayout(`unit-${process.pid}`);

/** A process with the given argv that waits for the end of its input. */
async function pretend(argv0: string, ...args: string[]) {
  const child = spawn('/bin/sh', ['-c', 'echo; read _', ...args], {
    argv0,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  await once(child.stdout, 'data');
  return child;
}

test.skipIf(lacks('linux'))('knows its own by program and exec root', async () => {
  const own = await pretend('/x/dockerd', `--exec-root=${layout.execRoot}`);
  const shim = await pretend('containerd-shim-runc-v2', '-address', `${layout.execRoot}/c.sock`);
  const namesake = await pretend('dockerd', `--exec-root=${layout.execRoot}-b`);
  const looker = await pretend('ls', layout.execRoot);
  try {
    const found = engineProcesses(layout).map((live) => live.pid);
    expect(found.sort()).toEqual([own.pid, shim.pid].sort());
  } finally {
    for (const child of [own, shim, namesake, looker]) child.stdin.end();
  }
});

test.skipIf(lacks('root'))(
  'an engine of the same name over another /run/dit is another one',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'dit-run-'));
    mkdirSync(join(folder, layout.name));
    mkdirSync('/run/dit', { recursive: true });
    const there = 'mount -n --bind "$0" /run/dit && echo && read _';
    const argument = `--exec-root=${layout.execRoot}`;
    const child = spawn(
      'unshare',
      ['--mount', 'bash', '-c', `exec -a dockerd bash -c '${there}' "$@"`, '-', folder, argument],
      {
        stdio: ['pipe', 'pipe', 'inherit'],
      },
    );
    try {
      await once(child.stdout, 'data');
      expect(existsSync(layout.dataRoot) || existsSync(layout.runDir)).toBe(false);
      expect(engineProcesses(layout)).toEqual([]);
      mkdirSync(layout.runDir);
      expect(engineProcesses(layout)).toEqual([]);
      // A data root outside of /run/dit is the same for both.
      mkdirSync(layout.dataRoot, { recursive: true });
      expect(engineProcesses(layout)).toEqual([]);
    } finally {
      child.stdin.end();
      for (const made of [layout.runDir, layout.dataRoot]) {
        rmSync(made, { recursive: true, force: true });
      }
      rmSync(folder, { recursive: true });
    }
  },
);

test.skipIf(lacks('linux'))('a reused pid is another process', async () => {
  const child = await pretend('dockerd', layout.execRoot);
  const live = { pid: child.pid ?? 0, startTicks: startTicksOf(child.pid ?? 0) ?? 0, argv: [] };
  const reused = { ...live, startTicks: 1 };
  expect(isAlive(reused)).toBe(false);
  signal(reused, 'SIGKILL');
  expect(await waitForEnd([live], 50)).toBe(false);
  signal(live, 'SIGKILL');
  expect(await waitForEnd([live], 5000)).toBe(true);
  expect(child.exitCode ?? child.signalCode ?? 'ending').not.toBe(0);
});
