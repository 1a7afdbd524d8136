/**
 * Events in columns: typed arrays that grow, because one object an event costs twelve times the memory
 * and time. One table for all kinds holds what every event has; a table a kind holds the kind's own
 * columns; `row` links the two.
 */
import { own } from '../../base/own.js';
import {
  type ColumnName,
  type CountName,
  EVENT_KINDS,
  type EventKindName,
  KIND,
  type KindSchema,
  kindById,
  type ListName,
  type PlainName,
} from './event-kinds.js';

export type ColumnData = Float64Array | Int32Array | Uint8Array;

/** A growing column of numbers. Values beyond 2^53 lose their last bits. */
export class NumberColumn {
  #data: ColumnData;
  #length = 0;

  constructor(initial: ColumnData = new Float64Array(64)) {
    this.#data = initial;
  }

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#data.length) this.reserve(this.#length * 2);
    this.#data[this.#length++] = value;
  }

  at(index: number): number {
    return index < this.#length ? (this.#data[index] as number) : 0;
  }

  set(index: number, value: number): void {
    if (index < this.#length) this.#data[index] = value;
  }

  /**
   * Adds `count` zeros and returns a view of them to fill in: the bulk way in. The view is stale after
   * the next push.
   */
  append(count: number): ColumnData {
    const start = this.#length;
    const length = start + count;
    if (length > this.#data.length) this.reserve(Math.max(length, Math.ceil(start * 1.5)));
    this.#length = length;
    return this.#data.subarray(start, length);
  }

  reserve(length: number): void {
    if (length <= this.#data.length) return;
    const Column = this.#data.constructor as new (length: number) => ColumnData;
    const grown = new Column(length);
    grown.set(this.#data.subarray(0, this.#length));
    this.#data = grown;
  }

  /** A view of the values so far; stale after the next push. */
  view(): ColumnData {
    return this.#data.subarray(0, this.#length);
  }
}

/** The columns of one kind. List columns are flat; `listStart` says where each event's values begin. */
export class KindTable<K extends EventKindName = EventKindName> {
  readonly schema: KindSchema;
  readonly columns: Readonly<Record<ColumnName<K>, NumberColumn>>;
  /** For each list's count column: where each event's values begin in the flat list. */
  readonly listStarts: Readonly<Record<CountName<K>, NumberColumn>>;

  constructor(schema: KindSchema) {
    this.schema = schema;
    // The schema is kind K's: it has these columns and no others.
    const grow = <N extends string>(names: Iterable<string>) =>
      Object.fromEntries(Array.from(names, (name) => [name, new NumberColumn()])) as Record<
        N,
        NumberColumn
      >;
    this.columns = grow(schema.columns.map(({ name }) => name));
    this.listStarts = grow(new Set(schema.columns.flatMap(({ countedBy }) => countedBy ?? [])));
  }

  column(name: ColumnName<K>): NumberColumn {
    const column = own(this.columns, name);
    if (column === undefined) throw new Error(`kind ${this.schema.name} has no column ${name}`);
    return column;
  }

  /** The values of list column `name` of the event in `row`. */
  list(name: ListName<K>, row: number): number[] {
    const schema = this.schema.columns.find((column) => column.name === name);
    if (schema?.countedBy === undefined)
      throw new Error(`${this.schema.name}.${name} is not a list`);
    const start = own(this.listStarts, schema.countedBy)?.at(row) ?? 0;
    const count = this.column(schema.countedBy as ColumnName<K>).at(row);
    const column = this.column(name as ColumnName<K>);
    return Array.from({ length: count }, (_, index) => column.at(start + index));
  }
}

/** One event's own columns, by name: a number, or an array for a list column. Count columns are derived. */
export type EventValues<K extends EventKindName = EventKindName> = {
  readonly [N in Exclude<PlainName<K>, CountName<K>>]?: number;
} & { readonly [N in ListName<K>]?: readonly number[] };

export class EventTable {
  /** Trace time, ns since the session base. A syscall's time is its entry. */
  readonly time = new NumberColumn(new Float64Array(1024));
  readonly kind = new NumberColumn(new Uint8Array(1024));
  readonly cpu = new NumberColumn(new Int32Array(1024));
  /** Thread group id; a "pid" to people. */
  readonly pid = new NumberColumn(new Int32Array(1024));
  /** Thread id. */
  readonly tid = new NumberColumn(new Int32Array(1024));
  /** Row in the kind's own table. */
  readonly row = new NumberColumn(new Int32Array(1024));

  readonly #kinds: Readonly<Record<EventKindName, KindTable>> = Object.fromEntries(
    EVENT_KINDS.map((schema) => [schema.name, new KindTable(schema)]),
  ) as Record<EventKindName, KindTable>;

  readonly #rowCounts = new Float64Array(16);

  get length(): number {
    return this.time.length;
  }

  table<K extends EventKindName>(kind: K): KindTable<K> {
    return this.#kinds[kind] as unknown as KindTable<K>;
  }

  /** How many events of a kind there are. */
  count(kind: EventKindName): number {
    return this.#rowCounts[KIND[kind]] ?? 0;
  }

  /** Adds the part that every event has, and takes the next row of the kind; the caller fills its columns. */
  pushCommon(kindId: number, time: number, cpu: number, pid: number, tid: number): void {
    this.time.push(time);
    this.kind.push(kindId);
    this.cpu.push(cpu);
    this.pid.push(pid);
    this.tid.push(tid);
    const row = this.#rowCounts[kindId] ?? 0;
    this.row.push(row);
    this.#rowCounts[kindId] = row + 1;
  }

  /** Makes an event one of which nothing but its time and thread is believed. */
  spoil(index: number): void {
    this.kind.set(index, KIND.malformed);
    this.#rowCounts[KIND.malformed] = this.count('malformed') + 1;
  }

  /** Adds one whole event: for decoders of rare kinds and for tests. Absent columns are 0 or empty. */
  push<K extends EventKindName>(
    kind: K,
    common: { time: number; cpu?: number; pid: number; tid?: number },
    values: EventValues<K> = {},
  ): number {
    const index = this.length;
    const table = this.#kinds[kind];
    this.pushCommon(KIND[kind], common.time, common.cpu ?? 0, common.pid, common.tid ?? common.pid);
    for (const column of table.schema.columns) {
      const value = own(values, column.name);
      if (column.countedBy === undefined) {
        if (own(table.listStarts, column.name) === undefined) {
          table.column(column.name).push(typeof value === 'number' ? value : 0);
        }
        continue;
      }
      const list = Array.isArray(value) ? (value as readonly number[]) : [];
      const starts = own(table.listStarts, column.countedBy) as NumberColumn;
      const counts = table.column(column.countedBy);
      if (starts.length <= this.row.at(index)) {
        starts.push(table.column(column.name).length);
        counts.push(list.length);
      }
      for (const item of list) table.column(column.name).push(item);
    }
    return index;
  }

  kindName(index: number): EventKindName {
    return kindById(this.kind.at(index))?.name ?? 'malformed';
  }

  /** A plain column's value of the event at `index`. */
  value(index: number, column: PlainName): number {
    return this.#kinds[this.kindName(index)].column(column).at(this.row.at(index));
  }

  /** A list column's values of the event at `index`. */
  values(index: number, column: ListName): number[] {
    return this.#kinds[this.kindName(index)].list(column, this.row.at(index));
  }
}
