/**
 * A live recording: source, decoder and trace file together. Everything that comes in is on disk within
 * FLUSH_EVERY_MS; memory holds no more than that and what the ring delivers at once.
 */
import { randomBytes } from 'node:crypto';
import { DitError } from '../base/errors.js';
import type { TraceTime } from '../base/time.js';
import { EventTable } from '../model/event-table.js';
import type {
  ClockSnapshot,
  EngineInfo,
  HostInfo,
  KnownProcess,
  TargetInfo,
  TraceFooter,
} from '../model/recording.js';
import { StringInterner } from '../model/strings.js';
import {
  listProcesses,
  NS_PER_TICK,
  processArguments,
  threadIds,
  withDescendants,
} from '../platform/process-table.js';
import type { RawMark } from '../sources/docker/marks.js';
import { type ClockReading, loadAddon } from '../sources/ebpf/addon.js';
import { RecordDecoder } from '../sources/ebpf/decode.js';
import { EbpfSource } from '../sources/ebpf/ebpf-source.js';
import { REDACTED, redactArguments } from '../sources/redact.js';
import type { TraceFileWriter } from '../tracefile/writer.js';
import type { Daemon } from './participants.js';

/**
 * How often batches are decoded and written. Not at once: a start takes some hundred milliseconds, and
 * decoding would compete with it for the CPU.
 */
const FLUSH_EVERY_MS = 500;

/** A start that takes longer, or a machine that says more, is written meanwhile. */
const HOLD_MS = 5_000;
const HOLD_BYTES = 64 << 20;

export interface RecorderOptions {
  readonly writer: TraceFileWriter;
  readonly ditVersion: string;
  readonly host: HostInfo;
  readonly engine: EngineInfo;
  readonly target: TargetInfo;
  readonly command: readonly string[];
  readonly redact: boolean;
  readonly ringBytes: number;
  /** The engine's processes; the client is this process's main thread. */
  readonly daemons: readonly Daemon[];
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
  readonly #strings = new StringInterner();
  readonly #source: EbpfSource;
  readonly #decoder: RecordDecoder;
  readonly #baseNs: bigint;
  readonly #baseClocks: ClockReading;
  readonly #cpuAtStart = process.cpuUsage();
  readonly #timer: NodeJS.Timeout;
  readonly #batches: Uint8Array[] = [];
  /** When the measured start began, performance.now(); undefined: none is under way. */
  #heldSince: number | undefined;
  #events = 0;
  #malformed = 0;

