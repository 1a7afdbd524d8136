/** `dit trace watch`: when a start is told, and what is recorded of a container after that. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { analyse } from '../../../src/analysis/analyse.js';
import { writeStart } from '../../../src/capture/recorder/write-start.js';
import type { Trace } from '../../../src/model/trace/trace.js';
import { readTraceFile } from '../../../src/tracefile/reader.js';
import { StartWatcher, type WatchedStart } from '../../../src/watch/watch-starts.js';
import { CONTAINER, OTHER_CONTAINER, PID, Stream, startedContainer } from '../../support/stream.js';
import { forkOf, HostClock, watchHost } from '../../support/watched-host.js';

const clock = vi.hoisted(() => ({ read: undefined as unknown }));
vi.mock('../../../src/platform/clocks.js', () => ({
  readClocks: () => (clock.read as () => unknown)(),
}));

const folder = mkdtempSync(join(tmpdir(), 'dit-watch-starts-'));
let host: HostClock;
beforeEach(() => {
  host = new HostClock();
  clock.read = () => host.read();
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => rmSync(folder, { recursive: true }));

async function tellOne() {
  const { recorder, source } = await watchHost(host);
  const watcher = new StartWatcher(recorder, () => {});
  const look = (tell: (start: WatchedStart) => void = () => {}): void => {
    host.pass(1);
    watcher.look(tell);
  };
  look();
  host.pass(0.5);
  const start = startedContainer({ shim: 1.1e9, runc: 1.2e9, init: 1.3e9, entrypoint: 1.4e9 });
  source.pushAll(start.fork(1.41e9, PID.init, 80).fork(1.42e9, PID.init, 81).exit(1.43e9, 81));
  return { look, source };
}

const PATH = join(folder, 'start.dit');

test('a container is let go once its start was told: init and its children, not the shim', async () => {
  const { look, source } = await tellOne();
  const told: string[] = [];
  look(({ run }) => told.push(run.containerId));
  expect(source.unfollowed).toEqual([]);
  // Forked meanwhile, by one that is about to be let go.
  source.push(forkOf(2.6e9, 80, 82));
  look(({ run }) => told.push(run.containerId));
  expect(told).toEqual([CONTAINER]);
  expect(source.unfollowed.sort()).toEqual([PID.init, 80, 82].sort());
});

test('a command that is run in it later is let go, one in another container is not', async () => {
  const { look, source } = await tellOne();
  look();
  look();
  source.unfollowed.length = 0;
  const runs = (pid: number, id: string): Stream =>
    new Stream().exec(3.6e9, pid, '/usr/bin/runc', ['runc', '--root', '/r', 'exec', id]);
  source.pushAll(runs(90, CONTAINER).fork(3.61e9, 90, 91));
  source.pushAll(runs(95, OTHER_CONTAINER));
  look();
  expect(source.unfollowed).toEqual([90, 91]);
  source.push(forkOf(4.1e9, 90, 92));
  look();
  expect(source.unfollowed).toEqual([90, 91, 92]);
});

test('its file has the clocks from before the start to after it', async () => {
  const { look } = await tellOne();
  host.realtimeNs += 7_000_000_000n;
  const tell = ({ run, trace }: WatchedStart): void => writeStart(PATH, trace, run, undefined);
  look(tell);
  look(tell);
  const { clocks } = readTraceFile(PATH);
  expect(clocks.map(({ trace }) => trace / 1e9)).toEqual([0, 1, 2.5]);
  expect(clocks.map(({ realtimeOffset }) => realtimeOffset / 1e9)).toEqual([0, 1, 9.5]);
});

describe('a container that is started again', () => {
  const SHIM = '/usr/bin/containerd-shim-runc-v2';
  const shim = (...action: string[]): string[] => [SHIM, '-id', CONTAINER, ...action];
  const runc = (command: string): string[] => ['runc', '--root', '/r', command, CONTAINER];

  /** A start whose engine begins with it at `second`, and whose entrypoint is executed 0.4 s later. */
  function startAt(stream: Stream, second: number, pid: number): Stream {
    const at = second * 1e9;
    const texts = { 1: `/run/docker/${CONTAINER}` };
    return stream
      .syscall('mkdirat', at, at + 10, process.pid, process.pid, { texts })
      .fork(at + 0.09e9, process.pid, pid)
      .exec(at + 0.1e9, pid, SHIM, shim('start'))
      .fork(at + 0.11e9, pid, pid + 1)
      .exec(at + 0.12e9, pid + 1, SHIM, shim())
      .fork(at + 0.19e9, pid + 1, pid + 2)
      .exec(at + 0.2e9, pid + 2, '/usr/bin/runc', runc('create'))
      .fork(at + 0.29e9, pid + 2, pid + 3)
      .exec(at + 0.3e9, pid + 3, '/proc/self/exe', ['runc', 'init'])
      .rename(at + 0.31e9, pid + 3, 'runc:[2:INIT]')
      .exec(at + 0.4e9, pid + 3, '/bin/sh', ['sh', '-c', 'true']);
  }

  /** Its end half a second after its beginning, by what the engine then does. */
  function endAt(stream: Stream, second: number, pid: number): Stream {
    const at = second * 1e9;
    const texts = { 1: `/var/lib/docker/containers/${CONTAINER}/config.v2.json` };
    return stream
      .exit(at + 0.5e9, pid + 3, 1)
      .fork(at + 0.51e9, process.pid, pid + 4)
      .exec(at + 0.52e9, pid + 4, SHIM, shim('delete'))
      .exit(at + 0.53e9, pid + 4)
      .syscall('openat', at + 0.54e9, at + 0.55e9, process.pid, process.pid, { texts });
  }

  /** Each file has a path of its own: none is overwritten. */
  let path = '';
  let files = 0;

  const initsOf = ({ processes }: Trace): number[] =>
    processes.flatMap(({ pid, actors }) =>
      actors.some(({ actor }) => actor === 'init') ? [pid] : [],
    );

  async function watch() {
    const { recorder, source } = await watchHost(host);
    const watcher = new StartWatcher(recorder, () => {});
    const told: { start?: number; end?: number; inits: number[]; key: string }[] = [];
    const tell = ({ run, trace }: WatchedStart): void => {
      path = join(folder, `${++files}.dit`);
      writeStart(path, trace, run, undefined);
      const file = analyse(readTraceFile(path));
      expect(file.runs.map(({ window }) => window)).toEqual([run.window]);
      told.push({
        start: (run.window?.start ?? 0) / 1e9,
        end: (run.window?.end ?? 0) / 1e9,
        inits: initsOf(file),
        key: `${trace.recording.header.traceId} ${run.containerId}`,
      });
    };
    const look = (seconds: number): void => {
      host.pass(seconds);
      watcher.look(tell);
    };
    const marked = (name: string, second: number): void =>
      recorder.mark({
        name,
        startNs: 5_000_000_000_000n + BigInt(second * 1e9),
        endNs: undefined,
        containerId: CONTAINER,
        wallClock: true,
      });
    return { source, look, told, marked, watcher };
  }

  const FIRST = { start: 1, end: 1.4, inits: [103] };
  const SECOND = { start: 3, end: 3.4, inits: [203] };

  test('is told again, and its file holds that start alone', async () => {
    const { source, look, told, marked, watcher } = await watch();
    marked('engine.start', 1.45);
    source.pushAll(startAt(new Stream(), 1, 100));
    look(2);
    source.pushAll(endAt(new Stream(), 1, 100));
    look(0.5);
    expect(told).toMatchObject([FIRST]);
    marked('engine.die', 1.55);
    source.pushAll(startAt(new Stream(), 3, 200));
    look(1);
    marked('engine.start', 3.45);
    look(0.5);
    expect(told).toMatchObject([FIRST, SECOND]);
    expect(readTraceFile(path).marks.map(({ name }) => name)).toEqual(['engine.start']);
    // One start, one key: the tables of both are in one folder.
    expect(new Set(told.map(({ key }) => key)).size).toBe(2);
    // What ends it begins nothing.
    source.pushAll(endAt(new Stream(), 3, 200));
    look(1);
    expect(watcher.underWay).toBe(0);
  });

  test('before it is told once, is told twice', async () => {
    const { source, look, told } = await watch();
    const both = endAt(startAt(new Stream(), 1, 100), 1, 100);
    source.pushAll(startAt(both, 3, 200));
    look(4);
    look(0.5);
    expect(told).toMatchObject([FIRST, SECOND]);
  });

  test('while its end is all that was seen of it, is not taken to begin with that end', async () => {
    const { source, look, told } = await watch();
    source.pushAll(startAt(endAt(new Stream(), 1, 100), 3, 200));
    look(4);
    look(0.5);
    expect(told).toMatchObject([SECOND]);
  });
});

