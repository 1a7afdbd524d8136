/**
 * The recording behind `dit trace watch`: all starts on this machine, for as long as it runs. It holds the
 * last events in memory and forgets what is asked of it; what it forgets of processes stays in their list.
 */
import { randomBytes } from 'node:crypto';
import type { TraceTime } from '../base/time.js';
import { copyEvents } from '../model/copy-events.js';
import { EXIT_FLAG, KIND } from '../model/event-kinds.js';
import { EventTable } from '../model/event-table.js';
import type {
  ApiMark,
  EngineInfo,
  HostInfo,
  KnownProcess,
  Recording,
  TraceHeader,
} from '../model/recording.js';
import { StringInterner } from '../model/strings.js';
import {
  listProcesses,
  NS_PER_TICK,
  processArguments,
  processStat,
  threadIds,
  withDescendants,
} from '../platform/process-table.js';
import { type ClockReading, readClocks } from '../sources/clocks.js';
import type { RawMark } from '../sources/docker/marks.js';
import { redactArguments } from '../sources/redact.js';
import type { Loss, RecordingSource, SourceEnd, SourceOptions } from '../sources/source.js';
import { type SourceKind, type SourceRefusal, startFirst } from '../sources/sources.js';
import type { Daemon } from './participants.js';

export interface HostRecorderOptions {
  readonly sources: readonly SourceKind[];
  readonly onRefusal: (refusal: SourceRefusal) => void;
  readonly ditVersion: string;
  readonly host: HostInfo;
  readonly engine: EngineInfo;
  readonly command: readonly string[];
  readonly redact: boolean;
  readonly ringBytes: number;
  /** The daemons that start containers; asked again when one of them is gone. */
  readonly daemons: () => readonly Daemon[];
}

/** More texts than this, and the source is started anew with an empty table of them. */
const MAX_STRINGS = 200_000;
/** Marks of containers that nobody asked for are dropped, oldest first. */
const MAX_MARKS = 20_000;

export class HostRecorder {
  readonly #options: HostRecorderOptions;
  readonly #clocks: ClockReading;
  #source: RecordingSource;
  #kind: SourceKind;
  #strings: StringInterner;
  #events = new EventTable();
  #marks: ApiMark[] = [];
  #processes: KnownProcess[];
  #daemons: readonly Daemon[];
  #total = 0;
  #stopped = false;
  /** Of sources that were replaced. */
  #losses = new Map<string, number>();

  /** @throws DitError exit 3 */
  static async start(options: HostRecorderOptions): Promise<HostRecorder> {
    const clocks = readClocks();
    const strings = new StringInterner();
    const daemons = options.daemons();
    const { kind, source, refusals } = await startFirst(options.sources, () =>
      sourceOptions(options, clocks, strings, daemons),
    );
    for (const refusal of refusals) options.onRefusal(refusal);
    return new HostRecorder(options, clocks, strings, kind, source, daemons);
  }

