/** Which processes of an engine ran in containers before a recording. */
import { spawn } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { expect, test } from 'vitest';
import { knownRoles } from '../../src/capture/recorder/known-roles.js';
import { type ProcessStat, processStat } from '../../src/platform/processes/process-table.js';
import { eventually } from '../support/dit.js';
import { lacks } from '../support/requirements.js';

const mountsOf = (pid: number): string => readlinkSync(`/proc/${pid}/ns/mnt`);

test.skipIf(lacks('root'))('mounts of its own tell a container from its shim', async () => {
  const shim = spawn('sleep', ['60']);
  const container = spawn('unshare', ['--mount', 'sleep', '60']);
  try {
    const pids = [shim.pid ?? 0, container.pid ?? 0] as const;
    await eventually(() => mountsOf(pids[1]) !== mountsOf(process.pid) || undefined);
    const family = pids.map((pid) => processStat(pid) as ProcessStat);
    const roleOf = knownRoles(family, new Map([[process.pid, 'containerd']]));
    expect([process.pid, ...pids].map(roleOf)).toEqual(['containerd', '', 'entrypoint']);
  } finally {
    shim.kill('SIGKILL');
    container.kill('SIGKILL');
  }
});
