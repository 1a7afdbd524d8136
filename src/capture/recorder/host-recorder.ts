/**
 * The recording behind `dit trace watch`: all starts on this machine, for as long as it runs. It holds the
 * last events in memory and forgets what is asked of it; what it forgets of processes stays in their list.
 */

import { randomBytes } from 'node:crypto';
import { DitError } from '../../base/errors.js';
import { raw } from '../../base/foreign.js';
import type { TraceTime } from '../../base/time.js';
import type { Daemon } from '../../engine/daemons.js';
import type { RawMark } from '../../engine/marks.js';
import { copyEvents } from '../../model/recording/copy-events.js';
import { EventTable } from '../../model/recording/event-table.js';
import type {
  ApiMark,
  EngineInfo,
  HostInfo,
  KnownProcess,
  Recording,
  TraceHeader,
} from '../../model/recording/recording.js';
import { StringInterner } from '../../model/recording/strings.js';
import { type ClockReading, readClocks } from '../../platform/clocks.js';
import {
  listProcesses,
  NS_PER_TICK,
  processArguments,
  processStat,
  threadIds,
  withDescendants,
} from '../../platform/processes/process-table.js';
import { redactArguments } from '../source/redact.js';
import type { RecordingSource, SourceEnd, SourceOptions } from '../source/source.js';
import { type SourceKind, type SourceRefusal, startFirst } from '../sources.js';
import { clockSnapshot } from './clock-snapshot.js';
import { foldProcesses } from './fold-processes.js';
import { knownRoles } from './known-roles.js';
import { Unfollowed } from './unfollowed.js';

export interface HostRecorderOptions {
  readonly sources: readonly SourceKind[];
  readonly onRefusal: (refusal: SourceRefusal) => void;
  readonly ditVersion: string;
  readonly host: HostInfo;
  readonly engine: EngineInfo;
  readonly command: readonly string[];
  readonly redact: boolean;
  readonly ringBytes: number;
  /** The daemons that start containers; asked again when one of them is gone. @throws DitError while there are none */
  readonly daemons: () => readonly Daemon[];
}

export interface RecordedWindow {
  /** Its first moment; undefined: of all that is held. */
  readonly since: TraceTime | undefined;
  /** The moment after its last; undefined: now. */
  readonly until: TraceTime | undefined;
}

/** With more texts than this, those of events that are held go into a table of their own. */
const MAX_STRINGS = 200_000;
/** Marks of containers that nobody asked for are dropped, oldest first. */
const MAX_MARKS = 20_000;

export class HostRecorder {
  readonly #options: HostRecorderOptions;
  readonly #source: RecordingSource;
  readonly #base: ClockReading;
  /** Of each look, as far back as events are held: the wall clock may be set while they come in. */
  readonly #clocks: ClockReading[];
  #strings: StringInterner;
  #stringsAllowed = MAX_STRINGS;
  #events = new EventTable();
  #marks: ApiMark[] = [];
  #processes: KnownProcess[];
  #daemons: readonly Daemon[];
  readonly #unfollowed = new Unfollowed();
  #total = 0;
  #end: SourceEnd | undefined;

  /** @throws DitError exit 3; nothing stays armed then */
  static async start(options: HostRecorderOptions): Promise<HostRecorder> {
    const base = readClocks();
    const strings = new StringInterner();
    const daemons = options.daemons();
    const { source, refusals } = await startFirst(options.sources, () =>
      sourceOptions(options, base, strings, daemons),
    );
    try {
      for (const refusal of refusals) options.onRefusal(refusal);
      return new HostRecorder(options, base, strings, source, daemons);
    } catch (error) {
      await source.stop();
      throw error;
    }
  }

  private constructor(
    options: HostRecorderOptions,
    base: ClockReading,
    strings: StringInterner,
    source: RecordingSource,
    daemons: readonly Daemon[],
  ) {
    this.#options = options;
    this.#base = base;
    this.#clocks = [base];
    this.#strings = strings;
    this.#source = source;
    this.#daemons = daemons;
    this.#processes = this.#snapshot();
  }

  /** Events since the beginning, forgotten ones too. */
  get totalEvents(): number {
    return this.#total;
  }

  now(): TraceTime {
    return this.#relative(process.hrtime.bigint());
  }

  /** CLOCK_REALTIME of a moment just now to absolute trace clock: by a reading of its own, for it may have been set. */
  readonly fromRealtime = (realtimeNs: bigint): bigint => {
    const now = readClocks();
    return realtimeNs - now.realtimeNs + now.monotonicNs;
  };

