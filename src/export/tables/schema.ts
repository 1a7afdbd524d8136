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
  /** Of a nullable column it says what null means. */
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
  text('trace_id', 'the recording; one of many starts has one id for all of them'),
  text(
    'host',
    'name of the machine; other characters than letters, digits, ".", "_" and "-" are "-"; "unknown" where the trace does not say it',
  ),
  date(
    'day',
    'UTC day on which the first start of the recording began; one file of Parquet has one day',
  ),
  text('source', 'how events were captured: ebpf, bpftrace, strace or api'),
  flag(
    'perturbed',
    'the source slowed the start: its durations compare with none of other sources',
  ),
] as const;

const ofRun = [
  text('container_id', 'the container'),
  timestamp(
    'started_at',
    'UTC, when this start began: the create request, or the first thing known',
  ),
  ...ofTrace,
] as const;

const ofRecording = [
  textOrNull(
    'container_id',
    'the container that the process works for; null: all, as the engine does',
  ),
  timestamp('started_at', 'UTC, when the first start of the recording began'),
  ...ofTrace,
] as const;

const certainty = text(
  'certainty',
  'exact: measured; inferred: concluded from what the recorded facts do not tell whole',
);
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
      text('image', 'its image, as it was asked for'),
      nsOrNull(
        'total_ns',
        'length of the window, from the create request to the exec of the entrypoint; null: it was not reached',
      ),
      nsOrNull('kernel_ns', 'of it, on the critical path in the phase kernel'),
      nsOrNull('runtime_ns', 'of it, in the phase runtime'),
      nsOrNull('storage_ns', 'of it, in the phase storage'),
      nsOrNull('unattributed_ns', 'of it, where no rule applies'),
      nsOrNull('waiting_ns', 'of it, blocked or runnable, not running'),
      numberOrNull('inferred_share', 'share of it that is inferred, 0 to 1'),
      textOrNull('dominant_category', 'the category with most of it; null without a window'),
      nsOrNull('dominant_ns', "that category's part"),
      textOrNull('finding', 'id of the weightiest finding: "short-of-cpu"; null: none'),
      textOrNull('finding_title', 'the finding in words'),
      nsOrNull('finding_ns', 'its weight'),
      textOrNull('window_from', 'the milestone at which the window begins'),
      textOrNull('window_to', 'the milestone at which it ends'),
      nsOrNull(
        'window_start_ns',
        "the window's begin on the trace clock: that of start_ns and time_ns",
      ),
      count('copy_ups', 'files that overlayfs copied from the image, and folders'),
      bytes('copy_up_bytes', 'their size'),
      smallOrNull('exit_code', "the container's; null: it was not seen to exit"),
      text('failure', 'what failed, in the words of the engine; empty: nothing'),
      textOrNull('network', 'network mode that was asked for; null: not known'),
      textOrNull('runtime', 'OCI runtime; null: not known'),
      text('engine', 'the engine: "Docker Engine"'),
      text('engine_version', 'as it tells it'),
      text('containerd_version', 'of the containerd that the engine uses'),
      text('runc_version', 'of the runc that the engine uses'),
      text('storage_driver', 'overlay2, vfs …'),
      text('cgroup_version', '1, 2 or hybrid'),
      text('kernel_release', 'uname -r'),
      text('architecture', 'x86_64, aarch64'),
      small('cpus', 'CPUs of the machine'),
      bytes('memory_bytes', "the machine's memory"),
      number('load_average', 'of one minute, when the recording began'),
      countOrNull(
        'lost_events',
        'records that the whole recording lost, or the watch since it began; null: the trace does not say',
      ),
      flag('complete', 'the recording ended by itself; false: its file ends before its end'),
      count('warnings', 'what dit trace show warns of'),
      text('file', 'the trace file; empty where there was none'),
      text('dit_version', 'the dit that recorded it'),
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
      text('evidence', 'what it is known from'),
    ],
  },
  phases: {
    row: 'what one actor spent in one category on the critical path of a start; together they are its window',
    columns: [
      ...ofRun,
      text('phase', 'kernel, runtime, storage or unattributed'),
      text('category', 'the finer cause: docs/phases.md'),
      text('actor', 'client, dockerd, containerd, shim, runc create, init, hook, entrypoint …'),
      ns('duration_ns', 'its length'),
      ns('waiting_ns', 'of it, blocked or runnable, not running'),
      ns('inferred_ns', 'of it, inferred'),
      count('pieces', 'segments of the critical path'),
      ns('longest_ns', 'the longest of them'),
    ],
  },
  segments: {
    row: 'a segment of the critical path; they tile the window',
    columns: [
      ...ofRun,
      ns('start_ns', 'on the trace clock'),
      ns('duration_ns', 'its length'),
      text('phase', 'kernel, runtime, storage or unattributed'),
      text('category', 'the finer cause: docs/phases.md'),
      text('rule', 'the rule that decided: docs/phases.md'),
      text('state', 'user code, syscall, runnable or blocked'),
      textOrNull('syscall', 'the call that the thread is in; null: in none'),
      text('waits_for', 'what a blocked thread waits for; empty: it does not, or it is not known'),
      ...thread,
      smallOrNull('pid', 'process; null: not known'),
      certainty,
      text('reason', 'why it is inferred; empty when exact'),
    ],
  },
  slices: {
    row: 'an interval on the track of a thread (a program, in it syscalls, in those copy-ups), on its schedule (when it was on a CPU), or a request to the engine',
    columns: [
      ...ofRecording,
      small('track', 'slices of one track nest or are apart'),
      small('depth', '0 for an outermost one'),
      text('kind', 'program, thread, syscall, copy-up, running or request'),
      text('name', 'of the program, thread, syscall or request; of a copy-up with its path'),
      ns('start_ns', 'on the trace clock'),
      ns('duration_ns', 'its length'),
      flag('cut', 'its end is not known: it had not ended, or was cut so that slices nest'),
      ...thread,
      small('pid', 'process; 0 for requests'),
      text('thread', "the thread's name, its last one"),
      countOrNull(
        'event',
        'number of its event, the event of syscalls; null: requests and what was there before',
      ),
    ],
  },
  syscalls: {
    row: 'a system call of a process that the recording followed',
    columns: [
      ...ofRecording,
      count('event', 'number of the event in the recording'),
      text('name', '"openat"'),
      ns('start_ns', 'its entry, on the trace clock'),
      nsOrNull('duration_ns', 'null: it had not returned when the recording ended'),
      countOrNull(
        'result',
        'what it returned; beyond 2^53 (addresses) the last bits are lost; null: it had not',
      ),
      smallOrNull('error', 'errno, 2 for ENOENT; null: it did not fail'),
      text(
        'texts',
        'paths and other texts among its arguments, separated by blanks; recorded for those that make containers',
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
        'size of the file; 0: a folder, an empty file or one opened to be truncated, or metadata alone',
      ),
      text(
        'path',
        'inferred: as the program gave it; exact: from the root of the overlay, of four names and more the last four, without a leading "/"',
      ),
      text('trigger', 'the syscall that caused it: "openat"'),
      flag('before_entrypoint', 'it is part of the start; false: it came after it'),
      ...thread,
      smallOrNull('pid', 'process; null: not known'),
      certainty,
    ],
  },
  losses: {
    row: 'a place at which a recording may lose records, with 0 where it counted none; no row: it did not count',
    columns: [
      ...ofRecording,
      text('place', 'the BPF program, or the queue'),
      count('records', 'that were lost; in what trace watch wrote, since the watch began'),
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
