/**
 * A live recording: source and trace file together. What comes in is written every FLUSH_EVERY_MS; while a start is
 * under way it is held, HOLD_MS and HOLD_BYTES at most.
 */

import { randomBytes } from 'node:crypto';
import { DitError } from '../../base/errors.js';
import { type Foreign, raw } from '../../base/foreign.js';
import type { TraceTime } from '../../base/time.js';
import type { Daemon } from '../../engine/daemons.js';
import type { RawMark } from '../../engine/marks.js';
import { EventTable } from '../../model/recording/event-table.js';
import {
  type EngineInfo,
  type HostInfo,
  type KnownProcess,
  recordsLost,
  type TargetInfo,
  type TraceFooter,
} from '../../model/recording/recording.js';
import { StringInterner } from '../../model/recording/strings.js';
import { type ClockReading, readClocks } from '../../platform/clocks.js';
import {
  listProcesses,
  NS_PER_TICK,
  processArguments,
  threadIds,
  withDescendants,
} from '../../platform/processes/process-table.js';
import type { TraceFileWriter } from '../../tracefile/writer.js';
import { REDACTED, redactArguments } from '../source/redact.js';
import type { Participant, RecordingSource } from '../source/source.js';
import { type SourceKind, type SourceRefusal, startFirst } from '../sources.js';
import { clockSnapshot } from './clock-snapshot.js';
import { knownRoles } from './known-roles.js';

/** The thread that sends the requests. */
const CLIENT: Participant = { pid: process.pid, onlyTid: process.pid, followChildren: false };

/**
 * How often batches are decoded and written. Not at once: a start takes some hundred milliseconds, and
 * decoding would compete with it for the CPU.
 */
const FLUSH_EVERY_MS = 500;

/** Beyond these limits, events are written while the start is still under way. */
const HOLD_MS = 5_000;
const HOLD_BYTES = 64 << 20;

export interface RecorderOptions {
  /** The first that can be started is used. */
  readonly sources: readonly SourceKind[];
  /** Better sources that could not be used, known beforehand. */
  readonly refusals: readonly SourceRefusal[];
  /** A better source could not be started. */
  readonly onRefusal: (refusal: SourceRefusal) => void;
  readonly writer: TraceFileWriter;
  readonly ditVersion: string;
  readonly host: HostInfo;
  readonly engine: EngineInfo;
  readonly target: TargetInfo;
  readonly command: readonly string[];
  readonly redact: boolean;
  readonly ringBytes: number;
  /** Whose work is recorded, with their descendants; asked for only where the source sees the kernel. */
  readonly daemons: () => readonly Daemon[];
  /** This process's main thread is the engine's client. */
  readonly isClient: boolean;
  /** The file cannot be written any more; what was written is readable. */
  readonly onUnwritable: (error: DitError) => void;
}

export interface RecordingSummary {
  readonly events: number;
  readonly lost: number;
  readonly malformed: number;
}

export class TraceRecorder {
  readonly traceId: string;
  readonly #options: RecorderOptions;
  readonly #writer: TraceFileWriter;
  readonly #strings: StringInterner;
  readonly #kind: SourceKind;
  readonly #source: RecordingSource;
  readonly #baseNs: bigint;
  readonly #baseClocks: ClockReading;
  readonly #cpuAtStart = process.cpuUsage();
  readonly #timer: NodeJS.Timeout;
  /** When the measured start began, performance.now(); undefined: none is under way. */
  #heldSince: number | undefined;
  #events = 0;
  #malformed = 0;
  /** The footer is written: what comes now belongs to no recording. */
  #finished = false;

  /**
   * Arms the probes, then writes header, clocks and the processes that were there. When it resolves,
   * every link is attached and the participants are followed.
   * @throws DitError of the source or of the writer; nothing stays attached then.
   */
  static async start(options: RecorderOptions): Promise<TraceRecorder> {
    const strings = new StringInterner();
    const clocks = readClocks();
    const { kind, source, refusals } = await startFirst(options.sources, (kind) => ({
      machine: raw(options.host.architecture),
      baseNs: clocks.monotonicNs,
      strings,
      redact: options.redact,
      ringBytes: options.ringBytes,
      participants: kind.seesKernel ? participantsOf(options, kind) : [],
    }));
    for (const refusal of refusals) options.onRefusal(refusal);
    try {
      const recorder = new TraceRecorder(options, kind, source, strings, clocks);
      for (const { source: name, error } of [...options.refusals, ...refusals]) {
        recorder.diagnostic('source-refused', `${name}: ${error.message}`, error.remedy);
      }
      return recorder;
    } catch (error) {
      void source.stop();
      throw error;
    }
  }

