/** A host to watch, made of events that a test pushes and of a clock that it sets. */
import { vi } from 'vitest';
import type { TraceTime } from '../../src/base/time.js';
import {
  HostRecorder,
  type HostRecorderOptions,
} from '../../src/capture/recorder/host-recorder.js';
import type { RecordingSource, SourceOptions } from '../../src/capture/source/source.js';
import type { SourceKind } from '../../src/capture/sources.js';
import { NO_ENGINE } from '../../src/engine/info.js';
import { copyEvents } from '../../src/model/recording/copy-events.js';
import type { EventTable } from '../../src/model/recording/event-table.js';
import type { Recording } from '../../src/model/recording/recording.js';
import type { StringInterner } from '../../src/model/recording/strings.js';
import { sampleHeader } from './recordings.js';

const SECOND = 1_000_000_000n;

/** What `readClocks` answers: a test mocks src/platform/clocks.js with it. */
export class HostClock {
  monotonicNs = 5_000n * SECOND;
  realtimeNs = 1_700_000_000n * SECOND;

  pass(seconds: number): void {
    this.monotonicNs += BigInt(seconds * 1e9);
    this.realtimeNs += BigInt(seconds * 1e9);
  }

  read() {
    const { monotonicNs, realtimeNs } = this;
    return { monotonicNs, realtimeNs, boottimeNs: monotonicNs, uncertaintyNs: 100n };
  }
}

/** The table of strings is another one after a while: an event is written when it is drained. */
type Push = (into: EventTable, strings: StringInterner) => void;

/** Delivers at the next drain what was pushed, and remembers who was let go. */
export class HostSource implements RecordingSource {
  readonly info = { name: 'ebpf', probes: [], perturbed: false, perturbation: '', ringBytes: 1 };
  readonly pendingBytes = 0;
  readonly unfollowed: number[] = [];
  stops = 0;
  follow: RecordingSource['follow'] = () => true;
  #strings: StringInterner;
  #waiting: Push[] = [];

  constructor({ strings }: SourceOptions) {
    this.#strings = strings;
  }

  push(...events: readonly Push[]): void {
    this.#waiting.push(...events);
  }

  pushAll({ events, strings }: Pick<Recording, 'events' | 'strings'>): void {
    this.push((into, own) => {
      const rows = Array.from({ length: events.length }, (_, row) => row);
      copyEvents({ events, strings }, rows, into, own);
    });
  }

  unfollow(pid: number): void {
    this.unfollowed.push(pid);
  }

  useStrings(strings: StringInterner): void {
    this.#strings = strings;
  }

  drain(into: EventTable): void {
    for (const push of this.#waiting.splice(0)) push(into, this.#strings);
  }

  losses() {
    return [];
  }

  stop() {
    this.stops++;
    return Promise.resolve({ losses: [], disarmNs: 0 });
  }
}

export interface WatchedHost {
  readonly recorder: HostRecorder;
  readonly source: HostSource;
}

/** @param clock what the mocked readClocks reads */
export async function watchHost(
  clock: HostClock,
  {
    onSource = () => {},
    ...changes
  }: Partial<HostRecorderOptions> & { readonly onSource?: (source: HostSource) => void } = {},
): Promise<WatchedHost> {
  vi.spyOn(process.hrtime, 'bigint').mockImplementation(() => clock.monotonicNs);
  const made: HostSource[] = [];
  const kind: SourceKind = {
    name: 'ebpf',
    need: () => {},
    start: (options) => {
      const source = new HostSource(options);
      onSource(source);
      made.push(source);
      return Promise.resolve(source);
    },
    seesKernel: true,
    followsLater: true,
  };
  const recorder = await HostRecorder.start({
    sources: [kind],
    onRefusal: () => {},
    ditVersion: 'test',
    host: sampleHeader().host,
    engine: NO_ENGINE,
    command: [],
    redact: false,
    ringBytes: 1,
    daemons: () => [{ pid: process.pid, role: 'dockerd' }],
    ...changes,
  });
  return { recorder, source: made[0] as HostSource };
}

export const openOf =
  (paths: readonly string[], time: number, pid = 4242): Push =>
  (into, strings) =>
    into.push(
      'syscall',
      { time: time as TraceTime, pid, tid: pid },
      {
        names: strings.intern('openat'),
        text_positions: paths.map(() => 1),
        texts: paths.map((path) => strings.intern(path)),
      },
    );

export const forkOf =
  (time: number, pid: number, childPid: number): Push =>
  (into) =>
    into.push(
      'fork',
      { time: time as TraceTime, pid, tid: pid },
      { child_pids: childPid, child_tids: childPid },
    );
