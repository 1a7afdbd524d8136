import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { engineLayout } from '../../../src/platform/engine-layout.js';
import {
  engineProcesses,
  isAlive,
  signal,
  startTicksOf,
  waitForEnd,
} from '../../../src/platform/engine-processes.js';
import { lacks } from '../../support/requirements.js';

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

test.skipIf(lacks('linux'))('a reused pid is another process', async () => {
  const child = await pretend('dockerd', layout.execRoot);
  const live = { pid: child.pid ?? 0, startTicks: startTicksOf(child.pid ?? 0) ?? '', argv: [] };
  const reused = { ...live, startTicks: '1' };
  expect(isAlive(reused)).toBe(false);
  signal(reused, 'SIGKILL');
  expect(await waitForEnd([live], 50)).toBe(false);
  signal(live, 'SIGKILL');
  expect(await waitForEnd([live], 5000)).toBe(true);
  expect(child.exitCode ?? child.signalCode ?? 'ending').not.toBe(0);
});
