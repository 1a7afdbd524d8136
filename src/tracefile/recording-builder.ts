/** Collects what the frames of a trace file hold into a Recording, and what is wrong with them. */
import type { TraceTime } from '../base/time.js';
import { EventTable } from '../model/event-table.js';
import type {
  ApiMark,
  ClockSnapshot,
  Diagnostic,
  KnownProcess,
  LossReport,
  ReadProblem,
  Recording,
  TraceFooter,
  TraceHeader,
} from '../model/recording.js';
import { StringInterner } from '../model/strings.js';
import { decodeChunk } from './columns.js';
import type { Frame, Gap } from './frames.js';
import { relativeNs } from './instants.js';
import { type Charge, memoryBudget, OverBudgetError } from './memory-budget.js';
import { decodeMessage, type MessageOf, type MessageSchema } from './messages.js';
import {
  API_MARK,
  CLOCK_SNAPSHOT,
  DIAGNOSTIC,
  FOOTER,
  FRAME,
  HEADER,
  LOSS_REPORT,
  PROCESS_SNAPSHOT,
  STRING_TABLE,
} from './schema.js';
import { MalformedError, WIRE, WireReader } from './wire.js';

const KEPT_PROBLEMS = 20;
/** For the small frames behind events that did not fit: loss, diagnostics, footer. */
const RESERVE_BYTES = 16 << 20;
/** Memory that a string takes beside its characters, with its place in the table's map. */
const STRING_BYTES = 120;

export class RecordingBuilder {
  /** Of damaged bytes: what a gap in the string ids may be explained by. */
  #skippedBytes = 0;
  readonly #header: TraceHeader;
  readonly #charge: Charge;
  readonly #strings = new StringInterner();
  readonly #events = new EventTable();
  readonly #clocks: ClockSnapshot[] = [];
  readonly #marks: ApiMark[] = [];
  readonly #processes: KnownProcess[] = [];
  readonly #diagnostics: Diagnostic[] = [];
  #loss: LossReport | undefined;
  #footer: TraceFooter | undefined;
  readonly #problems: ReadProblem[] = [];
  #furtherProblems = 0;
  #unknownFrames = 0;
  /** The budget is used up: no more events and strings, but what is small and says how it ended. */
  #full = false;
  readonly #reserve = memoryBudget(RESERVE_BYTES);
  #unknownEvents = 0;

  constructor(header: TraceHeader, charge: Charge) {
    this.#header = header;
    this.#charge = charge;
  }

  problem(offset: number, message: string): void {
    if (this.#problems.length < KEPT_PROBLEMS) this.#problems.push({ offset, message });
    else this.#furtherProblems++;
  }

  gap(gap: Gap): void {
    const bytes = gap.end - gap.offset;
    this.#skippedBytes += bytes;
    this.problem(gap.offset, `${gap.reason}; ${bytes} bytes are skipped`);
  }

  /** Takes in one frame; false: nothing after it may be read. */
  add(frame: Frame): boolean {
    try {
      return this.#decode(frame);
    } catch (error) {
      if (error instanceof OverBudgetError) {
        if (this.#full) return false;
        this.#full = true;
        this.problem(
          frame.offset,
          `the events from here on would take ${error.message} of memory; not read`,
        );
        return true;
      }
      if (!(error instanceof MalformedError)) throw error;
      this.#skippedBytes += frame.end - frame.offset;
      this.problem(frame.offset, `a frame is malformed and skipped: ${error.message}`);
      return true;
    }
  }

  #decode(frame: Frame): boolean {
    const { body } = frame;
    const { startNs: baseNs, startRealtimeNs } = this.#header;
    const relative = (instant: bigint): TraceTime => relativeNs(baseNs, instant);
    if (this.#full && (frame.field === FRAME.events || frame.field === FRAME.strings)) return true;
    if (frame.field === FRAME.events) {
      this.#unknownEvents += decodeChunk(body, this.#events, baseNs, this.#charge).unknown;
      return true;
    }
    if (frame.field === FRAME.strings) {
      this.#addStrings(body);
      return true;
    }
    const read = <S extends MessageSchema>(schema: S): MessageOf<S> =>
      decodeMessage(new WireReader(body), schema, this.#full ? this.#reserve : this.#charge);
    switch (frame.field) {
      case FRAME.header:
        return this.#secondHeader(frame.offset, read(HEADER));
      case FRAME.clock: {
        const clock = read(CLOCK_SNAPSHOT);
        this.#clocks.push({
          trace: relative(clock.traceNs),
          realtimeOffset: relativeNs(startRealtimeNs, clock.realtimeNs),
          boottimeOffset: relativeNs(clock.traceNs, clock.boottimeNs),
          uncertaintyNs: clock.uncertaintyNs,
        });
        return true;
      }
      case FRAME.mark: {
        const { startNs, endNs, ...mark } = read(API_MARK);
        const end = endNs === 0n ? undefined : relative(endNs);
        this.#marks.push({ ...mark, start: relative(startNs), end });
        return true;
      }
      case FRAME.processes:
        for (const { startNs, ...process } of read(PROCESS_SNAPSHOT).processes) {
          this.#processes.push({ ...process, start: relative(startNs) });
        }
        return true;
      case FRAME.loss: {
        const { atNs, losses } = read(LOSS_REPORT);
        this.#loss = { at: relative(atNs), losses };
        return true;
      }
      case FRAME.diagnostic: {
        const { atNs, ...diagnostic } = read(DIAGNOSTIC);
        this.#diagnostics.push({ ...diagnostic, at: relative(atNs) });
        return true;
      }
      case FRAME.footer: {
        const { endNs, ...footer } = read(FOOTER);
        this.#footer = { ...footer, end: relative(endNs) };
        return true;
      }
      default:
        this.#unknownFrames++;
        return true;
    }
  }

  /** Two traces in one file: the ids of the second's strings would name the first's. */
  #secondHeader(offset: number, header: TraceHeader): boolean {
    if (header.versionMajor === 0 || header.traceId === '') {
      throw new MalformedError('it is a second header');
    }
    this.problem(offset, 'another trace begins here; it is not read');
    return false;
  }

