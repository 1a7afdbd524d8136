/** Trace files as files of Parquet: what was analysed before is found again, the rest is analysed one by one. */

import { setImmediate as turn } from 'node:timers/promises';
import { analyse } from '../analysis/analyse.js';
import { buildTracks } from '../analysis/tracks/tracks.js';
import { DitError, EXIT, messageOf } from '../base/errors.js';
import { quoting } from '../base/foreign.js';
import { parquetFile } from '../export/parquet.js';
import { rowsOf } from '../export/tables/rows.js';
import { LARGE_TABLES, TABLE_NAMES, type TableName } from '../export/tables/schema.js';
import { EVENT_MEMORY } from '../tracefile/event-memory.js';
import { readTraceFile } from '../tracefile/reader.js';
import type { TableCache } from './table-cache.js';

export interface TraceTables {
  readonly files: ReadonlyMap<TableName, readonly string[]>;
  /** The files that are no traces, or cannot be read; in the order of `traces`. */
  readonly unreadable: readonly DitError[];
}

export interface TraceTablesOptions {
  readonly cache: TableCache;
  /** Before each file that has to be analysed. */
  readonly onAnalyse: (done: number, all: number) => void;
  readonly signal: AbortSignal;
}

const SMALL_TABLES = TABLE_NAMES.filter((table) => !LARGE_TABLES.has(table));

/** @throws what the signal was aborted with; DitError where there is no room for tables */
export async function traceTables(
  traces: readonly string[],
  wanted: readonly TableName[],
  { cache, onAnalyse, signal }: TraceTablesOptions,
): Promise<TraceTables> {
  const files = new Map<TableName, string[]>(wanted.map((table) => [table, []]));
  const unreadable: DitError[] = [];
  const keys = traces.map((path) => keyOf(cache, path));
  const lacks = (key: string): TableName[] =>
    wanted.filter((table) => cache.find(key, table) === undefined);
  const toAnalyse = keys.filter((key) => key instanceof DitError || lacks(key).length > 0).length;
  let analysed = 0;
  for (const [index, path] of traces.entries()) {
    const key = keys[index] as string | DitError;
    if (key instanceof DitError) {
      unreadable.push(key);
      continue;
    }
    const missing = lacks(key);
    if (missing.length > 0) {
      onAnalyse(analysed++, toAnalyse);
      // Lets a Ctrl-C come in between two files.
      await turn();
      signal.throwIfAborted();
      // The analysis costs most: the small tables are kept with it, whatever was asked for.
      const made = tablesOf(path, new Set([...SMALL_TABLES, ...missing]));
      if (made instanceof DitError) {
        unreadable.push(made);
        continue;
      }
      for (const [table, bytes] of made) cache.put(key, table, bytes);
    }
    for (const table of wanted) {
      const file = cache.find(key, table);
      if (file !== undefined) files.get(table)?.push(file);
    }
  }
  return { files, unreadable };
}

/** One file, whatever is wrong with it, does not end a question that is asked over many. */
function tablesOf(
  path: string,
  tables: Iterable<TableName>,
): Map<TableName, Uint8Array> | DitError {
  try {
    const trace = analyse(readTraceFile(path, { memoryBytes: EVENT_MEMORY.rows }));
    const options = { file: path, tracks: () => buildTracks(trace) };
    const made = new Map<TableName, Uint8Array>();
    for (const table of tables) made.set(table, parquetFile(rowsOf(table, trace, options)));
    return made;
  } catch (error) {
    if (error instanceof DitError) return error;
    return new DitError({
      code: 'trace-unreadable',
      exitCode: EXIT.usage,
      message: quoting`"${path}" cannot be analysed: ${messageOf(error)}`,
      cause: error,
    });
  }
}

function keyOf(cache: TableCache, path: string): string | DitError {
  try {
    return cache.keyOf(path);
  } catch (error) {
    return new DitError({
      code: 'trace-unreadable',
      exitCode: 2,
      message: quoting`cannot open "${path}": ${messageOf(error)}`,
      cause: error,
    });
  }
}
