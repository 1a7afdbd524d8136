/**
 * EventChunk: events in packed columns, between the event table and the wire. The columns are those of
 * EVENT_KINDS; no object is made for an event.
 */
import { own } from '../base/own.js';
import { EVENT_KINDS, type KindSchema, kindById } from '../model/recording/event-kinds.js';
import type { ColumnData, EventTable, KindTable } from '../model/recording/event-table.js';
import { relativeNs } from './instants.js';
import type { Charge } from './memory-budget.js';
import { CHUNK } from './schema.js';
import { countVarints, MalformedError, unpack, WIRE, WireReader, type WireWriter } from './wire.js';

/** Writes the fields of one EventChunk: the table's events [from, to), at most CHUNK_EVENTS. */
export function encodeChunk(
  writer: WireWriter,
  table: EventTable,
  from: number,
  to: number,
  startNs: bigint,
): void {
  const firstTime = startNs + BigInt(Math.round(table.time.at(from)));
  const baseNs = firstTime > 0n ? firstTime : 0n;
  writer.tag(CHUNK.baseNs, WIRE.varint);
  writer.bigVarint(baseNs);

  const base = relativeNs(startNs, baseNs);
  encodeColumn(writer, CHUNK.timeDeltaNs, deltas(table.time.view(), from, to, base), true);
  const kinds = table.kind.view().subarray(from, to);
  writer.packed(CHUNK.kinds, kinds, 0, kinds.length, false);
  encodeColumn(writer, CHUNK.cpus, table.cpu.view().subarray(from, to), false);
  encodeColumn(writer, CHUNK.pidDeltas, deltas(table.pid.view(), from, to, 0), true);
  encodeColumn(writer, CHUNK.tidDeltas, deltas(table.tid.view(), from, to, 0), true);

  // A kind's rows are given in sequence, so those of a range of events are a range too.
  const rows = table.row.view();
  for (const kind of EVENT_KINDS) {
    const first = kinds.indexOf(kind.id);
    if (first < 0 || kind.chunkField === 0) continue;
    const firstRow = rows[from + first] as number;
    const lastRow = rows[from + kinds.lastIndexOf(kind.id)] as number;
    const start = writer.begin(kind.chunkField);
    encodeKind(writer, table.table(kind.name), firstRow, lastRow + 1);
    writer.end(start);
  }
}

function encodeKind(writer: WireWriter, table: KindTable, from: number, to: number): void {
  for (const { name, field, type, countedBy } of table.schema.columns) {
    const values = table.column(name).view();
    const signed = type === 'sint';
    if (countedBy === undefined) {
      if (values.length < to) throw new Error(`${table.schema.name}.${name} lacks values`);
      encodeColumn(writer, field, values.subarray(from, to), signed);
      continue;
    }
    const start = own(table.listStarts, countedBy)?.at(from) ?? 0;
    const end =
      (own(table.listStarts, countedBy)?.at(to - 1) ?? 0) + table.column(countedBy).at(to - 1);
    // Never left out where it has values: a count alone must not make a reader allocate.
    if (end > start) writer.packed(field, values, start, end, signed);
  }
}

/** An absent column is all zeros. */
function encodeColumn(
  writer: WireWriter,
  field: number,
  values: ColumnData,
  signed: boolean,
): void {
  for (let i = 0; i < values.length; i++) {
    if (values[i] !== 0) {
      writer.packed(field, values, 0, values.length, signed);
      return;
    }
  }
}

function deltas(values: ColumnData, from: number, to: number, base: number): Float64Array {
  const result = new Float64Array(to - from);
  let before = base;
  for (let i = from; i < to; i++) {
    const value = Math.round(values[i] as number);
    result[i - from] = value - before;
    before = value;
  }
  return result;
}

export interface DecodedChunk {
  /** Events that went to the table. */
  readonly events: number;
  /** Events of kinds that this version does not know: left out. */
  readonly unknown: number;
  /** Events with a number that makes no sense: they are in the table, as malformed. */
  readonly spoilt: number;
}

