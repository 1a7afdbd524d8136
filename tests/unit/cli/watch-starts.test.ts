/** `dit trace watch`: when a start is told, and what is recorded of a container after that. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest';
import { StartWatcher, type WatchedStart } from '../../../src/cli/watch-starts.js';
import { writeStart } from '../../../src/record/write-start.js';
import { readTraceFile } from '../../../src/tracefile/reader.js';
import { CONTAINER, OTHER_CONTAINER, PID, Stream, startedContainer } from '../../support/stream.js';
import { forkOf, HostClock, watchHost } from '../../support/watched-host.js';

const clock = vi.hoisted(() => ({ read: undefined as unknown }));
vi.mock('../../../src/sources/clocks.js', () => ({
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
  const watcher = new StartWatcher(recorder);
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
  expect(source.letGone).toEqual([]);
  // Forked meanwhile, by one that is about to be let go.
  source.push(forkOf(2.6e9, 80, 82));
  look(({ run }) => told.push(run.containerId));
  expect(told).toEqual([CONTAINER]);
  expect(source.letGone.sort()).toEqual([PID.init, 80, 82].sort());
});

test('a command that is run in it later is let go, one in another container is not', async () => {
  const { look, source } = await tellOne();
  look();
  look();
  source.letGone.length = 0;
  const runs = (pid: number, id: string): Stream =>
    new Stream().exec(3.6e9, pid, '/usr/bin/runc', ['runc', '--root', '/r', 'exec', id]);
  source.pushAll(runs(90, CONTAINER).fork(3.61e9, 90, 91));
  source.pushAll(runs(95, OTHER_CONTAINER));
  look();
  expect(source.letGone).toEqual([90, 91]);
  source.push(forkOf(4.1e9, 90, 92));
  look();
  expect(source.letGone).toEqual([90, 91, 92]);
});

test('its file has the clocks from before the start to after it', async () => {
  const { look } = await tellOne();
  host.realtimeNs += 7_000_000_000n;
  const tell = ({ run, trace }: WatchedStart): void => writeStart(PATH, trace, run);
  look(tell);
  look(tell);
  const { clocks } = readTraceFile(PATH);
  expect(clocks.map(({ trace }) => trace / 1e9)).toEqual([0, 1, 2.5]);
  expect(clocks.map(({ realtimeOffset }) => realtimeOffset / 1e9)).toEqual([0, 1, 9.5]);
});
