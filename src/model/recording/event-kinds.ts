/**
 * The kinds of event and the columns of each: the one table behind the trace file's chunks, the event
 * table in memory, `dit trace events` and its documentation. The field numbers are those of
 * traces/dit/trace/v1/trace.proto (a test compares the two).
 */

/**
 * How a column's values are written and what they mean.
 * `uint` varint, `sint` zigzag varint, `string` string id (varint).
 * A `list` column holds a varying number of values for each event; its `count` column says how many.
 */
type ColumnType = 'uint' | 'sint' | 'string';

interface ColumnShape {
  readonly name: string;
  /** Field number in the kind's XColumns message. */
  readonly field: number;
  readonly type: ColumnType;
  /** The column that counts this list's values; absent for a plain column. */
  readonly countedBy?: string;
  /** The least and the largest value that makes sense; absent: any that the type holds. */
  readonly range?: readonly [least: number, most: number];
  /** Of a `string`: a name, which is never as long as a text may be. */
  readonly isName?: true;
}

/** A column, with the names that there are. */
export type ColumnSchema = PlainSchema | ListSchema;
type PlainSchema = ColumnShape & { readonly name: PlainName; readonly countedBy?: undefined };
export type ListSchema = ColumnShape & { readonly name: ListName; readonly countedBy: CountName };

interface KindShape<Column> {
  readonly name: EventKindName;
  /** Value in the proto's enum Kind. */
  readonly id: number;
  /** Field number of the XColumns message in EventChunk; 0: the kind has no columns. */
  readonly chunkField: number;
  readonly columns: readonly Column[];
}

export type KindSchema = KindShape<ColumnSchema>;

export type EventKindName =
  | 'syscall'
  | 'fork'
  | 'exec'
  | 'exit'
  | 'rename'
  | 'cgroup_mkdir'
  | 'cgroup_attach'
  | 'switch'
  | 'waking'
  | 'copy_up'
  | 'dirty'
  | 'cache_fill'
  | 'malformed';

export const KIND = {
  syscall: 1,
  fork: 2,
  exec: 3,
  exit: 4,
  rename: 5,
  cgroup_mkdir: 6,
  cgroup_attach: 7,
  switch: 8,
  waking: 9,
  copy_up: 10,
  dirty: 11,
  cache_fill: 12,
  malformed: 15,
} as const satisfies Record<EventKindName, number>;

const uint = <N extends string>(name: N, field: number) => ({ name, field, type: 'uint' }) as const;
const sint = <N extends string>(name: N, field: number) => ({ name, field, type: 'sint' }) as const;
const text = <N extends string>(name: N, field: number) =>
  ({ name, field, type: 'string' }) as const;
const PIDS = [0, 2 ** 31 - 1] as const;
const pid = <N extends string>(name: N, field: number) => ({ ...uint(name, field), range: PIDS });
/** A length of time or a count of bytes: beyond 2^53 sums are no integers. */
const amount = <N extends string>(name: N, field: number) =>
  ({ ...uint(name, field), range: [0, Number.MAX_SAFE_INTEGER] }) as const;
const name = <N extends string>(column: N, field: number) =>
  ({ ...text(column, field), isName: true }) as const;
const list = <C extends ColumnShape, By extends string>(column: C, countedBy: By) => ({
  ...column,
  countedBy,
});

