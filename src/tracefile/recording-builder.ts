/** Collects what the frames of a trace file hold into a Recording, and what is wrong with them. */
import { type Foreign, raw } from '../base/foreign.js';
import type { TraceTime } from '../base/time.js';
import { EventTable } from '../model/recording/event-table.js';
import {
  type ApiMark,
  type ClockSnapshot,
  type Diagnostic,
  type KnownProcess,
  type LossReport,
  OUTCOMES,
  PROCESS_ROLES,
  type ReadProblem,
  type Recording,
  type TraceFooter,
  type TraceHeader,
} from '../model/recording/recording.js';
import { StringInterner } from '../model/recording/strings.js';
import { decodeChunk } from './columns.js';
import type { Frame, Gap } from './frames.js';
import { relativeNs } from './instants.js';
import {
  COMM_CHARACTERS,
  cutText,
  MOST_OF_A_KIND,
  REFERRED_CHARACTERS,
  TEXT_CHARACTERS,
} from './limits.js';
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

/** linux/threads.h: PID_MAX_LIMIT is far below. */
const LARGEST_PID = 2 ** 31 - 1;

const KEPT_PROBLEMS = 20;
/** For the small frames behind events that did not fit: loss, diagnostics, footer. */
const RESERVE_BYTES = 16 << 20;
/** Memory that a string takes beside its characters, with its place in the table's map. */
const STRING_BYTES = 120;