  #addStrings(body: Uint8Array): void {
    const { ranges, firstId } = readStringTable(body, this.#charge);
    const strings = this.#strings;
    const next = strings.size;
    const missing = firstId === 0 ? 0 : firstId - next;
    if (missing < 0) throw new MalformedError(`its strings begin at id ${firstId}, already taken`);
    if (missing * MIN_STRING_BYTES > this.#skippedBytes) {
      throw new MalformedError(`its strings begin at id ${firstId}, ${missing} too far`);
    }
    this.#charge(missing * STRING_BYTES + body.length * 2);
    for (let i = 0; i < missing; i++) strings.append('');
    const bytes = Buffer.from(body.buffer, body.byteOffset, body.length);
    for (let i = 0; i < ranges.length; i += 2)
      strings.append(bytes.toString('utf8', ranges[i], ranges[i + 1]));
  }

  build(bytes: number): Recording {
    const problems = [...this.#problems];
    const note = (message: string): void => {
      problems.push({ offset: bytes, message });
    };
    if (this.#furtherProblems > 0) note(`${this.#furtherProblems} further problems`);
    if (this.#unknownEvents > 0) {
      note(`${this.#unknownEvents} events are of kinds that this dit does not know; left out`);
    }
    const events = this.#events.length + this.#unknownEvents;
    if (this.#footer !== undefined && this.#footer.events !== events) {
      note(`${this.#footer.events} events were written, ${events} could be read`);
    }
    return {
      header: this.#header,
      clocks: this.#clocks,
      strings: this.#strings,
      events: this.#events,
      marks: this.#marks,
      processes: this.#processes,
      loss: this.#loss,
      diagnostics: this.#diagnostics,
      footer: this.#footer,
      problems,
      unknownFrames: this.#unknownFrames,
      bytes,
    };
  }
}

/** A string takes a tag and a length on the wire. */
const MIN_STRING_BYTES = 2;

/** Where the strings of a StringTable lie in it: pairs of start and end. */
function readStringTable(body: Uint8Array, charge: Charge): { ranges: number[]; firstId: number } {
  const reader = new WireReader(body);
  const ranges: number[] = [];
  let firstId = 0;
  while (!reader.done) {
    const tag = reader.varint();
    if (tag === STRING_TABLE.values * 8 + WIRE.bytes) {
      charge(STRING_BYTES);
      const end = reader.lengthDelimited();
      ranges.push(reader.position, end);
      reader.position = end;
    } else if (tag === STRING_TABLE.firstId * 8 + WIRE.varint) firstId = reader.varint();
    else reader.skip(tag % 8);
  }
  return { ranges, firstId };
}