  /**
   * Arms the probes, then writes header, clocks and the processes that were there. When it returns,
   * every link is attached and the participants are followed.
   * @throws DitError of the source or of the writer; nothing stays attached then.
   */
  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#writer = options.writer;
    this.traceId = randomBytes(16).toString('hex');
    this.#baseClocks = loadAddon().readClocks();
    this.#baseNs = this.#baseClocks.monotonicNs;
    this.#decoder = new RecordDecoder({
      machine: options.host.architecture,
      baseNs: this.#baseNs,
      strings: this.#strings,
      redact: options.redact,
    });
    this.#source = EbpfSource.start({
      machine: options.host.architecture,
      ringBytes: options.ringBytes,
      onBatch: (batch) => this.#batches.push(batch),
    });
    try {
      this.#follow();
      this.#writeBeginning();
    } catch (error) {
      void this.#source.stop();
      throw error;
    }
    this.#timer = setInterval(() => {
      if (!this.#holds()) this.#flush();
    }, FLUSH_EVERY_MS);
    this.#timer.unref();
  }

  /**
   * Follows the client from now on: this process's JavaScript thread, not the pump beside it. Until
   * `startIsOver()` that thread is part of what is measured, so nothing is decoded on it unless it must be.
   */
  followClient(): void {
    this.#heldSince = performance.now();
    this.#source.follow({ pid: process.pid, onlyTid: process.pid, followChildren: false });
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
        detail: mark.detail ?? {},
      }),
    );
  };

  diagnostic(code: string, message: string, remedy = ''): void {
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
    const { losses, disarmNs } = await this.#source.stop();
    this.#flush({ last: true });
    const end = this.#relative(process.hrtime.bigint());
    const cpu = process.cpuUsage(this.#cpuAtStart);
    this.#write(() => {
      this.#writer.clock(this.#clockSnapshot(loadAddon().readClocks()));
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
    return {
      events: this.#events,
      malformed: this.#malformed,
      lost: losses.reduce((sum, { records }) => sum + records, 0),
    };
  }

  #follow(): void {
    for (const { pid } of this.#options.daemons) {
      this.#source.follow({ pid, followChildren: true });
    }
  }

  #writeBeginning(): void {
    const { host, engine, target, command, redact, ditVersion, ringBytes } = this.#options;
    this.#writer.header({
      traceId: this.traceId,
      ditVersion,
      startNs: this.#baseNs,
      startRealtimeNs: this.#baseClocks.realtimeNs,
      host: redact ? { ...host, hostname: '' } : host,
      engine,
      source: {
        name: 'ebpf',
        probes: this.#source.probes,
        perturbed: false,
        perturbation: '',
        ringBytes,
      },
      target: redact ? { ...target, command: [] } : target,
      redacted: redact,
      command: redact ? [] : command,
    });
    this.#writer.clock(this.#clockSnapshot(this.#baseClocks));
    const taken = this.#relative(process.hrtime.bigint());
    this.#writer.processes(taken, this.#knownProcesses());
  }

  /** Participants and their descendants, which are followed from now on too. */
  #knownProcesses(): KnownProcess[] {
    const { daemons, redact } = this.#options;
    const roles = new Map<number, string>(daemons.map(({ pid, role }) => [pid, role]));
    const bootToTrace = this.#baseClocks.monotonicNs - this.#baseClocks.boottimeNs;
    const family = withDescendants(listProcesses(), roles.keys());
    for (const { pid } of family) {
      if (!roles.has(pid)) this.#source.follow({ pid, followChildren: true });
    }
    const client = listProcesses().filter(({ pid }) => pid === process.pid);
    return [...client, ...family].map((stat) => {
      const argv = stat.pid === process.pid ? this.#options.command : processArguments(stat.pid);
      const startNs = BigInt(stat.startTicks) * BigInt(NS_PER_TICK) + bootToTrace;
      return {
        pid: stat.pid,
        parentPid: stat.parentPid,
        comm: stat.comm,
        arguments: redact ? redactArguments(argv) : argv,
        start: this.#relative(startNs),
        role: stat.pid === process.pid ? 'client' : (roles.get(stat.pid) ?? ''),
        // The client's other threads are not followed, but a wait for one of them is the client's.
        tids: threadIds(stat.pid),
      };
    });
  }

  #holds(): boolean {
    if (this.#heldSince === undefined) return false;
    const bytes = this.#batches.reduce((sum, batch) => sum + batch.byteLength, 0);
    return performance.now() - this.#heldSince < HOLD_MS && bytes < HOLD_BYTES;
  }

  #flush({ last = false } = {}): void {
    const table = new EventTable();
    for (const batch of this.#batches.splice(0)) this.#decoder.decode(batch, table);
    if (last) this.#decoder.finish(table);
    if (table.length === 0) return;
    this.#events += table.length;
    this.#malformed += table.count('malformed');
    this.#write(() => this.#writer.events(table, 0, table.length, this.#strings));
  }

  /** The writer throws once and is silent from then on: the recording goes on to its clean-up. */
  #write(append: () => void): void {
    try {
      append();
    } catch (error) {
      if (!(error instanceof DitError)) throw error;
      this.#options.onUnwritable(error);
    }
  }

  #clockSnapshot(reading: ClockReading): ClockSnapshot {
    return {
      trace: this.#relative(reading.monotonicNs),
      realtimeOffset: Number(reading.realtimeNs - this.#baseClocks.realtimeNs),
      boottimeOffset: Number(reading.boottimeNs - reading.monotonicNs),
      uncertaintyNs: Number(reading.uncertaintyNs),
    };
  }

  /** An engine's message quotes whatever it was given: commands, variables, paths. */
  #said(text: string): string {
    return this.#options.redact && text !== '' ? REDACTED : text;
  }

  #relative(absoluteNs: bigint): TraceTime {
    return Number(absoluteNs - this.#baseNs) as TraceTime;
  }
}
