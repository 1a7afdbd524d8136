/**
 * Traces as a folder of Parquet for a fleet: DIR/TABLE/host=HOST/day=YYYY-MM-DD/NAME.parquet, one file a table and
 * recording. A recording that is written again takes the place of its files. docs/warehouse.md
 */
import { dirname, join } from 'node:path';
import { DitError, EXIT, messageOf } from '../base/errors.js';
import { plainName } from '../base/escape.js';
import { quoting } from '../base/foreign.js';
import { parseRuntimeId, shortId } from '../base/ids.js';
import { parquetFile } from '../export/parquet.js';
import { dayText, originOf } from '../export/tables/origin.js';
import { type RowOptions, rowsOf } from '../export/tables/rows.js';
import { TABLE_NAMES, type TableName } from '../export/tables/schema.js';
import type { Trace } from '../model/trace/trace.js';
import { makeFolders } from '../platform/files/folders.js';
import type { Owner } from '../platform/files/owner.js';
import { removeFile, writeWholeFile } from '../platform/files/whole-file.js';

export interface ParquetFolderResult {
  /** Those that were written: a table without rows has no file. */
  readonly files: readonly string[];
  readonly bytes: number;
  readonly rows: number;
}

/** What a watch knows of a start without its events. */
export const TABLES_OF_A_START: readonly TableName[] = TABLE_NAMES.filter(
  (table) => table !== 'slices' && table !== 'syscalls',
);

export interface ParquetFolderOptions {
  /** Whose new files and folders are. */
  readonly owner: Owner | undefined;
  /** Default: all. */
  readonly tables?: readonly TableName[];
}

/**
 * @param folder made where it is missing
 * @throws DitError where it cannot be written
 */
export function writeParquetFolder(
  folder: string,
  trace: Trace,
  options: RowOptions,
  { owner, tables = TABLE_NAMES }: ParquetFolderOptions,
): ParquetFolderResult {
  const { host, day } = originOf(trace);
  const name = `${nameOf(trace)}.parquet`;
  const files: string[] = [];
  let bytes = 0;
  let rows = 0;
  for (const table of tables) {
    const own = rowsOf(table, trace, options);
    const path = join(folder, table, `host=${host}`, `day=${dayText(day)}`, name);
    try {
      if (own.length === 0) {
        removeFile(path);
        continue;
      }
      makeFolders(dirname(path), { mode: 0o700, owner });
      const file = parquetFile(own);
      writeWholeFile(path, file, { mode: 0o666, owner });
      files.push(path);
      bytes += file.length;
      rows += own.length;
    } catch (error) {
      throw new DitError({
        code: 'output-folder',
        exitCode: EXIT.usage,
        message: quoting`"${path}" cannot be written: ${messageOf(error)}`,
        remedy: 'name another folder with -o DIR, or make room',
        cause: error,
      });
    }
  }
  return { files, bytes, rows };
}

/** The trace's id; of one start out of many in a recording, the container's beside it. */
function nameOf({ recording: { header } }: Trace): string {
  const { containerId } = header.target;
  const id = parseRuntimeId(containerId);
  const start = id === undefined ? '' : `-${shortId(id)}`;
  return plainName(quoting`${header.traceId}${start}`, 200);
}
