/**
 * Tables as Parquet files: Snappy, dictionaries, plain values and version 2 data pages, which DuckDB, Spark, Trino and
 * ClickHouse read alike.
 */

import { ByteWriter, ParquetWriter, type SchemaElement } from 'hyparquet-writer';
import { isText, raw } from '../base/foreign.js';
import { own } from '../base/own.js';
import {
  type Cell,
  type Column,
  type ColumnType,
  TABLES,
  TABLES_VERSION,
  type TableName,
  type TableRows,
} from './tables/schema.js';

/** What the tables do not hold of a trace. */
export const leavesOut: readonly string[] = [
  'events other than syscalls (forks, execs, wake-ups …): only slices, milestones and segments derive from them',
  'raw arguments of syscalls; their texts are kept',
  'clock snapshots, warnings in words, refused probes, all findings except the largest',
];

/** Rows that are turned into columns at once: what bounds the memory. */
const ROWS_OF_A_GROUP = 65_536;

const PHYSICAL: Readonly<Record<ColumnType, Partial<SchemaElement>>> = {
  string: { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } },
  int32: { type: 'INT32' },
  int64: { type: 'INT64' },
  double: { type: 'DOUBLE' },
  boolean: { type: 'BOOLEAN' },
  timestamp: {
    type: 'INT64',
    converted_type: 'TIMESTAMP_MICROS',
    logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' },
  },
  date: { type: 'INT32', converted_type: 'DATE', logical_type: { type: 'DATE' } },
};

/** Stands in the metadata of each file under "dit.columns": "1:container_id,started_at,…". */
export function columnsNote(table: TableName): string {
  return `${TABLES_VERSION}:${columnsOf(table).map(({ name }) => name)}`;
}

const columnsOf = (table: TableName): readonly Column[] => TABLES[table].columns;

/** A whole Parquet file; its own metadata name the table ("dit.table") and its columns. */
export function parquetFile({ table, length, cells }: TableRows): Uint8Array {
  const columns = columnsOf(table);
  const writer = new ByteWriter();
  const parquet = new ParquetWriter({
    writer,
    schema: [{ name: 'dit', num_children: columns.length }, ...columns.map(schemaElement)],
    createdBy: 'dit',
    kvMetadata: [
      { key: 'dit.table', value: table },
      { key: 'dit.columns', value: columnsNote(table) },
    ],
  });
  for (let from = 0; from < length; from += ROWS_OF_A_GROUP) {
    const rows = Math.min(ROWS_OF_A_GROUP, length - from);
    parquet.write({
      columnData: columns.map(({ name, type }) => {
        const cell = own(cells, name) as (row: number) => Cell;
        const convert = CONVERSIONS[type];
        const data = Array.from({ length: rows }, (_, row) => {
          const value = cell(from + row);
          return value === null ? null : convert(value);
        });
        return { name, data };
      }),
      rowGroupSize: rows,
    });
  }
  parquet.finish();
  return writer.getBytes();
}

function schemaElement({ name, type, nullable }: Column): SchemaElement {
  const repetition_type = nullable ? 'OPTIONAL' : 'REQUIRED';
  return { name, ...PHYSICAL[type], repetition_type };
}

type Value = Exclude<Cell, null>;
type Stored = string | number | bigint | boolean;

/** A text is data: its bytes are counted, and nothing in them ends it. */
const plain = (cell: Value): Stored => (isText(cell) ? raw(cell) : cell);

/** A trace file may claim any number: what does not fit becomes the nearest that does. */
const CONVERSIONS: Readonly<Record<ColumnType, (cell: Value) => Stored>> = {
  string: plain,
  boolean: plain,
  double: plain,
  int32: (cell) => toInt32(Number(cell)),
  date: (cell) => toInt32(Number(cell)),
  int64: (cell) => toInt64(Number(cell)),
  timestamp: (cell) => toInt64(Number(cell)),
};

const INT32_MAX = 2 ** 31 - 1;
const INT64_MAX = 2n ** 63n - 1n;

function toInt32(value: number): number {
  return Math.trunc(Math.max(-INT32_MAX - 1, Math.min(INT32_MAX, value)));
}

function toInt64(value: number): bigint {
  const whole = BigInt(Math.trunc(Math.max(-(2 ** 63), Math.min(2 ** 63, value))));
  return whole > INT64_MAX ? INT64_MAX : whole;
}
