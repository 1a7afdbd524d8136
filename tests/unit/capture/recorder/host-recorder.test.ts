/** The recording behind `dit trace watch`: what it holds on to, and what becomes of it when the engine or the clock does. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { DitError } from '../../../../src/base/errors.js';
import type { TraceTime } from '../../../../src/base/time.js';
import {
  forkOf,
  HostClock,
  type HostSource,
  openOf,
  watchHost,
} from '../../../support/watched-host.js';

const clock = vi.hoisted(() => ({ read: undefined as unknown }));
vi.mock('../../../../src/platform/clocks.js', () => ({
  readClocks: () => (clock.read as () => unknown)(),
}));

let host: HostClock;
beforeEach(() => {
  host = new HostClock();
  clock.read = () => host.read();
});
afterEach(() => vi.restoreAllMocks());

const textsOf = ({ recorder }: Awaited<ReturnType<typeof watchHost>>): string[] => {
  const { events, strings } = recorder.recording();
  return Array.from({ length: events.length }, (_, row) => {
    const [text = 0] = events.values(row, 'texts');
    return `${strings.text(events.value(row, 'names'))} ${strings.text(text)}`;
  });
};

describe('what it holds', () => {
  test('texts of events that are forgotten, while new ones come in all the time', async () => {
    const watched = await watchHost(host);
    const { recorder, source } = watched;
    const paths = (second: number, call: number): string[] =>
      Array.from({ length: 100 }, (_, n) => `/tmp/${second}-${call}-${n}`);
    for (let second = 1; second <= 150; second++) {
      host.pass(1);
      for (let call = 0; call < 30; call++) {
        source.push(openOf(paths(second, call), second * 1e9 + call));
      }
      recorder.take();
      recorder.forget((recorder.now() - 5e9) as never);
    }
    expect(recorder.totalEvents).toBe(4500);
    expect(recorder.recording().strings.size).toBeLessThan(250_000);
    // What is held still says what it said, and so does what comes next.
    source.push(openOf(['/tmp/last'], 150e9 + 5000));
    recorder.take();
    const texts = textsOf(watched);
    expect(texts).toContain('openat /tmp/150-29-0');
    expect(texts.at(-1)).toBe('openat /tmp/last');
    expect(texts.every((text) => /^openat \/tmp\//.test(text))).toBe(true);
  });

  test('no process that was let go, nor what it had forked before', async () => {
    const { recorder, source } = await watchHost(host);
    const before = recorder.recording().processes.map(({ pid }) => pid);
    host.pass(1);
    source.push(forkOf(0.5e9, process.pid, 900_001), forkOf(0.6e9, 900_001, 900_002));
    recorder.take();
    recorder.unfollow([900_001]);
    expect(source.unfollowed).toEqual([900_001]);
    // 900_002 is not known to be let go; 900_003 is its parent's, from before; 900_005 is another process's.
    source.push(forkOf(0.9e9, 900_001, 900_003), forkOf(0.95e9, 900_003, 900_004));
    source.push(forkOf(1.9e9, 900_001, 900_005));
    host.pass(1);
    recorder.unfollow([], recorder.take());
    expect(source.unfollowed).toEqual([900_001, 900_003, 900_004]);
    host.pass(20);
    recorder.take();
    recorder.forget((recorder.now() - 5e9) as never);
    const pids = recorder.recording().processes.map(({ pid }) => pid);
    expect(pids.sort()).toEqual([...before, 900_002, 900_005].sort());
  });
});

describe('a stretch of it', () => {
  test('is a recording of its own, and leaves what is held as it is', async () => {
    const watched = await watchHost(host);
    const { recorder, source } = watched;
    const known = recorder.recording().processes.map(({ pid }) => pid);
    host.pass(10);
    source.push(openOf(['/first'], 1e9), forkOf(1e9, process.pid, 900_001));
    // Events of several CPUs come in nearly in order.
    source.push(openOf(['/second'], 5e9), forkOf(4e9, 900_001, 900_002), openOf(['/third'], 9e9));
    recorder.take();
    const { header, events, strings, processes, footer } = recorder.window({
      since: 4.5e9 as TraceTime,
      until: 9e9 as TraceTime,
    });
    expect(events.length).toBe(1);
    expect(strings.text(events.values(0, 'texts')[0] ?? 0)).toBe('/second');
    expect(processes.map(({ pid }) => pid).sort()).toEqual([...known, 900_001, 900_002].sort());
    expect(footer).toMatchObject({ end: 9e9, events: 1 });

    const whole = recorder.recording();
    expect(whole.header.traceId).not.toBe(header.traceId);
    expect(whole.processes.map(({ pid }) => pid)).toEqual(known);
    expect(whole.events.length).toBe(5);
    expect(recorder.window({ since: undefined, until: undefined }).events.length).toBe(5);
  });
});

describe('an engine that is restarted', () => {
  test('is waited for, and followed when it is back', async () => {
    const first = spawn('sleep', ['60']);
    const second = spawn('sleep', ['60']);
    try {
      let daemons = [{ pid: first.pid as number, role: 'dockerd' as const }];
      const { recorder } = await watchHost(host, {
        daemons: () => {
          if (daemons.length > 0) return daemons;
          throw new DitError({ code: 'engine-process-unknown', exitCode: 3, message: 'no engine' });
        },
      });
      expect(recorder.followNewDaemons()).toEqual({ fresh: [], missing: false });
      daemons = [];
      first.kill('SIGKILL');
      await once(first, 'exit');
      expect(recorder.followNewDaemons()).toEqual({ fresh: [], missing: true });
      expect(recorder.followNewDaemons()).toEqual({ fresh: [], missing: true });
      daemons = [{ pid: second.pid as number, role: 'dockerd' }];
      expect(recorder.followNewDaemons()).toEqual({ fresh: [second.pid], missing: false });
      expect(recorder.followNewDaemons()).toEqual({ fresh: [], missing: false });
    } finally {
      first.kill('SIGKILL');
      second.kill('SIGKILL');
    }
  });

  test('is not whole before each of its daemons is back', async () => {
    const containerd = spawn('sleep', ['60']);
    const dockerd = { pid: process.pid, role: 'dockerd' as const };
    let daemons = [dockerd, { pid: containerd.pid as number, role: 'containerd' as const }];
    const { recorder } = await watchHost(host, { daemons: () => daemons });
    daemons = [dockerd];
    containerd.kill('SIGKILL');
    await once(containerd, 'exit');
    expect(recorder.followNewDaemons()).toEqual({ fresh: [], missing: true });
    daemons = [dockerd, { pid: process.ppid, role: 'containerd' }];
    expect(recorder.followNewDaemons()).toEqual({ fresh: [process.ppid], missing: false });
  });
});

describe('the wall clock', () => {
  test('is read at every look: it may be set', async () => {
    const { recorder, source } = await watchHost(host);
    const base = host.monotonicNs;
    for (let second = 1; second <= 30; second++) {
      host.pass(1);
      if (second === 20) host.realtimeNs -= 10_000_000_000n;
      source.push(openOf(['/tmp'], second * 1e9));
      recorder.take();
      expect(recorder.fromRealtime(host.realtimeNs)).toBe(base + BigInt(second) * 1_000_000_000n);
      recorder.forget((recorder.now() - 5e9) as never);
    }
    const { clocks, header } = recorder.recording();
    expect(clocks.map(({ trace }) => trace / 1e9)).toEqual([25, 26, 27, 28, 29, 30]);
    expect(clocks.at(-1)?.realtimeOffset).toBe(20e9);
    expect(header.startRealtimeNs).toBe(1_700_000_000_000_000_000n);
  });
});

test('a recording that cannot begin leaves nothing armed', async () => {
  const child = spawn('sleep', ['60']);
  let armed: HostSource | undefined;
  const start = watchHost(host, {
    onSource: (source) => {
      armed = source;
      source.follow = () => {
        throw new Error('no room');
      };
    },
  });
  await expect(start).rejects.toThrow('no room');
  child.kill('SIGKILL');
  expect(armed?.stops).toBe(1);
});