  private constructor(
    options: HostRecorderOptions,
    clocks: ClockReading,
    strings: StringInterner,
    kind: SourceKind,
    source: RecordingSource,
    daemons: readonly Daemon[],
  ) {
    this.#options = options;
    this.#clocks = clocks;
    this.#strings = strings;
    this.#kind = kind;
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

  /** CLOCK_REALTIME to absolute trace clock, by the snapshot at the start. */
  readonly fromRealtime = (realtimeNs: bigint): bigint =>
    realtimeNs - this.#clocks.realtimeNs + this.#clocks.monotonicNs;

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
      detail: mark.detail ?? {},
    });
  };

  /** Takes in what has come; returns the row from which it is new. */
  take(): number {
    const from = this.#events.length;
    this.#source.drain(this.#events);
    this.#total += this.#events.length - from;
    return from;
  }

  /** All that is held; a view, stale after the next call of anything here. */
  recording(): Recording {
    return {
      header: this.#header(),
      clocks: [
        {
          trace: 0 as TraceTime,
          realtimeOffset: 0,
          boottimeOffset: Number(this.#clocks.boottimeNs - this.#clocks.monotonicNs),
          uncertaintyNs: Number(this.#clocks.uncertaintyNs),
        },
      ],
      strings: this.#strings,
      events: this.#events,
      marks: this.#marks,
      processes: this.#processes,
      loss: { at: this.now(), losses: this.#lossesSoFar() },
      diagnostics: [],
      footer: {
        end: this.now(),
        outcome: 'complete',
        failure: '',
        events: this.#events.length,
        malformed: this.#events.count('malformed'),
        disarmNs: 0,
        recorderCpuNs: 0,
      },
      problems: [],
      unknownFrames: 0,
      bytes: 0,
    };
  }

  /** Drops events before `time`, and folds what they say of processes into the list of those. */
  async forget(time: TraceTime): Promise<void> {
    const { events } = this;
    const kept: number[] = [];
    const dropped: number[] = [];
    for (let row = 0; row < events.length; row++) {
      (events.time.at(row) < time ? dropped : kept).push(row);
    }
    // Copying is worth it only where much is dropped.
    if (dropped.length < kept.length || dropped.length === 0) return;
    dropped.sort((a, b) => events.time.at(a) - events.time.at(b));
    this.#fold(dropped);
    const rest = new EventTable();
    copyEvents({ events, strings: this.#strings }, kept, rest, this.#strings);
    this.#events = rest;
    this.#marks = this.#marks.filter(({ start }) => start >= time);
    if (kept.length === 0 && this.#strings.size > MAX_STRINGS) await this.#renew();
  }

  get events(): EventTable {
    return this.#events;
  }

  /** Follows daemons that came after a restart of the engine; returns their pids. */
  followNewDaemons(): number[] {
    if (this.#daemons.every(({ pid }) => processStat(pid) !== undefined)) return [];
    const known = new Set(this.#daemons.map(({ pid }) => pid));
    this.#daemons = this.#options.daemons();
    const fresh = this.#daemons.filter(({ pid }) => !known.has(pid));
    for (const { pid } of fresh) this.#source.follow({ pid, followChildren: true });
    this.#processes = this.#snapshot();
    return fresh.map(({ pid }) => pid);
  }

  /** Disarms; what came last is there for one more `take()`. Losses are totals. */
  async stop(): Promise<SourceEnd> {
    const end = await this.#source.stop();
    this.#stopped = true;
    this.#addLosses(end);
    return { losses: this.#lossesSoFar(), disarmNs: end.disarmNs };
  }

  /** A second source is armed before the first one is disarmed: nothing falls between. */
  async #renew(): Promise<void> {
    const strings = new StringInterner();
    const options = sourceOptions(this.#options, this.#clocks, strings, this.#daemons);
    const next = await this.#kind.start(options);
    const end = await this.#source.stop();
    this.#addLosses(end);
    this.#source = next;
    this.#strings = strings;
    this.#events = new EventTable();
    this.#processes = this.#snapshot();
  }

  /** Of all sources, the running one too. */
  #lossesSoFar(): Loss[] {
    const sum = new Map(this.#losses);
    const running = this.#stopped ? [] : (this.#source.losses?.() ?? []);
    for (const { where, records } of running) sum.set(where, (sum.get(where) ?? 0) + records);
    return [...sum].map(([where, records]) => ({ where, records }));
  }

  #addLosses({ losses }: SourceEnd): void {
    for (const { where, records } of losses) {
      this.#losses.set(where, (this.#losses.get(where) ?? 0) + records);
    }
  }

  #fold(rows: readonly number[]): void {
    const events = this.#events;
    const known = new Map(this.#processes.map((each) => [each.pid, each]));
    for (const row of rows) {
      const kind = events.kind.at(row);
      const pid = events.pid.at(row);
      const tid = events.tid.at(row);
      const life = known.get(pid);
      if (kind === KIND.fork) {
        const childPid = events.value(row, 'child_pids');
        const childTid = events.value(row, 'child_tids');
        if (childPid !== pid) {
          known.set(childPid, {
            pid: childPid,
            parentPid: pid,
            comm: this.#strings.text(events.value(row, 'child_comms')),
            arguments: life?.arguments ?? [],
            start: events.time.at(row) as TraceTime,
            role: '',
            tids: [childTid],
          });
        } else if (life !== undefined) {
          known.set(pid, { ...life, tids: [...life.tids, childTid] });
        }
      } else if (kind === KIND.exit && life !== undefined) {
        if ((events.value(row, 'flags') & EXIT_FLAG.lastThread) !== 0) known.delete(pid);
        else known.set(pid, { ...life, tids: life.tids.filter((each) => each !== tid) });
      } else if (kind === KIND.exec && life !== undefined) {
        const argv = events.values(row, 'arguments').map((id) => this.#strings.text(id));
        known.set(pid, { ...life, arguments: argv, tids: [pid] });
      }
    }
    this.#processes = [...known.values()];
  }

  #header(): TraceHeader {
    const { host, engine, ditVersion, command, redact } = this.#options;
    return {
      versionMajor: 1,
      versionMinor: 0,
      traceId: randomBytes(16).toString('hex'),
      ditVersion,
      startNs: this.#clocks.monotonicNs,
      startRealtimeNs: this.#clocks.realtimeNs,
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
    const roles = new Map<number, string>(this.#daemons.map(({ pid, role }) => [pid, role]));
    const bootToTrace = this.#clocks.monotonicNs - this.#clocks.boottimeNs;
    const family = withDescendants(listProcesses(), roles.keys());
    return family.map((stat) => {
      if (!roles.has(stat.pid)) this.#source.follow({ pid: stat.pid, followChildren: true });
      const argv = processArguments(stat.pid);
      return {
        pid: stat.pid,
        parentPid: stat.parentPid,
        comm: stat.comm,
        arguments: this.#options.redact ? redactArguments(argv) : argv,
        start: this.#relative(BigInt(stat.startTicks) * BigInt(NS_PER_TICK) + bootToTrace),
        role: roles.get(stat.pid) ?? '',
        tids: threadIds(stat.pid),
      };
    });
  }

  #relative(absoluteNs: bigint): TraceTime {
    return Number(absoluteNs - this.#clocks.monotonicNs) as TraceTime;
  }
}

function sourceOptions(
  { host, redact, ringBytes }: HostRecorderOptions,
  clocks: ClockReading,
  strings: StringInterner,
  daemons: readonly Daemon[],
): SourceOptions {
  const family = withDescendants(
    listProcesses(),
    daemons.map(({ pid }) => pid),
  );
  return {
    machine: host.architecture,
    baseNs: clocks.monotonicNs,
    strings,
    redact,
    ringBytes,
    participants: family.map(({ pid }) => ({ pid, followChildren: true })),
    namedCallsOnly: true,
  };
}