type SnapshotProcess = MessageOf<typeof PROCESS_SNAPSHOT>['processes'][number];

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
  #unread = '';
  /** Characters that events may still refer to. */
  #referable = REFERRED_CHARACTERS;
  /** What was not taken as it stands in the file, by what it is. */
  readonly #refused = new Map<string, number>();

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
    if (!gap.truncated) this.#unread ||= DAMAGED;
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
        this.#unread = `its events take ${error.message} of memory`;
        this.problem(
          frame.offset,
          `the events from here on would take ${error.message} of memory; not read`,
        );
        return true;
      }
      if (!(error instanceof MalformedError)) throw error;
      this.#skippedBytes += frame.end - frame.offset;
      this.#unread ||= DAMAGED;
      this.problem(frame.offset, `a frame is malformed and skipped: ${error.message}`);
      return true;
    }
  }

  #decode(frame: Frame): boolean {
    if (frame.field === FRAME.events || frame.field === FRAME.strings) {
      if (this.#full) return true;
      if (frame.field === FRAME.events) this.#addEvents(frame.body);
      else this.#addStrings(frame.body);
      return true;
    }
    const kept = this.#keptOf(frame.field);
    if (kept !== undefined && kept.items.length >= MOST_OF_A_KIND) {
      this.#leaveOut(kept.what);
      return true;
    }
    const read = <S extends MessageSchema>(schema: S): MessageOf<S> =>
      decodeMessage(new WireReader(frame.body), schema, this.#full ? this.#reserve : this.#charge);
    if (frame.field === FRAME.header) return this.#secondHeader(frame.offset, read(HEADER));
    this.#addMessage(frame.field, read);
    return true;
  }

  #addEvents(body: Uint8Array): void {
    const textOf = (id: number, isName: boolean): number => this.#referTo(id, isName);
    const base = this.#header.startNs;
    const { unknown, spoilt } = decodeChunk(body, this.#events, base, this.#charge, textOf);
    this.#unknownEvents += unknown;
    this.#refuse(spoilt, 'events hold a number that makes no sense; taken for malformed ones');
  }

  /** All that is one small message. */
  #addMessage(field: number, read: <S extends MessageSchema>(schema: S) => MessageOf<S>): void {
    const { startNs: baseNs, startRealtimeNs } = this.#header;
    const relative = (instant: bigint): TraceTime => within(relativeNs(baseNs, instant));
    switch (field) {
      case FRAME.clock: {
        const clock = read(CLOCK_SNAPSHOT);
        this.#keep(this.#clocks, 'clock readings', {
          trace: relative(clock.traceNs),
          realtimeOffset: within(relativeNs(startRealtimeNs, clock.realtimeNs)),
          boottimeOffset: within(relativeNs(clock.traceNs, clock.boottimeNs)),
          uncertaintyNs: clock.uncertaintyNs,
        });
        break;
      }
      case FRAME.mark: {
        const { startNs, endNs, ...mark } = read(API_MARK);
        const end = endNs === 0n ? undefined : relative(endNs);
        const detail = this.#detail(mark.detail);
        this.#keep(this.#marks, 'marks', { ...mark, detail, start: relative(startNs), end });
        break;
      }
      case FRAME.processes:
        for (const process of read(PROCESS_SNAPSHOT).processes) {
          this.#addProcess(process, relative(process.startNs));
        }
        break;
      case FRAME.loss: {
        const { atNs, losses } = read(LOSS_REPORT);
        this.#loss = { at: relative(atNs), losses };
        break;
      }
      case FRAME.diagnostic: {
        const { atNs, ...diagnostic } = read(DIAGNOSTIC);
        this.#keep(this.#diagnostics, 'diagnostics', { ...diagnostic, at: relative(atNs) });
        break;
      }
      case FRAME.footer: {
        const { endNs, ...footer } = read(FOOTER);
        const outcome = this.#oneOf(OUTCOMES, footer.outcome, 'recordings have an unknown outcome');
        this.#footer = { ...footer, outcome, end: relative(endNs) };
        break;
      }
      default:
        this.#unknownFrames++;
    }
  }

  #addProcess(read: SnapshotProcess, start: TraceTime): void {
    const { startNs: _, ...process } = read;
    const { pid, parentPid, tids } = process;
    if (Math.max(pid, parentPid) > LARGEST_PID || tids.some((tid) => tid > LARGEST_PID)) {
      this.#refuse(1, 'processes have a pid that makes no sense; left out');
      return;
    }
    const role = this.#oneOf(PROCESS_ROLES, process.role, 'processes have an unknown role');
    this.#keep(this.#processes, 'processes', { ...process, role, start });
  }

  /** Two traces in one file: the ids of the second's strings would name the first's. */
  #secondHeader(offset: number, header: TraceHeader): boolean {
    if (header.versionMajor === 0 || header.traceId === '') {
      throw new MalformedError('it is a second header');
    }
    this.#unread ||= 'another trace follows it in the file';
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
    for (let i = 0; i < ranges.length; i += 2) {
      const [start, end] = [ranges[i] as number, ranges[i + 1] as number];
      const text = bytes.toString('utf8', start, Math.min(end, start + MOST_TEXT_BYTES));
      if (text.length > TEXT_CHARACTERS) this.#refuse(1, CUT_TEXTS);
      strings.append(cutText(text, TEXT_CHARACTERS));
    }
  }

  /** A text that an event refers to; 0 once they refer to more than anything could print. */
  #referTo(id: number, isName: boolean): number {
    if (id === 0) return 0;
    // A text comes before what refers to it. Later ones would not be counted.
    if (id >= this.#strings.size) return 0;
    const { length } = this.#strings.text(id);
    if (isName && length > COMM_CHARACTERS) {
      this.#refuse(1, 'names of processes or calls are longer than any; left out');
      return 0;
    }
    if (length > this.#referable) {
      this.#refuse(1, REFERRED_TOO_MUCH);
      return 0;
    }
    this.#referable -= length;
    return id;
  }

  #detail(detail: ReadonlyMap<Foreign, Foreign>): ReadonlyMap<Foreign, Foreign> {
    const code = detail.get('exit_code');
    if (code === undefined || /^-?\d{1,9}$/.test(raw(code))) return detail;
    this.#refuse(1, 'exit codes are not numbers; left out');
    return new Map([...detail].filter(([key]) => key !== 'exit_code'));
  }

  #oneOf<T extends string>(known: readonly T[], value: Foreign, what: string): T {
    const found = known.find((each) => each === value);
    if (found === undefined) this.#refuse(1, `${what}; ignored`);
    return found ?? ('' as T);
  }

  /** Adds an item unless there are more than a recording has. */
  #keep<T>(items: T[], what: string, item: T): void {
    if (items.length < MOST_OF_A_KIND) items.push(item);
    else this.#leaveOut(what);
  }

  #leaveOut(what: string): void {
    this.#unread ||= `it holds more ${what} than are read`;
    this.#refuse(1, `${what} are left out: more than ${MOST_OF_A_KIND} are not read`);
  }

  /** What frames of a kind are kept in, where it is one item a frame: they need not be decoded any more. */
  #keptOf(
    field: number,
  ): { readonly items: readonly unknown[]; readonly what: string } | undefined {
    if (field === FRAME.mark) return { items: this.#marks, what: 'marks' };
    if (field === FRAME.clock) return { items: this.#clocks, what: 'clock readings' };
    if (field === FRAME.diagnostic) return { items: this.#diagnostics, what: 'diagnostics' };
    return undefined;
  }

  #refuse(count: number, what: string): void {
    if (count > 0) this.#refused.set(what, (this.#refused.get(what) ?? 0) + count);
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
    for (const [what, count] of this.#refused) note(`${count} ${what}`);
    const events = this.#events.length + this.#unknownEvents;
    if (this.#footer !== undefined && this.#footer.events !== events) {
      note(`${this.#footer.events} events were written, ${events} could be read`);
    }
    return {
      header: this.#header,
      clocks: this.#clocks.sort((a, b) => a.trace - b.trace),
      strings: this.#strings,
      events: this.#events,
      marks: this.#marks,
      processes: this.#processes,
      loss: this.#loss,
      diagnostics: this.#diagnostics,
      footer: this.#footer,
      problems,
      unread: this.#unread,
      unknownFrames: this.#unknownFrames,
      bytes,
    };
  }
}

const DAMAGED = 'a part of it is damaged';
const CUT_TEXTS = `texts are longer than ${TEXT_CHARACTERS >> 10} KiB; cut`;
const REFERRED_TOO_MUCH = `texts are left out: events refer to more than ${REFERRED_CHARACTERS >> 20} MiB of them`;
/** A character takes four bytes at most. */
const MOST_TEXT_BYTES = 4 * TEXT_CHARACTERS;

/** A time, in ns since the session base, that a double holds exactly. */
function within(time: TraceTime): TraceTime {
  if (!Number.isSafeInteger(time)) throw new MalformedError(`the time ${time} is out of range`);
  return time;
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
