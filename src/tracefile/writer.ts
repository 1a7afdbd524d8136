/**
 * Writes a trace file as it is recorded: every call appends whole frames, each with one write.
 *
 * A write that fails throws DitError `trace-unwritable`, once; from then on the writer is `failed` and
 * its calls do nothing, so that the recording can be cleaned up like any other. What was written before
 * stays readable.
 */
import { raw } from '../base/foreign.js';
import type { TraceTime } from '../base/time.js';
import type { EventTable } from '../model/recording/event-table.js';
import type {
  ApiMark,
  ClockSnapshot,
  Diagnostic,
  KnownProcess,
  LossReport,
  TraceFooter,
  TraceHeader,
} from '../model/recording/recording.js';
import type { StringInterner } from '../model/recording/strings.js';
import { encodeChunk } from './columns.js';
import { absoluteNs, signedAbsoluteNs } from './instants.js';
import { encodeMessage, type MessageOf, type MessageSchema } from './messages.js';
import {
  API_MARK,
  CHUNK_EVENTS,
  CLOCK_SNAPSHOT,
  DIAGNOSTIC,
  FOOTER,
  FRAME,
  FRAMES_FIELD,
  HEADER,
  LOSS_REPORT,
  PROCESS_SNAPSHOT,
  STRING_TABLE,
  VERSION_MAJOR,
  VERSION_MINOR,
} from './schema.js';
import { type FileSinkOptions, fileSink, type TraceSink } from './trace-sink.js';
import { WIRE, WireWriter } from './wire.js';

/** Text in one StringTable frame, in UTF-16 units: keeps frames small enough to write often. */
const STRINGS_FRAME_UNITS = 1 << 20;

/** What the caller of header() says; the version is the writer's. */
export type NewTraceHeader = Omit<TraceHeader, 'versionMajor' | 'versionMinor'>;

export class TraceFileWriter {
  readonly #sink: TraceSink;
  readonly #wire = new WireWriter();
  #header: NewTraceHeader | undefined;
  /** Size of the interner when its strings were last written; id 0 is never written. */
  #writtenStrings = 1;
  #events = 0;
  #failed = false;
  #closed = false;
  #ended = false;

  /** @param target a path, where a file of mode 0600 is made, or a sink. */
  constructor(target: string | TraceSink, options: FileSinkOptions = {}) {
    this.#sink = typeof target === 'string' ? fileSink(target, options) : target;
  }

  /** A write has failed; nothing more is written. */
  get failed(): boolean {
    return this.#failed;
  }

  /** Events written so far: Footer.events. */
  get eventCount(): number {
    return this.#events;
  }

  /** Once, before anything else: the other frames' times are relative to header.startNs. */
  header(header: NewTraceHeader): void {
    this.#header = header;
    const version = { versionMajor: VERSION_MAJOR, versionMinor: VERSION_MINOR };
    this.#message(FRAME.header, HEADER, { ...header, ...version });
  }

  clock(snapshot: ClockSnapshot): void {
    const traceNs = this.#absolute(snapshot.trace);
    this.#message(FRAME.clock, CLOCK_SNAPSHOT, {
      traceNs,
      realtimeNs: signedAbsoluteNs(this.#base().startRealtimeNs, snapshot.realtimeOffset),
      boottimeNs: absoluteNs(traceNs, snapshot.boottimeOffset),
      uncertaintyNs: snapshot.uncertaintyNs,
    });
  }

  mark({ start, end, ...mark }: ApiMark): void {
    const endNs = end === undefined ? 0n : this.#absolute(end);
    this.#message(FRAME.mark, API_MARK, { ...mark, startNs: this.#absolute(start), endNs });
  }

  processes(taken: TraceTime, processes: readonly KnownProcess[]): void {
    this.#message(FRAME.processes, PROCESS_SNAPSHOT, {
      takenNs: this.#absolute(taken),
      processes: processes.map(({ start, ...process }) => ({
        ...process,
        startNs: this.#absolute(start),
      })),
    });
  }

  /** The table's events [from, to), after the strings that were interned since the last call. */
  events(table: EventTable, from: number, to: number, interner: StringInterner): void {
    this.#strings(interner);
    const { startNs } = this.#base();
    for (let start = from; start < to && !this.#failed; start += CHUNK_EVENTS) {
      const end = Math.min(start + CHUNK_EVENTS, to);
      this.#frame(FRAME.events, (wire) => encodeChunk(wire, table, start, end, startNs));
      this.#events += end - start;
    }
  }

  loss(report: LossReport): void {
    const { at, losses } = report;
    this.#message(FRAME.loss, LOSS_REPORT, { atNs: this.#absolute(at), losses });
  }

  diagnostic({ at, ...diagnostic }: Diagnostic): void {
    this.#message(FRAME.diagnostic, DIAGNOSTIC, { ...diagnostic, atNs: this.#absolute(at) });
  }

  /** The last frame: one more would be about something that the recording does not hold. */
  footer({ end, ...footer }: TraceFooter): void {
    this.#message(FRAME.footer, FOOTER, { ...footer, endNs: this.#absolute(end) });
    this.#ended = true;
  }

  /** Closes the file; a second call does nothing. A file that holds no frame is removed. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#sink.close();
  }

  /** In place of `close`: of what was written nothing stays. */
  discard(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#sink.discard === undefined) this.#sink.close();
    else this.#sink.discard();
  }

  #base(): NewTraceHeader {
    if (this.#header === undefined) throw new Error('the header comes first');
    return this.#header;
  }

  #absolute(instant: TraceTime): bigint {
    return absoluteNs(this.#base().startNs, instant);
  }

  #strings(interner: StringInterner): void {
    let texts = interner.since(this.#writtenStrings);
    while (texts.length > 0 && !this.#failed) {
      let count = 0;
      for (let units = 0; count < texts.length && units < STRINGS_FRAME_UNITS; count++) {
        units += texts[count]?.length ?? 0;
      }
      const batch = texts.slice(0, count);
      texts = texts.slice(count);
      this.#frame(FRAME.strings, (wire) => {
        wire.tag(STRING_TABLE.firstId, WIRE.varint);
        wire.varint(this.#writtenStrings);
        for (const text of batch) wire.text(STRING_TABLE.values, raw(text));
      });
      this.#writtenStrings += count;
    }
  }

  #message<S extends MessageSchema>(field: number, schema: S, value: MessageOf<S>): void {
    this.#frame(field, (wire) => encodeMessage(wire, schema, value));
  }

  #frame(field: number, encode: (wire: WireWriter) => void): void {
    if (this.#failed || this.#closed) return;
    if (this.#ended) throw new Error('the footer is the last frame');
    const wire = this.#wire;
    wire.clear();
    const frame = wire.begin(FRAMES_FIELD);
    const body = wire.begin(field);
    encode(wire);
    wire.end(body);
    wire.end(frame);
    try {
      this.#sink.write(wire.written());
    } catch (error) {
      this.#failed = true;
      throw error;
    }
  }
}
