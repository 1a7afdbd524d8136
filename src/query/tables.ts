/** The SQL that makes the tables of a database: empty ones of the right shape, and views over Parquet files. */

interface QueryColumn {
  readonly name: string;
  /** DuckDB's: "BIGINT". */
  readonly type: string;
}

export interface QueryTable {
  readonly name: string;
  readonly columns: readonly QueryColumn[];
}

/** A file of Parquet that holds rows of a table. */
export interface TableFile {
  readonly path: string;
  /** It lies in folders host=…/day=…: where a condition rules it out it is not read. */
  readonly partitioned: boolean;
  /** It is known to have just the table's columns; of others DuckDB has to look at all before it begins. */
  readonly sameColumns: boolean;
}

/** Empty tables stand behind the views, so that columns which older files lack are null and not an error. */
const EMPTY = 'dit_empty';

export const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`;
export const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;
const listOf = (paths: readonly string[]): string => `[${paths.map(quote).join(', ')}]`;

export function createTable({ name, columns }: QueryTable, schema = 'main'): string {
  const types = columns.map((column) => `${identifier(column.name)} ${column.type}`).join(', ');
  return `CREATE TABLE ${schema}.${identifier(name)} (${types})`;
}

/** @returns statements, to be run in order once `createEmptySchema` has been */
export function createView(table: QueryTable, files: readonly TableFile[]): string[] {
  const parts = [`FROM ${EMPTY}.${identifier(table.name)}`];
  for (const partitioned of [true, false]) {
    for (const sameColumns of [true, false]) {
      const paths = files
        .filter((file) => file.partitioned === partitioned && file.sameColumns === sameColumns)
        .map(({ path }) => path);
      if (paths.length > 0) parts.push(readParquet(paths, partitioned, sameColumns));
    }
  }
  // Columns that only a newer dit knows are left out: a query means the same over all files.
  const columns = table.columns.map(({ name }) => identifier(name)).join(', ');
  const rows = parts.join(' UNION ALL BY NAME ');
  return [
    createTable(table, EMPTY),
    `CREATE VIEW ${identifier(table.name)} AS SELECT ${columns} FROM (${rows})`,
  ];
}

function readParquet(paths: readonly string[], partitioned: boolean, sameColumns: boolean): string {
  const options = [
    `union_by_name = ${!sameColumns}`,
    `hive_partitioning = ${partitioned}`,
    ...(partitioned ? ['hive_types = {host: VARCHAR, day: DATE}'] : []),
  ];
  return `FROM read_parquet(${listOf(paths)}, ${options.join(', ')})`;
}

export const createEmptySchema = `CREATE SCHEMA ${EMPTY}`;