  private constructor(
    options: RecorderOptions,
    kind: SourceKind,
    source: RecordingSource,
    strings: StringInterner,
    clocks: ClockReading,
  ) {
    this.#options = options;
    this.#kind = kind;
    this.#source = source;
    this.#strings = strings;
    this.#writer = options.writer;
    this.traceId = randomBytes(16).toString('hex');
    this.#baseClocks = clocks;
    this.#baseNs = clocks.monotonicNs;
    this.#writeBeginning();
    this.#timer = setInterval(() => {
      if (!this.#holds()) this.#flush();
    }, FLUSH_EVERY_MS);
    this.#timer.unref();
  }

  /**
   * Follows the client from now on: this process's JavaScript thread, not the pump beside it. Until `startIsOver()` this thread is part of what is measured, so nothing is
   * decoded on it unless it must be.
   */
  followClient(): void {
    this.#heldSince = performance.now();
    if (this.#kind.followsLater) this.#source.follow(CLIENT);
  }

  startIsOver(): void {
    this.#heldSince = undefined;
  }

  /** CLOCK_REALTIME to absolute trace clock, by the snapshot at the start. */
  readonly fromRealtime = (realtimeNs: bigint): bigint =>
    realtimeNs - this.#baseClocks.realtimeNs + this.#baseClocks.monotonicNs;

  readonly mark = (mark: RawMark): void => {
    this.#write(() =>
      this.#writer.mark({
        name: mark.name,
        start: this.#relative(mark.startNs),
        end: mark.endNs === undefined ? undefined : this.#relative(mark.endNs),
        containerId: mark.containerId ?? '',
        status: mark.status ?? 0,
        error: this.#said(mark.error ?? ''),
        wallClock: mark.wallClock ?? false,
        detail: new Map(Object.entries(mark.detail ?? {})),
      }),
    );
  };

  diagnostic(code: string, message: Foreign, remedy: Foreign = ''): void {
    this.#write(() =>
      this.#writer.diagnostic({
        at: this.#relative(process.hrtime.bigint()),
        code,
        message: this.#said(message),
        remedy,
      }),
    );
  }

  /** Disarms, drains, writes the end. The writer stays the caller's to close. */
  async finish(outcome: TraceFooter['outcome'], failure: string): Promise<RecordingSummary> {
    clearInterval(this.#timer);
    const { losses, disarmNs, notes = [] } = await this.#source.stop();
    this.#flush();
    for (const { code, message, remedy } of notes) this.diagnostic(code, message, remedy);
    const end = this.#relative(process.hrtime.bigint());
    const cpu = process.cpuUsage(this.#cpuAtStart);
    this.#write(() => {
      this.#writer.clock(clockSnapshot(readClocks(), this.#baseClocks));
      this.#writer.loss({ at: end, losses });
      this.#writer.footer({
        end,
        outcome,
        failure: this.#said(failure),
        events: this.#events,
        malformed: this.#malformed,
        disarmNs,
        recorderCpuNs: (cpu.user + cpu.system) * 1000,
      });
    });
    this.#finished = true;
    return {
      events: this.#events,
      malformed: this.#malformed,
      lost: recordsLost(losses),
    };
  }

  #writeBeginning(): void {
    const { host, engine, target, command, redact, ditVersion } = this.#options;
    this.#writer.header({
      traceId: this.traceId,
      ditVersion,
      startNs: this.#baseNs,
      startRealtimeNs: this.#baseClocks.realtimeNs,
      host: redact ? { ...host, hostname: '' } : host,
      engine,
      source: this.#source.info,
      target: redact ? { ...target, command: [] } : target,
      redacted: redact,
      command: redact ? [] : command,
    });
    this.#writer.clock(clockSnapshot(this.#baseClocks, this.#baseClocks));
    const taken = this.#relative(process.hrtime.bigint());
    this.#writer.processes(taken, this.#knownProcesses());
  }

  /** Participants and their descendants, which are followed from now on too. */
  #knownProcesses(): KnownProcess[] {
    if (!this.#kind.seesKernel) return [];
    const { redact } = this.#options;
    const daemons = this.#options.daemons();
    const roles = new Map(daemons.map(({ pid, role }) => [pid, role]));
    const bootToTrace = this.#baseClocks.monotonicNs - this.#baseClocks.boottimeNs;
    const processes = listProcesses();
    const family = withDescendants(processes, roles.keys());
    const roleOf = knownRoles(family, roles);
    // Those that came before the probes were armed.
    for (const { pid } of family) this.#source.follow({ pid, followChildren: true });
    const client = processes.filter(({ pid }) => this.#options.isClient && pid === process.pid);
    return [...client, ...family].map((stat) => {
      const argv = stat.pid === process.pid ? this.#options.command : processArguments(stat.pid);
      const startNs = BigInt(stat.startTicks) * BigInt(NS_PER_TICK) + bootToTrace;
      return {
        pid: stat.pid,
        parentPid: stat.parentPid,
        comm: stat.comm,
        arguments: redact ? redactArguments(argv) : argv,
        start: this.#relative(startNs),
        role: stat.pid === process.pid ? 'client' : roleOf(stat.pid),
        // The client's other threads are not followed, but a wait for one of them is the client's.
        tids: threadIds(stat.pid),
      };
    });
  }

  #holds(): boolean {
    if (this.#heldSince === undefined) return false;
    const waited = performance.now() - this.#heldSince;
    return waited < HOLD_MS && this.#source.pendingBytes < HOLD_BYTES;
  }

  #flush(): void {
    const table = new EventTable();
    this.#source.drain(table);
    if (table.length === 0) return;
    this.#events += table.length;
    this.#malformed += table.count('malformed');
    this.#write(() => this.#writer.events(table, 0, table.length, this.#strings));
  }

  /** The writer throws once and is silent from then on: the recording goes on to its clean-up. */
  #write(append: () => void): void {
    if (this.#finished) return;
    try {
      append();
    } catch (error) {
      if (!(error instanceof DitError)) throw error;
      this.#options.onUnwritable(error);
    }
  }

  /** An engine's message quotes whatever it was given: commands, variables, paths. */
  #said(text: Foreign): Foreign {
    return this.#options.redact && text !== '' ? REDACTED : text;
  }

  #relative(absoluteNs: bigint): TraceTime {
    return Number(absoluteNs - this.#baseNs) as TraceTime;
  }
}

function participantsOf(options: RecorderOptions, kind: SourceKind): Participant[] {
  const roots = options.daemons().map(({ pid }) => pid);
  const family = withDescendants(listProcesses(), roots);
  const takesClientNow = options.isClient && !kind.followsLater;
  return [
    ...family.map(({ pid }) => ({ pid, followChildren: true })),
    ...(takesClientNow ? [CLIENT] : []),
  ];
}
