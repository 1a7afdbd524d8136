/** What a query is asked over: the trace files and the files of Parquet behind the paths that were named. */
import { closeSync, fstatSync, readdirSync, readSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DitError, EXIT, messageOf, systemErrorCode } from '../base/errors.js';
import { quoting } from '../base/foreign.js';
import { columnsNote } from '../export/parquet.js';
import { TABLE_NAMES, type TableName } from '../export/tables/schema.js';
import { openInput } from '../platform/files/input-files.js';
import type { TableFile } from '../query/tables.js';

export interface QueryInputs {
  /** Trace files, absolute. */
  readonly traces: readonly string[];
  /** Files of Parquet, absolute. */
  readonly files: ReadonlyMap<TableName, readonly TableFile[]>;
  /** Why files of Parquet are left out, each in a sentence. */
  readonly refused: readonly string[];
  /** Trace files that lie in a folder of tables: their starts are taken to be in the tables. */
  readonly passedOver: number;
}

const TABLES = TABLE_NAMES.join('|');
const PARTITIONED = new RegExp(`/(${TABLES})/host=[^/]+/day=[^/]+/[^/]+\\.parquet$`);

/**
 * Folders are looked through to the bottom for *.dit and *.parquet; a file that is named itself may have any name.
 * @param tables those that are wanted: files of the others are not looked at
 * @throws DitError where a path does not exist
 */
export function findInputs(paths: readonly string[], tables: readonly TableName[]): QueryInputs {
  const traces = new Set<string>();
  const parquet = new Set<string>();
  let passedOver = 0;
  for (const path of paths.map((each) => resolve(each))) {
    if (!isFolder(path)) {
      (path.endsWith('.parquet') ? parquet : traces).add(path);
      continue;
    }
    const found = filesIn(path);
    const hasTables = found.some((file) => PARTITIONED.test(file));
    for (const file of found) {
      if (file.endsWith('.parquet')) parquet.add(file);
      else if (hasTables) passedOver++;
      else traces.add(file);
    }
  }
  const files = new Map<TableName, TableFile[]>(tables.map((table) => [table, []]));
  const refused: string[] = [];
  for (const path of parquet) {
    const partition = PARTITIONED.exec(path)?.[1] as TableName | undefined;
    if (partition !== undefined && !files.has(partition)) continue;
    const footer = parquetFooter(path);
    if (footer === undefined) {
      refused.push(`"${path}" is not a whole Parquet file`);
      continue;
    }
    const table = partition ?? tableInFooter(footer);
    if (table === undefined) refused.push(`"${path}" holds none of dit's tables`);
    else {
      const sameColumns = footer.includes(columnsNote(table));
      files.get(table)?.push({ path, partitioned: partition !== undefined, sameColumns });
    }
  }
  return { traces: [...traces], files, refused, passedOver };
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    const missing = systemErrorCode(error) === 'ENOENT' || systemErrorCode(error) === 'ENOTDIR';
    throw new DitError({
      code: 'query-missing',
      exitCode: EXIT.usage,
      message: missing
        ? `there is no "${path}"`
        : quoting`cannot open "${path}": ${messageOf(error)}`,
      remedy:
        'name trace files, folders of them, or folders of Parquet; dit trace ls lists recordings',
      cause: error,
    });
  }
}

/** Links to folders are not followed: they may go in circles. */
function filesIn(folder: string): string[] {
  let entries: ReturnType<typeof list>;
  try {
    entries = list(folder);
  } catch (error) {
    throw new DitError({
      code: 'query-folder',
      exitCode: EXIT.usage,
      message: quoting`the folder "${folder}" cannot be read: ${messageOf(error)}`,
      remedy: 'name folders that you may read',
      cause: error,
    });
  }
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesIn(path);
    return /\.(dit|parquet)$/.test(entry.name) && !entry.name.startsWith('.') ? [path] : [];
  });
}

const list = (folder: string) =>
  readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));

const MAGIC = 'PAR1';
/** Length of the footer, and the magic. */
const TAIL_BYTES = 8;
const MOST_FOOTER_BYTES = 2 ** 24;

/** undefined: it does not end as Parquet does, as a file that is still being copied does not. */
function parquetFooter(path: string): Buffer | undefined {
  let fd: number | undefined;
  try {
    fd = openInput(path);
    const stat = fstatSync(fd);
    const tail = readEnd(fd, stat.size, TAIL_BYTES);
    const length = tail.readUInt32LE(0);
    if (tail.toString('latin1', 4) !== MAGIC || length > MOST_FOOTER_BYTES) return undefined;
    return readEnd(fd, stat.size - TAIL_BYTES, length);
  } catch {
    // Whatever is wrong with it, DuckDB says it when it reads the file.
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** The `length` bytes before `end`. @throws where there are not so many */
function readEnd(fd: number, end: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  if (end < length || readSync(fd, bytes, 0, length, end - length) < length) throw new Error();
  return bytes;
}

/** The metadata are Thrift: a key, a byte that a text follows, its length, the text. */
const TABLE_NOTE = new RegExp(`dit\\.table\\x18[^](${TABLES})`);

const tableInFooter = (footer: Buffer): TableName | undefined =>
  TABLE_NOTE.exec(footer.toString('latin1'))?.[1] as TableName | undefined;