/** The id that a reference to string `id` becomes; 0 where it may not be. */
export type TextReference = (id: number, isName: boolean) => number;

/**
 * Adds a chunk's events to the table, or throws MalformedError and leaves the table as it was.
 * `charge` is told how many bytes of memory the events take before they are made, and may throw.
 * @param textOf gives the string id that an event may refer to: itself, or 0
 */
export function decodeChunk(
  chunk: Uint8Array,
  table: EventTable,
  startNs: bigint,
  charge: Charge,
  textOf: TextReference = (id) => id,
): DecodedChunk {
  let scratch = 0;
  const chargeScratch = (bytes: number): void => {
    scratch += bytes;
    charge(bytes);
  };
  try {
    return decodeFields(
      readChunkFields(chunk, chargeScratch),
      table,
      startNs,
      charge,
      chargeScratch,
      textOf,
    );
  } finally {
    charge(-scratch);
  }
}

function decodeFields(
  fields: ChunkFields,
  table: EventTable,
  startNs: bigint,
  charge: Charge,
  chargeScratch: Charge,
  textOf: TextReference,
): DecodedChunk {
  const length = fields.columns.count(CHUNK.kinds);
  chargeScratch(length * SCRATCH_BYTES);
  const common = (field: number, signed: boolean): Float64Array => {
    const out = new Float64Array(length);
    fields.columns.read(field, out, signed);
    return out;
  };
  for (const field of [CHUNK.timeDeltaNs, CHUNK.cpus, CHUNK.pidDeltas, CHUNK.tidDeltas]) {
    fields.columns.expect(field, length, 'the chunk');
  }
  const kinds = common(CHUNK.kinds, false);
  const { counts, unknown } = countKinds(kinds);
  const readers = EVENT_KINDS.filter((kind) => (counts[kind.id] as number) > 0).map((kind) =>
    checkKind(kind, counts[kind.id] as number, fields.kinds.get(kind.chunkField) ?? NO_COLUMNS),
  );
  charge(readers.reduce((bytes, kind) => bytes + kind.bytes, 0) * COLUMN_SLACK);

  const times = common(CHUNK.timeDeltaNs, true);
  const cpus = common(CHUNK.cpus, false);
  const pids = common(CHUNK.pidDeltas, true);
  const tids = common(CHUNK.tidDeltas, true);
  sumUp(times, relativeNs(startNs, fields.baseNs));
  sumUp(pids, 0);
  sumUp(tids, 0);
  expectWithin('time', times, -Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  expectWithin('pid', pids, 0, LARGEST_PID);
  expectWithin('tid', tids, 0, LARGEST_PID);
  expectWithin('CPU', cpus, 0, LARGEST_CPU);
  const first = table.length;
  for (let i = 0; i < length; i++) {
    const kind = kinds[i] as number;
    if (!isKnown(kind)) continue;
    const [time, cpu] = [times[i] as number, cpus[i] as number];
    table.pushCommon(kind, time, cpu, pids[i] as number, tids[i] as number);
  }
  const spoilt = readers.flatMap(({ schema, rows, columns }) => {
    const bad = decodeKind(table.table(schema.name), rows, columns, textOf);
    return bad.size > 0 ? [{ kind: schema.id, bad }] : [];
  });
  return { events: length - unknown, unknown, spoilt: spoil(table, first, spoilt) };
}

/** Differences become values, in place. */
function sumUp(differences: Float64Array, base: number): void {
  let sum = base;
  for (let i = 0; i < differences.length; i++) {
    sum += differences[i] as number;
    differences[i] = sum;
  }
}

const LARGEST_PID = 2 ** 31 - 1;
const LARGEST_CPU = 2 ** 16 - 1;

/** What every event has is coded by differences: from a value that makes no sense on, none does. */
function expectWithin(what: string, values: Float64Array, least: number, most: number): void {
  for (const value of values) {
    if (!(value >= least && value <= most)) {
      throw new MalformedError(`an event has the ${what} ${value}`);
    }
  }
}

/** Marks the events from `first` on whose rows are bad. */
function spoil(
  table: EventTable,
  first: number,
  kinds: readonly { readonly kind: number; readonly bad: ReadonlySet<number> }[],
): number {
  let count = 0;
  if (kinds.length === 0) return count;
  const badRows = new Map(kinds.map(({ kind, bad }) => [kind, bad]));
  for (let index = first; index < table.length; index++) {
    if (badRows.get(table.kind.at(index))?.has(table.row.at(index)) !== true) continue;
    table.spoil(index);
    count++;
  }
  return count;
}

/** The columns of a chunk before they are in the table: five of doubles. */
const SCRATCH_BYTES = 5 * 8;
/** What every event takes in the table: its time, kind, cpu, pid, tid and row. */
const COMMON_BYTES = 8 + 1 + 4 * 4;
/** Columns grow by half, and while one is copied its old self is still there. */
const COLUMN_SLACK = 2;

const KNOWN_IDS = Uint8Array.from({ length: 16 }, (_, id) => (kindById(id) === undefined ? 0 : 1));
const isKnown = (kind: number): boolean => KNOWN_IDS[kind] === 1;

function countKinds(kinds: Float64Array): { counts: Float64Array; unknown: number } {
  const counts = new Float64Array(KNOWN_IDS.length);
  let unknown = 0;
  for (const kind of kinds) {
    if (isKnown(kind)) counts[kind] = (counts[kind] as number) + 1;
    else unknown++;
  }
  return { counts, unknown };
}

/** No message of columns has a field number beyond: what comes from a later version is not kept. */
const LAST_COLUMN = 15;
const RANGE_BYTES = 2 * 8;

/** Where the columns of one message lie: by field number, the ranges of bytes that hold its varints. */
class WireColumns {
  readonly #bytes: Uint8Array;
  readonly #charge: Charge;
  readonly #ranges = new Map<number, number[]>();
  readonly #counts = new Map<number, number>();

  constructor(bytes: Uint8Array, charge: Charge) {
    this.#bytes = bytes;
    this.#charge = charge;
  }

  /** Packed or not, in one piece or several: all are legal, and one element is a range like another. */
  add(field: number, start: number, end: number): void {
    if (field > LAST_COLUMN) return;
    this.#charge(RANGE_BYTES);
    const ranges = this.#ranges.get(field);
    if (ranges === undefined) this.#ranges.set(field, [start, end]);
    else ranges.push(start, end);
  }

  /** Throws where the bytes are no varints; so does whatever counts. Only then may a column be read. */
  count(field: number): number {
    const known = this.#counts.get(field);
    if (known !== undefined) return known;
    const ranges = this.#ranges.get(field) ?? [];
    let count = 0;
    for (let i = 0; i < ranges.length; i += 2) {
      count += countVarints(this.#bytes, ranges[i] as number, ranges[i + 1] as number);
    }
    this.#counts.set(field, count);
    return count;
  }

  /** Throws unless the column has `length` values, or none at all. */
  expect(field: number, length: number, where: string): void {
    if (this.count(field) !== 0) this.expectExactly(field, length, where);
  }

  expectExactly(field: number, length: number, where: string): void {
    const count = this.count(field);
    if (count === length) return;
    throw new MalformedError(`column ${field} of ${where} has ${count} values, not ${length}`);
  }

  read(field: number, out: ColumnData, signed: boolean): void {
    const ranges = this.#ranges.get(field) ?? [];
    let index = 0;
    for (let i = 0; i < ranges.length; i += 2) {
      const [start, end] = [ranges[i] as number, ranges[i + 1] as number];
      index = unpack(this.#bytes, start, end, out, index, signed);
    }
  }
}

const NO_COLUMNS = new WireColumns(new Uint8Array(0), () => {});

interface ChunkFields {
  readonly baseNs: bigint;
  readonly columns: WireColumns;
  /** By the kind's field number in the chunk. */
  readonly kinds: ReadonlyMap<number, WireColumns>;
}

const KIND_FIELDS: ReadonlySet<number> = new Set(
  EVENT_KINDS.map((kind) => kind.chunkField).filter((field) => field !== 0),
);

function readChunkFields(chunk: Uint8Array, charge: Charge): ChunkFields {
  const reader = new WireReader(chunk);
  const columns = new WireColumns(chunk, charge);
  const kinds = new Map<number, WireColumns>();
  let baseNs = 0n;
  while (!reader.done) {
    const tag = reader.varint();
    const field = Math.floor(tag / 8);
    if (tag === CHUNK.baseNs * 8 + WIRE.varint) baseNs = reader.bigVarint();
    else if (KIND_FIELDS.has(field) && tag % 8 === WIRE.bytes) {
      const end = reader.lengthDelimited();
      const own = kinds.get(field) ?? new WireColumns(chunk, charge);
      kinds.set(field, own);
      const nested = new WireReader(chunk, reader.position, end);
      while (!nested.done) readColumn(nested, nested.varint(), own);
      reader.position = end;
    } else readColumn(reader, tag, columns);
  }
  return { baseNs, columns, kinds };
}

function readColumn(reader: WireReader, tag: number, columns: WireColumns): void {
  const wireType = tag % 8;
  const field = Math.floor(tag / 8);
  if (wireType !== WIRE.bytes) {
    const start = reader.position;
    reader.skip(wireType);
    if (wireType === WIRE.varint) columns.add(field, start, reader.position);
    return;
  }
  const end = reader.lengthDelimited();
  columns.add(field, reader.position, end);
  reader.position = end;
}

interface CheckedKind {
  readonly schema: KindSchema;
  readonly rows: number;
  readonly columns: WireColumns;
  /** Memory that these rows take. */
  readonly bytes: number;
}

/** Throws unless every column of the kind has the values that `rows` events need. */
function checkKind(schema: KindSchema, rows: number, columns: WireColumns): CheckedKind {
  let values = 0;
  const totals = new Map<string, number>();
  for (const { field, countedBy } of schema.columns) {
    if (countedBy === undefined) {
      columns.expect(field, rows, schema.name);
      values += rows;
      continue;
    }
    const known = totals.get(countedBy);
    if (known === undefined) values += rows;
    const total = known ?? sumOfCounts(schema, countedBy, rows, columns);
    totals.set(countedBy, total);
    columns.expectExactly(field, total, schema.name);
    values += total;
  }
  return { schema, rows, columns, bytes: rows * COMMON_BYTES + values * 8 };
}

function sumOfCounts(
  schema: KindSchema,
  countedBy: string,
  rows: number,
  columns: WireColumns,
): number {
  const field = schema.columns.find((column) => column.name === countedBy)?.field ?? 0;
  columns.expect(field, rows, schema.name);
  const counts = new Float64Array(rows);
  columns.read(field, counts, false);
  return counts.reduce((sum, count) => sum + count, 0);
}

/** @returns rows that hold a number out of its column's range */
function decodeKind(
  table: KindTable,
  rows: number,
  columns: WireColumns,
  textOf: TextReference,
): Set<number> {
  const bad = new Set<number>();
  const listLengths = new Map<string, number>();
  for (const { name, countedBy } of table.schema.columns) {
    if (countedBy !== undefined) listLengths.set(countedBy, table.column(name).length);
  }
  for (const { name, field, type, countedBy, range, isName } of table.schema.columns) {
    const length = countedBy === undefined ? rows : columns.count(field);
    const firstRow = table.column(name).length;
    const out = table.column(name).append(length);
    columns.read(field, out, type === 'sint');
    if (type === 'string') {
      for (let i = 0; i < length; i++) out[i] = textOf(out[i] as number, isName === true);
    }
    if (range !== undefined) {
      const [least, most] = range;
      for (let row = 0; row < length; row++) {
        const value = out[row] as number;
        if (value < least || value > most) bad.add(firstRow + row);
      }
    }
    const listLength = listLengths.get(name);
    if (listLength === undefined) continue;
    const starts = own(table.listStarts, name)?.append(rows);
    if (starts === undefined) continue;
    let start = listLength;
    for (let row = 0; row < rows; row++) {
      starts[row] = start;
      start += out[row] as number;
    }
  }
  return bad;
}
