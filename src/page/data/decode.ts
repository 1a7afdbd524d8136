/** The embedded bytes back to a Trace and its tracks; the layout is model/trace/page-data.ts's. */
import type { Foreign } from '../../base/foreign.js';
import type { ProcessKey } from '../../base/ids.js';
import type { TraceTime } from '../../base/time.js';
import { EVENT_KINDS } from '../../model/recording/event-kinds.js';
import { EventTable, type NumberColumn } from '../../model/recording/event-table.js';
import type { Recording, TraceHeader } from '../../model/recording/recording.js';
import { StringInterner } from '../../model/recording/strings.js';
import {
  EVENT_COLUMNS,
  INSTANT_COLUMNS,
  NUMBER_ARRAYS,
  PAGE_DATA_VERSION,
  type PageColumn,
  type PageDocument,
  SEGMENT_NUMBERS,
  SEGMENT_WORDS,
  SLICE_COLUMNS,
  WAKE_UP_COLUMNS,
} from '../../model/trace/page-data.js';
import type { Segment, Trace } from '../../model/trace/trace.js';
import type { Tracks } from '../../model/trace/tracks.js';

export interface LoadedTrace {
  /** Untrusted, as all of a trace's text. */
  readonly file: Foreign;
  readonly trace: Trace;
  readonly tracks: Omit<Tracks, 'threadTrack'>;
}

type Values = InstanceType<(typeof NUMBER_ARRAYS)[keyof typeof NUMBER_ARRAYS]>;
type Columns = (name: string) => Values;

const SINCE_EVER = Number.NEGATIVE_INFINITY as TraceTime;

/** @throws Error where the bytes are of another version of the page */
export function decodeTrace(bytes: Uint8Array): LoadedTrace {
  const jsonBytes = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const json = new TextDecoder().decode(bytes.subarray(4, 4 + jsonBytes));
  const document = JSON.parse(json) as PageDocument;
  if (document.version !== PAGE_DATA_VERSION) {
    throw new Error(`the data have version ${document.version}, the page ${PAGE_DATA_VERSION}`);
  }
  const columns = columnsOf(bytes, Math.ceil((4 + jsonBytes) / 8) * 8, document.columns);
  const recording = recordingOf(document, columns);
  const { events, strings } = recording;
  return {
    file: document.file,
    trace: {
      recording,
      order: Uint32Array.from(columns('order')),
      processes: document.processes.map((life) => ({
        ...life,
        execs: life.execs.map(({ time, event }) => ({
          time,
          event,
          filename: strings.text(events.value(event, 'filenames')),
          argv: events.values(event, 'arguments').map((id) => strings.text(id)),
        })),
        actors: life.actors.map((part) => ({
          ...part,
          from: (part.from as TraceTime | null) ?? SINCE_EVER,
        })),
        comms: life.comms.map((name) => ({
          ...name,
          time: (name.time as TraceTime | null) ?? SINCE_EVER,
        })),
      })) as Trace['processes'],
      runs: document.runs.map((run, index) => ({
        ...run,
        segments: segmentsOf(columns, `run${index}`, document),
      })) as Trace['runs'],
      foreign: document.foreign,
      warnings: document.warnings,
    },
    tracks: {
      ...document.tracks,
      slices: tableOf<Tracks['slices']>(columns, 'slices', SLICE_COLUMNS),
      instants: tableOf<Tracks['instants']>(columns, 'instants', INSTANT_COLUMNS),
      wakeUps: tableOf<Tracks['wakeUps']>(columns, 'wakeUps', WAKE_UP_COLUMNS),
    },
  };
}

function columnsOf(bytes: Uint8Array, first: number, directory: readonly PageColumn[]): Columns {
  const byName = new Map(directory.map((column) => [column.name, column]));
  return (name) => {
    const column = byName.get(name);
    if (column === undefined) throw new Error(`the data lack the column ${name}`);
    const { as, delta, offset, length } = column;
    const Numbers = NUMBER_ARRAYS[as];
    const from = first + offset;
    // A copy: the block need not be aligned.
    const own = bytes.slice(from, from + length * Numbers.BYTES_PER_ELEMENT);
    const values = new Numbers(own.buffer);
    if (!delta) return values;
    const sums = new Float64Array(length);
    let sum = 0;
    for (let index = 0; index < length; index++) {
      sum += values[index] as number;
      sums[index] = sum;
    }
    return sums;
  };
}

