/**
 * The tables that a trace becomes for SQL: one description that drives Parquet files, DuckDB's tables and
 * docs/schema.md. Columns are only ever added, at any place: readers go by name.
 */
import type { Foreign } from '../../base/foreign.js';

/** The version of the tables: a column was renamed or removed, or its meaning changed. */
export const TABLES_VERSION = 1;

/**
 * What a cell holds in JavaScript: `timestamp` is whole µs since 1970 UTC, `date` days since 1970, `int64` a whole
 * number that a double holds.
 */
export type ColumnType = 'string' | 'int32' | 'int64' | 'double' | 'boolean' | 'timestamp' | 'date';

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  /** "ns", "bytes"; '' for what has none. */
  readonly unit: string;
  readonly nullable: boolean;
  /** For a nullable column also what null means. */
  readonly meaning: string;
}

const text = column('string', '', false);
const textOrNull = column('string', '', true);
const flag = column('boolean', '', false);
const small = column('int32', '', false);
const smallOrNull = column('int32', '', true);
const count = column('int64', '', false);
const countOrNull = column('int64', '', true);
const bytes = column('int64', 'bytes', false);
const ns = column('int64', 'ns', false);
const nsOrNull = column('int64', 'ns', true);
const number = column('double', '', false);
const numberOrNull = column('double', '', true);
const timestamp = column('timestamp', '', false);
const date = column('date', '', false);

function column<T extends ColumnType, B extends boolean>(type: T, unit: string, nullable: B) {
  return <const N extends string>(name: N, meaning: string) =>
    ({ name, type, unit, nullable, meaning }) as const;
}

const ofTrace = [
  text('trace_id', 'the recording; all starts in one recording have the same id'),
  text(
    'host',
    'name of the machine; characters other than letters, digits, ".", "_" and "-" are "-"; "unknown" if the trace does not have it',
  ),
  date(
    'day',
    'UTC day on which the first start of the recording began; a Parquet file has one day',
  ),
  text('source', 'how events were captured: ebpf, bpftrace, strace or api'),
  flag(
    'perturbed',
    'the source slowed the start: do not compare its durations with those of other sources',
  ),
] as const;

const ofRun = [
  text('container_id', 'the container'),
  timestamp(
    'started_at',
    'UTC, when this start began: the create request, or the first thing that is known',
  ),
  ...ofTrace,
] as const;

const ofRecording = [
  textOrNull(
    'container_id',
    'the container that the process works for; null: for all, as the engine does',
  ),
  timestamp('started_at', 'UTC, when the first start of the recording began'),
  ...ofTrace,
] as const;

const certainty = text('certainty', 'exact: measured; inferred: concluded from incomplete facts');
const thread = [
  text('actor', 'client, dockerd, containerd, shim, runc create, init, hook, entrypoint …'),
  small('tid', 'thread'),
] as const;

export interface TableSchema {
  /** What a row is. */
  readonly row: string;
  readonly columns: readonly Column[];
}

