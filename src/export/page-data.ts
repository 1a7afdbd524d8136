/** A trace and its tracks as the bytes that a page embeds; the layout is model/trace/page-data.ts's. */
import { Distinct, valuesKey } from '../base/distinct.js';
import { EVENT_KINDS } from '../model/recording/event-kinds.js';
import type { Recording } from '../model/recording/recording.js';
import type { Inference } from '../model/trace/inference.js';
import {
  EVENT_COLUMNS,
  INSTANT_COLUMNS,
  NUMBER_ARRAYS,
  type NumberArray,
  PAGE_DATA_VERSION,
  type PageColumn,
  type PageDocument,
  SEGMENT_NUMBERS,
  SEGMENT_WORDS,
  SLICE_COLUMNS,
  WAKE_UP_COLUMNS,
} from '../model/trace/page-data.js';
import type { Segment, Trace } from '../model/trace/trace.js';
import type { Tracks } from '../model/trace/tracks.js';
import type { WaitCause } from '../model/trace/wait-cause.js';

/**
 * Deterministic. Values beyond 2^53 are as exact as they are in memory.
 * @param file what the page calls the trace
 */
export function pageData(trace: Trace, tracks: Tracks, file: string): Uint8Array {
  const columns = new ColumnWriter();
  addEvents(columns, trace);
  for (const name of SLICE_COLUMNS) columns.add(`slices.${name}`, tracks.slices[name]);
  for (const name of INSTANT_COLUMNS) columns.add(`instants.${name}`, tracks.instants[name]);
  for (const name of WAKE_UP_COLUMNS) columns.add(`wakeUps.${name}`, tracks.wakeUps[name]);
  const lists: SegmentLists = {
    words: new Distinct((word) => word),
    causes: new Distinct<WaitCause>(valuesKey),
    inferences: new Distinct<Inference>(valuesKey),
  };
  trace.runs.forEach(({ segments }, index) => {
    addSegments(columns, `run${index}`, segments, lists);
  });
  const { header, strings, events, marks, ...recording } = trace.recording;
  const document: PageDocument = {
    version: PAGE_DATA_VERSION,
    file,
    header: plainHeader(header),
    recording,
    marks: marks.map(({ detail, ...mark }) => ({ ...mark, detail: [...detail] })),
    strings: Array.from({ length: strings.size }, (_, id) => strings.text(id)),
    events: events.length,
    processes: trace.processes.map(({ actors, comms, execs, ...life }) => ({
      ...life,
      execs: execs.map(({ time, event }) => ({ time, event })),
      actors: actors.map((part) => ({ ...part, from: finite(part.from) })),
      comms: comms.map((name) => ({ ...name, time: finite(name.time) })),
    })),
    runs: trace.runs.map(({ segments: _, ...run }) => run),
    foreign: trace.foreign,
    warnings: trace.warnings,
    tracks: { span: tracks.span, tracks: tracks.tracks, names: tracks.names },
    words: lists.words.all,
    causes: lists.causes.all,
    inferences: lists.inferences.all,
    columns: columns.directory,
  };
  return joined(new TextEncoder().encode(JSON.stringify(document)), columns);
}

/** JSON has no infinity. */
const finite = (time: number): number | null => (Number.isFinite(time) ? time : null);

function plainHeader(header: Recording['header']): PageDocument['header'] {
  const { startNs, startRealtimeNs, source } = header;
  return {
    ...header,
    startNs: String(startNs),
    startRealtimeNs: String(startRealtimeNs),
    source: {
      ...source,
      probes: source.probes.map((probe) => ({ ...probe, attachedNs: String(probe.attachedNs) })),
    },
  };
}

function addEvents(columns: ColumnWriter, { recording, order }: Trace): void {
  const { events } = recording;
  columns.add('order', order);
  for (const name of EVENT_COLUMNS) columns.add(`events.${name}`, events[name].view());
  for (const { name: kind } of EVENT_KINDS) {
    const table = events.table(kind);
    for (const [name, column] of Object.entries(table.columns)) {
      columns.add(`${kind}.${name}`, column.view());
    }
    for (const [name, column] of Object.entries(table.listStarts)) {
      columns.add(`${kind}@${name}`, column.view());
    }
  }
}

interface SegmentLists {
  readonly words: Distinct<string>;
  readonly causes: Distinct<WaitCause>;
  readonly inferences: Distinct<Inference>;
}

function addSegments(
  columns: ColumnWriter,
  prefix: string,
  segments: readonly Segment[],
  { words, causes, inferences }: SegmentLists,
): void {
  const add = (name: string, of: (segment: Segment) => number): void =>
    columns.add(`${prefix}.${name}`, Float64Array.from(segments, of));
  for (const name of SEGMENT_NUMBERS) add(name, (segment) => segment[name] ?? -1);
  for (const name of SEGMENT_WORDS) add(name, (segment) => words.indexOf(segment[name] ?? ''));
  add('waitsFor', ({ waitsFor }) => (waitsFor === undefined ? -1 : causes.indexOf(waitsFor)));
  add('inference', ({ inference }) =>
    inference === undefined ? -1 : inferences.indexOf(inference),
  );
}

const ALIGNMENT = 8;
const aligned = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

class ColumnWriter {
  readonly directory: PageColumn[] = [];
  readonly parts: Uint8Array[] = [];
  /** Of all columns so far. */
  bytes = 0;

  add(name: string, values: ArrayLike<number>): void {
    const plain = narrowest(values, false);
    const differences = narrowest(values, true);
    const delta =
      widthOf(differences) < widthOf(plain) || (plain === 'f64' && differences !== plain);
    const as = delta ? differences : plain;
    const array = new NUMBER_ARRAYS[as](values.length);
    let before = 0;
    for (let index = 0; index < values.length; index++) {
      const value = values[index] as number;
      array[index] = delta ? value - before : value;
      before = value;
    }
    this.directory.push({ name, as, delta, offset: this.bytes, length: values.length });
    this.parts.push(new Uint8Array(array.buffer));
    this.bytes = aligned(this.bytes + array.byteLength);
  }
}

const widthOf = (as: NumberArray): number => NUMBER_ARRAYS[as].BYTES_PER_ELEMENT;

/** The narrowest array that holds the values, or their differences, exactly. */
function narrowest(values: ArrayLike<number>, differences: boolean): NumberArray {
  let low = 0;
  let high = 0;
  let before = 0;
  for (let index = 0; index < values.length; index++) {
    const value = values[index] as number;
    if (!Number.isSafeInteger(value)) return 'f64';
    const written = differences ? value - before : value;
    if (written < low) low = written;
    if (written > high) high = written;
    before = value;
  }
  if (low >= 0 && high <= 0xff) return 'u8';
  if (low >= 0 && high <= 0xffff) return 'u16';
  return low >= -(2 ** 31) && high < 2 ** 31 ? 'i32' : 'f64';
}

function joined(json: Uint8Array, columns: ColumnWriter): Uint8Array {
  const first = aligned(4 + json.length);
  const bytes = new Uint8Array(first + columns.bytes);
  new DataView(bytes.buffer).setUint32(0, json.length, true);
  bytes.set(json, 4);
  columns.parts.forEach((part, index) => {
    bytes.set(part, first + (columns.directory[index]?.offset ?? 0));
  });
  return bytes;
}