function recordingOf(document: PageDocument, columns: Columns): Recording {
  const { header } = document;
  const strings = new StringInterner();
  for (const text of document.strings.slice(1)) strings.append(text);
  return {
    ...document.recording,
    marks: document.marks.map(({ detail, ...mark }) => ({ ...mark, detail: new Map(detail) })),
    header: {
      ...header,
      startNs: BigInt(header.startNs),
      startRealtimeNs: BigInt(header.startRealtimeNs),
      source: {
        ...header.source,
        probes: header.source.probes.map((probe) => ({
          ...probe,
          attachedNs: BigInt(probe.attachedNs),
        })),
      },
    } satisfies TraceHeader,
    strings,
    events: eventsOf(document.events, columns),
    footer: document.recording.footer,
    loss: document.recording.loss,
  };
}

function eventsOf(length: number, columns: Columns): EventTable {
  const events = new EventTable();
  const fill = (column: NumberColumn, values: Values): void => {
    column.append(values.length).set(values);
  };
  const kinds = columns('events.kind');
  for (let index = 0; index < length; index++) {
    // Counts the rows of each kind; the columns that it fills are overwritten below.
    events.pushCommon(kinds[index] as number, 0, 0, 0, 0);
  }
  for (const name of EVENT_COLUMNS) events[name].view().set(columns(`events.${name}`));
  for (const { name: kind } of EVENT_KINDS) {
    const table = events.table(kind);
    for (const [name, column] of Object.entries(table.columns)) {
      fill(column, columns(`${kind}.${name}`));
    }
    for (const [name, column] of Object.entries(table.listStarts)) {
      fill(column, columns(`${kind}@${name}`));
    }
  }
  return events;
}

function segmentsOf(
  columns: Columns,
  prefix: string,
  { words, causes, inferences }: Pick<PageDocument, 'words' | 'causes' | 'inferences'>,
): Segment[] {
  const number = Object.fromEntries(
    SEGMENT_NUMBERS.map((name) => [name, columns(`${prefix}.${name}`)]),
  ) as Record<(typeof SEGMENT_NUMBERS)[number], Values>;
  const wordIds = Object.fromEntries(
    SEGMENT_WORDS.map((name) => [name, columns(`${prefix}.${name}`)]),
  ) as Record<(typeof SEGMENT_WORDS)[number], Values>;
  const causeIds = columns(`${prefix}.waitsFor`);
  const inferenceIds = columns(`${prefix}.inference`);
  const word = (name: (typeof SEGMENT_WORDS)[number], index: number): string =>
    words[wordIds[name][index] as number] ?? '';
  const optional = (name: 'process' | 'syscall' | 'wokenBy', index: number): number | undefined => {
    const value = number[name][index] as number;
    return value < 0 ? undefined : value;
  };
  return Array.from({ length: number.start.length }, (_, index): Segment => {
    return {
      start: number.start[index] as TraceTime,
      end: number.end[index] as TraceTime,
      actor: word('actor', index) as Segment['actor'],
      process: optional('process', index) as ProcessKey | undefined,
      tid: number.tid[index] as number,
      state: word('state', index) as Segment['state'],
      syscall: optional('syscall', index),
      waitsFor: causes[causeIds[index] as number],
      wokenBy: optional('wokenBy', index),
      certainty: word('certainty', index) as Segment['certainty'],
      inference: inferences[inferenceIds[index] as number],
      phase: (word('phase', index) || undefined) as Segment['phase'],
      category: word('category', index) as Segment['category'],
      rule: word('rule', index),
    };
  });
}

function tableOf<Table extends { readonly length: number }>(
  columns: Columns,
  prefix: string,
  names: readonly string[],
): Table {
  const values = names.map((name) => [name, columns(`${prefix}.${name}`)] as const);
  // As columns of numbers they are alike to every reader, whatever array they came in.
  return { length: values[0]?.[1].length ?? 0, ...Object.fromEntries(values) } as unknown as Table;
}
