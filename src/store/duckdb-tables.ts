/** The tables as DuckDB has them. */
import { type ColumnType, TABLE_NAMES, TABLES } from '../export/tables/schema.js';
import type { QueryTable } from '../query/tables.js';

export const DUCKDB_TYPES: Readonly<Record<ColumnType, string>> = {
  string: 'VARCHAR',
  int32: 'INTEGER',
  int64: 'BIGINT',
  double: 'DOUBLE',
  boolean: 'BOOLEAN',
  timestamp: 'TIMESTAMP WITH TIME ZONE',
  date: 'DATE',
};

export function duckdbTables(): QueryTable[] {
  return TABLE_NAMES.map((name) => ({
    name,
    columns: TABLES[name].columns.map((column) => ({
      name: column.name,
      type: DUCKDB_TYPES[column.type],
    })),
  }));
}
