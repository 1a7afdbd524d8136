/**
 * A trace as a page embeds it: one block of bytes, written by export/page-data.ts and read by page/data/decode.ts.
 * A JSON document and, behind it, columns of numbers: 100,000 slices as JSON would take a browser seconds.
 *
 *   u32     length of the JSON, little-endian
 *   bytes   the JSON, UTF-8
 *   columns each at the next multiple of 8, little-endian
 */
import type { Foreign } from '../../base/foreign.js';
import type { ApiMark, Recording, TraceHeader } from '../recording/recording.js';
import type { Inference } from './inference.js';
import type { ActorSpan, ContainerRun, ProcessLife, Trace } from './trace.js';
import type { Tracks } from './tracks.js';
import type { WaitCause } from './wait-cause.js';

export const PAGE_DATA_VERSION = 5;

/** The arrays that a column's values are written as; the first that holds them all is taken. */
export const NUMBER_ARRAYS = {
  u8: Uint8Array,
  u16: Uint16Array,
  i32: Int32Array,
  f64: Float64Array,
} as const;
export type NumberArray = keyof typeof NUMBER_ARRAYS;

export interface PageColumn {
  /** "slices.start", "syscall.names", "syscall@text_counts" (where lists begin), "run0.rule". */
  readonly name: string;
  readonly as: NumberArray;
  /** Values are differences to the value before. */
  readonly delta: boolean;
  /** From the end of the JSON, aligned. */
  readonly offset: number;
  readonly length: number;
}

/** A segment's numbers, and of "waitsFor" and "inference" indexes in PageDocument's lists; -1 where it has none. */
export const SEGMENT_NUMBERS = ['start', 'end', 'process', 'tid', 'syscall', 'wokenBy'] as const;
/** A segment's words, which are dit's own, each an index in PageDocument.words; '' where it has none. */
export const SEGMENT_WORDS = ['actor', 'state', 'certainty', 'phase', 'category', 'rule'] as const;

export const SLICE_COLUMNS = [
  'track',
  'start',
  'end',
  'depth',
  'kind',
  'name',
  'event',
  'cut',
] as const;
export const INSTANT_COLUMNS = ['track', 'time', 'event'] as const;
export const WAKE_UP_COLUMNS = ['from', 'fromTime', 'to', 'toTime', 'event'] as const;
export const EVENT_COLUMNS = ['time', 'kind', 'cpu', 'pid', 'tid', 'row'] as const;

/** What a page is told of a trace; all text in it is untrusted. Keys without a value are absent. */
export interface PageDocument {
  readonly version: number;
  /** What the reader calls the trace: its file's name. */
  readonly file: Foreign;
  /** Bigints in decimal. */
  readonly header: Omit<TraceHeader, 'startNs' | 'startRealtimeNs' | 'source'> & {
    readonly startNs: string;
    readonly startRealtimeNs: string;
    readonly source: Omit<TraceHeader['source'], 'probes'> & {
      readonly probes: readonly (Omit<TraceHeader['source']['probes'][number], 'attachedNs'> & {
        readonly attachedNs: string;
      })[];
    };
  };
  readonly recording: Omit<Recording, 'header' | 'strings' | 'events' | 'marks'>;
  readonly marks: readonly (Omit<ApiMark, 'detail'> & {
    readonly detail: readonly (readonly [Foreign, Foreign])[];
  })[];
  /** Recording.strings by id; the first is ''. */
  readonly strings: readonly Foreign[];
  readonly events: number;
  /** Times of null: since ever. */
  readonly processes: readonly (Omit<ProcessLife, 'actors' | 'comms' | 'execs'> & {
    /** What was executed is in the events, whose texts are there once. */
    readonly execs: readonly Pick<ProcessLife['execs'][number], 'time' | 'event'>[];
    readonly actors: readonly (Omit<ActorSpan, 'from'> & { readonly from: number | null })[];
    readonly comms: readonly (Omit<ProcessLife['comms'][number], 'time'> & {
      readonly time: number | null;
    })[];
  })[];
  readonly runs: readonly Omit<ContainerRun, 'segments'>[];
  readonly foreign: Trace['foreign'];
  readonly warnings: Trace['warnings'];
  readonly tracks: Pick<Tracks, 'span' | 'tracks' | 'names'>;
  /** What segments wait for, which repeats. */
  readonly causes: readonly WaitCause[];
  /** Why segments are inferred, the same. */
  readonly inferences: readonly Inference[];
  /** Words of segments, the same. */
  readonly words: readonly string[];
  readonly columns: readonly PageColumn[];
}