export const TABLES = {
  runs: {
    row: 'a container start',
    columns: [
      ...ofRun,
      text('name', "the container's name"),
      text('image', 'its image, as requested'),
      nsOrNull(
        'total_ns',
        'length of the window, from the create request to the exec of the entrypoint; null: the entrypoint was not reached',
      ),
      nsOrNull('kernel_ns', 'part of total_ns in the phase kernel, on the critical path'),
      nsOrNull('runtime_ns', 'part in the phase runtime'),
      nsOrNull('storage_ns', 'part in the phase storage'),
      nsOrNull('unattributed_ns', 'part to which no rule applies'),
      nsOrNull('waiting_ns', 'part of total_ns that was blocked or runnable, not running'),
      numberOrNull('inferred_share', 'share of total_ns that is inferred, 0 to 1'),
      textOrNull('dominant_category', 'the largest category; null without a window'),
      nsOrNull('dominant_ns', "that category's part of total_ns"),
      textOrNull('finding', 'id of the largest finding, such as "short-of-cpu"; null: none'),
      textOrNull('finding_title', 'the finding in words'),
      nsOrNull('finding_ns', 'time of the finding'),
      textOrNull('window_from', 'the milestone at which the window begins'),
      textOrNull('window_to', 'the milestone at which it ends'),
      nsOrNull(
        'window_start_ns',
        "the window's begin on the trace clock, as start_ns and time_ns are",
      ),
      count('copy_ups', 'files and folders that overlayfs copied from the image'),
      bytes('copy_up_bytes', 'their size'),
      smallOrNull('exit_code', "the container's exit code; null: its exit was not seen"),
      text('failure', 'what failed, in the words of the engine; empty: nothing failed'),
      textOrNull('network', 'requested network mode; null: not known'),
      textOrNull('runtime', 'OCI runtime; null: not known'),
      text('engine', 'name of the engine: "Docker Engine"'),
      text('engine_version', 'as the engine reports it'),
      text('containerd_version', 'version of the containerd that the engine uses'),
      text('runc_version', 'version of the runc that the engine uses'),
      text('storage_driver', 'overlay2, vfs …'),
      text('cgroup_version', '1, 2 or hybrid'),
      text('kernel_release', 'uname -r'),
      text('architecture', 'x86_64, aarch64'),
      small('cpus', 'CPUs of the machine'),
      bytes('memory_bytes', "the machine's memory"),
      number('load_average', 'load average over one minute, when the recording began'),
      countOrNull(
        'lost_events',
        'records lost in the whole recording, or since the watch began; null: not known',
      ),
      flag('complete', 'the recording did not end early; false: its file has no footer'),
      count('warnings', 'number of warnings in dit trace show'),
      text('file', 'the trace file; empty if there was none'),
      text('dit_version', 'version of the dit that recorded it'),
    ],
  },
  milestones: {
    row: 'a named instant of a start',
    columns: [
      ...ofRun,
      text('name', '"create requested", "shim exec", "pivot_root", "entrypoint exec" …'),
      ns('time_ns', 'on the trace clock: since the recording began'),
      nsOrNull('since_start_ns', "since the window's begin; null without a window"),
      certainty,
      text('evidence', 'the evidence, in words'),
    ],
  },
  phases: {
    row: 'what one actor spent in one category on the critical path of a start; the sum of all is the window',
    columns: [
      ...ofRun,
      text('phase', 'kernel, runtime, storage or unattributed'),
      text('category', 'the finer cause: docs/phases.md'),
      text('actor', 'client, dockerd, containerd, shim, runc create, init, hook, entrypoint …'),
      ns('duration_ns', 'its length'),
      ns('waiting_ns', 'part that was blocked or runnable, not running'),
      ns('inferred_ns', 'part that is inferred'),
      count('pieces', 'number of segments of the critical path'),
      ns('longest_ns', 'the longest segment'),
    ],
  },
  segments: {
    row: 'a segment of the critical path; segments tile the window',
    columns: [
      ...ofRun,
      ns('start_ns', 'on the trace clock'),
      ns('duration_ns', 'its length'),
      text('phase', 'kernel, runtime, storage or unattributed'),
      text('category', 'the finer cause: docs/phases.md'),
      text('rule', 'the rule that decided: docs/phases.md'),
      text('state', 'user code, syscall, runnable or blocked'),
      textOrNull('syscall', 'the syscall that the thread is in; null: none'),
      text(
        'waits_for',
        'what a blocked thread waits for; empty: it is not blocked, or the cause is not known',
      ),
      ...thread,
      smallOrNull('pid', 'process; null: not known'),
      certainty,
      text('reason', 'why it is inferred; empty if exact'),
    ],
  },
  slices: {
    row: 'an interval on the track of a thread (a program, in it syscalls, in those copy-ups) or on its schedule (when it was on a CPU), or a request to the engine',
    columns: [
      ...ofRecording,
      small('track', 'slices of one track nest or do not overlap'),
      small('depth', 'nesting depth; 0 for the outermost slice'),
      text('kind', 'program, thread, syscall, copy-up, running or request'),
      text('name', 'name of the program, thread, syscall or request; for a copy-up with its path'),
      ns('start_ns', 'on the trace clock'),
      ns('duration_ns', 'its length'),
      flag('cut', 'its end is not known: it had not ended, or dit cut it so that slices nest'),
      ...thread,
      small('pid', 'process; 0 for requests'),
      text('thread', "the thread's last name"),
      countOrNull(
        'event',
        'number of its event, as in the table syscalls; null for requests and for what existed before the recording',
      ),
    ],
  },
  syscalls: {
    row: 'a system call of a process that was followed',
    columns: [
      ...ofRecording,
      count('event', 'number of the event in the recording'),
      text('name', '"openat"'),
      ns('start_ns', 'its entry, on the trace clock'),
      nsOrNull('duration_ns', 'its length; null: it had not returned when the recording ended'),
      countOrNull(
        'result',
        'its return value; beyond 2^53 (addresses) the last bits are lost; null: it had not returned',
      ),
      smallOrNull('error', 'errno, such as 2 for ENOENT; null: it did not fail'),
      text(
        'texts',
        'paths and other texts among its arguments, separated by blanks; recorded for the syscalls that make containers',
      ),
      ...thread,
      small('pid', 'process'),
      small('cpu', 'CPU on which it returned'),
    ],
  },
  copyups: {
    row: 'a file or folder that overlayfs copied from a lower layer to the upper one',
    columns: [
      ...ofRun,
      ns('start_ns', 'on the trace clock'),
      ns('duration_ns', 'its length'),
      bytes(
        'bytes',
        'size of the file; 0: a folder, an empty file, a file opened to be truncated, or only metadata',
      ),
      text(
        'path',
        'inferred: as the program gave it; exact: from the root of the overlay, at most the last four names, without a leading "/"',
      ),
      text('trigger', 'the syscall that caused it: "openat"'),
      flag('before_entrypoint', 'it was part of the start; false: it came after the start'),
      ...thread,
      smallOrNull('pid', 'process; null: not known'),
      certainty,
    ],
  },
  losses: {
    row: 'a place at which a recording can lose records; 0 if it lost none, no row if it did not count',
    columns: [
      ...ofRecording,
      text('place', 'the BPF program, or the queue'),
      count('records', 'number of lost records; in files of trace watch, since the watch began'),
    ],
  },
} as const satisfies Readonly<Record<string, TableSchema>>;

export type TableName = keyof typeof TABLES;
export const TABLE_NAMES = Object.keys(TABLES) as readonly TableName[];

/** Those with tens of thousands of rows a start; the others have some dozens. */
export const LARGE_TABLES: ReadonlySet<TableName> = new Set(['segments', 'slices', 'syscalls']);

export type Cell = Foreign | number | boolean | null;

type Held<T extends ColumnType> = T extends 'string'
  ? Foreign
  : T extends 'boolean'
    ? boolean
    : number;
type CellOf<C extends Column> = C['nullable'] extends true
  ? Held<C['type']> | null
  : Held<C['type']>;
type ColumnsOf<N extends TableName> = (typeof TABLES)[N]['columns'][number];

/** A cell of each column by its row: nothing is copied out of the trace until it is asked for. */
export type CellsOf<N extends TableName> = {
  readonly [C in ColumnsOf<N> as C['name']]: (row: number) => CellOf<C>;
};

/** The rows of one table of one trace. */
export interface TableRows {
  readonly table: TableName;
  readonly length: number;
  /** By column, all of the schema's. */
  readonly cells: Readonly<Record<string, (row: number) => Cell>>;
}