const KINDS = [
  {
    name: 'syscall',
    id: KIND.syscall,
    chunkField: 16,
    columns: [
      name('names', 1),
      amount('durations_ns', 2),
      sint('results', 3),
      uint('flags', 4),
      uint('argument_counts', 5),
      list(sint('arguments', 6), 'argument_counts'),
      uint('text_counts', 7),
      list(uint('text_positions', 8), 'text_counts'),
      list(text('texts', 9), 'text_counts'),
    ],
  },
  {
    name: 'fork',
    id: KIND.fork,
    chunkField: 17,
    columns: [pid('child_pids', 1), pid('child_tids', 2), name('child_comms', 3)],
  },
  {
    name: 'exec',
    id: KIND.exec,
    chunkField: 18,
    columns: [
      text('filenames', 1),
      uint('argument_counts', 2),
      list(text('arguments', 3), 'argument_counts'),
      amount('argument_bytes', 4),
      pid('old_tids', 5),
      uint('cgroup_ids', 6),
    ],
  },
  {
    name: 'exit',
    id: KIND.exit,
    chunkField: 19,
    columns: [{ ...sint('codes', 1), range: [-128, 255] }, uint('flags', 2)],
  },
  { name: 'rename', id: KIND.rename, chunkField: 20, columns: [name('comms', 1)] },
  {
    name: 'cgroup_mkdir',
    id: KIND.cgroup_mkdir,
    chunkField: 21,
    columns: [uint('cgroup_ids', 1), uint('hierarchy_ids', 2), text('paths', 3)],
  },
  {
    name: 'cgroup_attach',
    id: KIND.cgroup_attach,
    chunkField: 22,
    columns: [
      uint('cgroup_ids', 1),
      uint('hierarchy_ids', 2),
      text('paths', 3),
      pid('target_pids', 4),
      pid('target_tids', 5),
    ],
  },
  {
    name: 'switch',
    id: KIND.switch,
    chunkField: 23,
    columns: [
      uint('previous_states', 1),
      pid('next_pids', 2),
      pid('next_tids', 3),
      uint('flags', 4),
    ],
  },
  {
    name: 'waking',
    id: KIND.waking,
    chunkField: 24,
    columns: [
      pid('target_pids', 1),
      pid('target_tids', 2),
      uint('contexts', 3),
      uint('vectors', 4),
      name('waker_comms', 5),
      uint('flags', 6),
    ],
  },
  {
    name: 'copy_up',
    id: KIND.copy_up,
    chunkField: 25,
    columns: [
      amount('durations_ns', 1),
      amount('bytes', 2),
      text('paths', 3),
      sint('results', 4),
      uint('flags', 5),
    ],
  },
  {
    name: 'dirty',
    id: KIND.dirty,
    chunkField: 26,
    columns: [
      uint('inodes', 1),
      uint('devices', 2),
      amount('folios', 3),
      amount('bytes', 4),
      amount('last_offset_ns', 5),
    ],
  },
  {
    name: 'cache_fill',
    id: KIND.cache_fill,
    chunkField: 27,
    columns: [amount('folios', 1), amount('last_offset_ns', 2)],
  },
  { name: 'malformed', id: KIND.malformed, chunkField: 0, columns: [] },
] as const satisfies readonly KindShape<ColumnShape>[];

export const EVENT_KINDS: readonly KindSchema[] = KINDS;

type KindOf<K extends EventKindName> = Extract<(typeof KINDS)[number], { readonly name: K }>;
type ColumnOf<K extends EventKindName> = KindOf<K>['columns'][number];
type CountedColumnOf<K extends EventKindName> = Extract<
  ColumnOf<K>,
  { readonly countedBy: string }
>;

export type ColumnName<K extends EventKindName = EventKindName> = K extends EventKindName
  ? ColumnOf<K>['name']
  : never;
export type ListName<K extends EventKindName = EventKindName> = K extends EventKindName
  ? CountedColumnOf<K>['name']
  : never;
export type PlainName<K extends EventKindName = EventKindName> = Exclude<
  ColumnName<K>,
  ListName<K>
>;
/** Columns that count a list's values: derived, and given by nobody. */
export type CountName<K extends EventKindName = EventKindName> = K extends EventKindName
  ? CountedColumnOf<K>['countedBy']
  : never;

export const SYSCALL_FLAG = { unfinished: 1, hasArguments: 2, textCut: 4 } as const;
export const SWITCH_FLAG = { preempted: 1, ioWait: 2 } as const;
export const WAKE_FLAG = {
  hrtimer: 1,
  blockCompletion: 2,
  kernelThread: 4,
  unknownInterrupt: 8,
} as const;
export const WAKE_CONTEXT = { task: 0, softIrq: 1, hardIrq: 2 } as const;
export const COPY_UP_FLAG = { exact: 1 } as const;
export const EXIT_FLAG = { lastThread: 1 } as const;

/** In SyscallColumns.text_positions: the path behind descriptor argument n is FILE_OF_ARGUMENT + n. */
export const FILE_OF_ARGUMENT = 8;

const byId = new Map(EVENT_KINDS.map((kind) => [kind.id, kind]));
export const kindById = (id: number): KindSchema | undefined => byId.get(id);