test('a start that cannot be analysed is said, and ends neither the watch nor the others', async () => {
  const { recorder, source } = await watchHost(host);
  const untold: unknown[] = [];
  const failing: typeof analyse = (recording, isWanted) => {
    if (isWanted?.(OTHER_CONTAINER as never)) throw new TypeError('a bug of the analysis');
    return analyse(recording, isWanted);
  };
  const watcher = new StartWatcher(recorder, (start) => untold.push(start), failing);
  const told: string[] = [];
  const look = (): void => {
    host.pass(1);
    watcher.look(({ run }) => told.push(run.containerId));
  };
  look();
  host.pass(0.5);
  source.pushAll(
    startedContainer({ shim: 1.1e9, runc: 1.2e9, init: 1.3e9, entrypoint: 1.4e9 })
      .fork(1.45e9, PID.containerd, 900)
      .exec(1.46e9, 900, '/usr/bin/containerd-shim', ['containerd-shim', '-id', OTHER_CONTAINER]),
  );
  for (let i = 0; i < 4; i++) look();
  expect(told).toEqual([CONTAINER]);
  expect(untold).toEqual([{ id: OTHER_CONTAINER, error: new TypeError('a bug of the analysis') }]);
  expect(watcher.underWay).toBe(0);
});

test('a start whose runtime is not seen before the end is said', async () => {
  const { recorder, source } = await watchHost(host);
  const untold: { id: string; error: unknown }[] = [];
  const watcher = new StartWatcher(recorder, (start) => untold.push(start));
  host.pass(1);
  source.pushAll(
    new Stream()
      .known(PID.containerd, 'containerd')
      .fork(0.1e9, PID.containerd, PID.shim)
      .exec(0.2e9, PID.shim, '/usr/bin/containerd-shim', ['containerd-shim', '-id', CONTAINER]),
  );
  const tell = vi.fn();
  watcher.look(tell);
  expect([watcher.underWay, untold]).toEqual([1, []]);
  watcher.look(tell, { last: true });
  expect(tell).not.toHaveBeenCalled();
  expect(untold).toEqual([
    { id: CONTAINER, error: new Error('the watch ended before its runtime was seen') },
  ]);
  expect(watcher.underWay).toBe(0);
});
