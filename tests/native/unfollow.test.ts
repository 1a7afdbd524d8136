/** What keeps a recording of days small: processes are let go, and cgroups that are gone are not kept. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { machine } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { EbpfSource } from '../../src/capture/ebpf/ebpf-source.js';
import { EventTable } from '../../src/model/recording/event-table.js';
import { StringInterner } from '../../src/model/recording/strings.js';
import { loadAddon } from '../../src/platform/addon.js';
import { cgroupMounts } from '../../src/platform/mounts.js';
import { lacks } from '../support/requirements.js';

const startSource = (): EbpfSource =>
  EbpfSource.start({
    machine: machine(),
    baseNs: loadAddon().readClocks().monotonicNs,
    strings: new StringInterner(),
    redact: false,
    ringBytes: 16 << 20,
    namedCallsOnly: true,
    participants: [],
  });

/** Longer than the pump takes to deliver. */
const DELIVERED_MS = 2500;

async function eventsOf(source: EbpfSource): Promise<EventTable> {
  await sleep(DELIVERED_MS);
  const table = new EventTable();
  source.drain(table);
  return table;
}

test.skipIf(lacks('root', 'ebpf'))(
  'a process that was let go is silent, its children too',
  async () => {
    const source = startSource();
    const shell = spawn('sh', ['-c', 'while :; do sleep 0.02; cat /dev/null; done'], {
      stdio: 'ignore',
    });
    try {
      const pid = shell.pid as number;
      source.follow({ pid, followChildren: true });
      const before = await eventsOf(source);
      expect(before.count('fork')).toBeGreaterThan(10);
      source.unfollow(pid);
      await eventsOf(source);
      // A child that was forked before is still followed, and ends soon.
      expect((await eventsOf(source)).length).toBe(0);
      source.unfollow(pid);
      source.follow({ pid, followChildren: true });
      expect((await eventsOf(source)).count('fork')).toBeGreaterThan(10);
    } finally {
      shell.kill('SIGKILL');
      await source.stop();
    }
  },
  300_000,
);

test.skipIf(lacks('root', 'ebpf'))(
  'the call that a process is in when it is let go is forgotten',
  async () => {
    const source = startSource();
    // It waits for its children as a container's entrypoint does, nearly all of the time.
    const shell = spawn('sh', ['-c', 'while :; do sleep 0.3; done'], { stdio: 'ignore' });
    const pid = shell.pid as number;
    const drained = (isDone: () => boolean): Promise<unknown> =>
      vi.waitUntil(
        () => {
          source.drain(new EventTable());
          return isDone();
        },
        { timeout: 60_000, interval: 100 },
      );
    try {
      source.follow({ pid, followChildren: false });
      await drained(() => source.pendingCalls > 0);
      source.unfollow(pid);
      await drained(() => source.pendingCalls === 0);
      await eventsOf(source);
      expect(source.pendingCalls).toBe(0);
    } finally {
      shell.kill('SIGKILL');
      await source.stop();
    }
    const rest = new EventTable();
    source.drain(rest);
    expect(rest.count('syscall')).toBe(0);
  },
  300_000,
);

test.skipIf(lacks('root', 'ebpf'))(
  'a cgroup that is removed makes room for another',
  async () => {
    const [first] = cgroupMounts();
    const folder = cgroupMounts().find(({ type }) => type === 'cgroup2') ?? first;
    const source = startSource();
    const program = `
    const { mkdirSync, rmdirSync } = require('node:fs');
    process.stdin.once('data', () => {
      for (let n = 0; n < 5000; n++) {
        const path = ${JSON.stringify(`${folder?.target}/dit-test-${process.pid}-`)} + n;
        mkdirSync(path);
        rmdirSync(path);
      }
      process.exit(0);
    });`;
    const child = spawn(process.execPath, ['-e', program], {
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    try {
      source.follow({ pid: child.pid as number, followChildren: true });
      child.stdin.end('go\n');
      const [code] = await once(child, 'close');
      expect(code).toBe(0);
      const { losses } = await source.stop();
      const table = new EventTable();
      source.drain(table);
      expect(table.count('cgroup_mkdir')).toBe(5000);
      expect(losses.find(({ where }) => where === 'participants')?.records).toBe(0);
    } finally {
      child.kill('SIGKILL');
      await source.stop();
    }
  },
  300_000,
);
