/** The engine that is watched, when its events break off: what it started meanwhile keeps its name. */
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { HostRecorder } from '../../../src/capture/recorder/host-recorder.js';
import { WatchedEngine } from '../../../src/watch/watch-engine.js';

const engine = vi.hoisted(() => ({ getEvents: undefined as unknown }));
vi.mock('../../../src/engine/docker.js', async (original) => ({
  ...(await original<object>()),
  connectDocker: async () => engine,
}));

beforeEach(() => vi.useFakeTimers({ now: 1_763_712_000_000, toFake: ['Date'] }));
afterEach(() => vi.useRealTimers());

test('events are asked for from where they broke off', async () => {
  const asked: (number | undefined)[] = [];
  const streams: PassThrough[] = [];
  let isUp = true;
  engine.getEvents = async ({ since }: { since?: number }) => {
    if (!isUp) throw new Error('connect ECONNREFUSED');
    asked.push(since);
    streams.push(new PassThrough());
    return streams.at(-1);
  };
  const recorder = { fromRealtime: (ns: bigint) => ns, mark: () => {} } as unknown as HostRecorder;
  const watched = new WatchedEngine(
    recorder,
    { kind: 'local' } as never,
    async () => {},
    new AbortController().signal,
  );
  const pass = (ms: number): void => void vi.setSystemTime(Date.now() + ms);
  pass(2000);
  await watched.nameContainers();
  pass(10_500);
  isUp = false;
  streams[0]?.destroy();
  await new Promise((resolve) => setImmediate(resolve));
  pass(3000);
  await watched.nameContainers();
  isUp = true;
  pass(4000);
  await watched.nameContainers();
  expect(asked).toEqual([1_763_712_000, 1_763_712_012.5]);
  watched.close();
});