  readonly mark = (mark: RawMark): void => {
    if (this.#marks.length >= MAX_MARKS) this.#marks.splice(0, MAX_MARKS / 2);
    this.#marks.push({
      name: mark.name,
      start: this.#relative(mark.startNs),
      end: mark.endNs === undefined ? undefined : this.#relative(mark.endNs),
      containerId: mark.containerId ?? '',
      status: mark.status ?? 0,
      error: mark.error ?? '',
      wallClock: mark.wallClock ?? false,
      detail: new Map(Object.entries(mark.detail ?? {})),
    });
  };

  /** Takes in what has come; returns the row from which it is new. */
  take(): number {
    const from = this.#events.length;
    this.#clocks.push(readClocks());
    this.#source.drain(this.#events);
    this.#total += this.#events.length - from;
    return from;
  }

  /**
   * All that is held; a view, stale after the next call of anything here. A recording of its own, with an id of its
   * own: what two of them tell of one container are two starts.
   */
  recording(): Recording {
    return this.#recordingOf(this.#events, this.#processes, this.now());
  }

  /** The same for one stretch, as if the recording had begun and ended then. */
  window({ since, until }: RecordedWindow): Recording {
    const held = this.#events;
    const from = since ?? Number.NEGATIVE_INFINITY;
    const to = until ?? Number.POSITIVE_INFINITY;
    const earlier: number[] = [];
    const own: number[] = [];
    for (let row = 0; row < held.length; row++) {
      const time = held.time.at(row);
      if (time < from) earlier.push(row);
      else if (time < to) own.push(row);
    }
    const events = new EventTable();
    copyEvents({ events: held, strings: this.#strings }, own, events, this.#strings);
    return {
      ...this.#recordingOf(events, this.#processesAfter(earlier), until ?? this.now()),
      // What the container is called may have been said before.
      marks: this.#marks.filter(({ start }) => start < to),
    };
  }

  #recordingOf(events: EventTable, processes: readonly KnownProcess[], end: TraceTime): Recording {
    return {
      header: this.#header(),
      clocks: this.#clocks.map((reading) => clockSnapshot(reading, this.#base)),
      strings: this.#strings,
      events,
      marks: this.#marks,
      unread: '',
      processes,
      loss: { at: this.now(), losses: this.#end?.losses ?? this.#source.losses?.() ?? [] },
      diagnostics: [],
      footer: {
        end,
        outcome: 'complete',
        failure: '',
        events: events.length,
        malformed: events.count('malformed'),
        disarmNs: 0,
        recorderCpuNs: 0,
      },
      problems: [],
      unknownFrames: 0,
      bytes: 0,
    };
  }

  /** Drops events before `time`, and folds what they say of processes into the list of those. */
  forget(time: TraceTime): void {
    const spanning = this.#clocks.findLastIndex((each) => this.#relative(each.monotonicNs) <= time);
    this.#clocks.splice(0, Math.max(0, spanning));
    const { events } = this;
    const kept: number[] = [];
    const dropped: number[] = [];
    for (let row = 0; row < events.length; row++) {
      (events.time.at(row) < time ? dropped : kept).push(row);
    }
    // Copying is worth it only where much is dropped.
    if (dropped.length < kept.length || dropped.length === 0) return;
    this.#processes = this.#processesAfter(dropped);
    this.#unfollowed.forget(time);
    const before = { events, strings: this.#strings };
    this.#events = new EventTable();
    const renews = before.strings.size > this.#stringsAllowed;
    if (renews) this.#renewStrings();
    copyEvents(before, kept, this.#events, this.#strings);
    if (renews) this.#stringsAllowed = Math.max(MAX_STRINGS, 2 * this.#strings.size);
    this.#marks = this.#marks.filter(({ start }) => start >= time);
  }

  get events(): EventTable {
    return this.#events;
  }

  /**
   * These are followed no longer, nor what they fork.
   * @param from the first row that came since this was called: it tells what they and those before them had forked
   */
  unfollow(pids: Iterable<number>, from = this.#events.length): void {
    if (this.#end !== undefined) return;
    const unfollow = (pid: number): void => {
      this.#source.unfollow?.(pid);
      this.#unfollowed.add(pid, this.now());
    };
    for (const pid of pids) unfollow(pid);
    this.#unfollowed.children(this.#events, from, unfollow);
  }

  /**
   * Follows the daemons that came after a restart of the engine.
   * @returns the pids of those, and whether one is still missing
   */
  followNewDaemons(): { readonly fresh: readonly number[]; readonly missing: boolean } {
    const gone = this.#daemons.filter(({ pid }) => processStat(pid) === undefined);
    if (gone.length === 0) return { fresh: [], missing: false };
    const known = new Set(this.#daemons.map(({ pid }) => pid));
    const found = this.#daemonsNow();
    const fresh = found.filter(({ pid }) => !known.has(pid));
    // They stay in the list until another one has their part, so that the next look asks again.
    const missing = gone.filter(({ role }) => !found.some((each) => each.role === role));
    this.#daemons = [...found, ...missing];
    for (const { pid } of fresh) this.#source.follow({ pid, followChildren: true });
    if (fresh.length > 0) this.#processes = this.#snapshot();
    return { fresh: fresh.map(({ pid }) => pid), missing: missing.length > 0 };
  }

  get daemons(): readonly Daemon[] {
    return this.#daemons;
  }

  /** Disarms; what came last is there for one more `take()`. Losses are totals. */
  async stop(): Promise<SourceEnd> {
    this.#end ??= await this.#source.stop();
    return this.#end;
  }

  #daemonsNow(): readonly Daemon[] {
    try {
      return this.#options.daemons();
    } catch (error) {
      if (!(error instanceof DitError)) throw error;
      return this.#daemons.filter(({ pid }) => processStat(pid) !== undefined);
    }
  }

  #renewStrings(): void {
    if (this.#source.useStrings === undefined) return;
    this.#strings = new StringInterner();
    this.#source.useStrings(this.#strings);
  }

  /** The processes after these events, which are put in time order. */
  #processesAfter(rows: number[]): KnownProcess[] {
    const events = this.#events;
    rows.sort((a, b) => events.time.at(a) - events.time.at(b));
    const before = { processes: this.#processes, events, strings: this.#strings };
    // The ends of processes that are no longer followed are not recorded.
    return foldProcesses(before, rows).filter(
      ({ pid, start }) => !this.#unfollowed.has(pid, start),
    );
  }

  #header(): TraceHeader {
    const { host, engine, ditVersion, command, redact } = this.#options;
    return {
      versionMajor: 1,
      versionMinor: 0,
      traceId: randomBytes(16).toString('hex'),
      ditVersion,
      startNs: this.#base.monotonicNs,
      startRealtimeNs: this.#base.realtimeNs,
      host: redact ? { ...host, hostname: '' } : host,
      engine,
      source: this.#source.info,
      target: {
        image: '',
        command: [],
        containerName: '',
        network: '',
        runtime: '',
        scope: 'host',
        containerId: '',
      },
      redacted: redact,
      command: redact ? [] : command,
    };
  }

  #snapshot(): KnownProcess[] {
    const roles = new Map(this.#daemons.map(({ pid, role }) => [pid, role]));
    const { monotonicNs, boottimeNs } = readClocks();
    const bootToTrace = monotonicNs - boottimeNs;
    const family = withDescendants(listProcesses(), roles.keys());
    const roleOf = knownRoles(family, roles);
    return family.map((stat) => {
      if (!roles.has(stat.pid)) this.#source.follow({ pid: stat.pid, followChildren: true });
      const argv = processArguments(stat.pid);
      return {
        pid: stat.pid,
        parentPid: stat.parentPid,
        comm: stat.comm,
        arguments: this.#options.redact ? redactArguments(argv) : argv,
        start: this.#relative(BigInt(stat.startTicks) * BigInt(NS_PER_TICK) + bootToTrace),
        role: roleOf(stat.pid),
        tids: threadIds(stat.pid),
      };
    });
  }

  #relative(absoluteNs: bigint): TraceTime {
    return Number(absoluteNs - this.#base.monotonicNs) as TraceTime;
  }
}

function sourceOptions(
  { host, redact, ringBytes }: HostRecorderOptions,
  base: ClockReading,
  strings: StringInterner,
  daemons: readonly Daemon[],
): SourceOptions {
  const family = withDescendants(
    listProcesses(),
    daemons.map(({ pid }) => pid),
  );
  return {
    machine: raw(host.architecture),
    baseNs: base.monotonicNs,
    strings,
    redact,
    ringBytes,
    participants: family.map(({ pid }) => ({ pid, followChildren: true })),
    namedCallsOnly: true,
  };
}
