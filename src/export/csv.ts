/**
 * A table of a trace as CSV: RFC 4180 with a header, lines end in CR LF, columns are those of docs/schema.md.
 *
 * Cells hold what containers and kernels said. A text that a spreadsheet would compute (it begins with "=", "+", "-"
 * or "@") gets an apostrophe in front; what a terminal acts on is a visible escape, so that a row is one line. Null is
 * an empty field and the empty text is "": PostgreSQL tells them apart, DuckDB with allow_quoted_nulls=false.
 */

import { escapeText } from '../base/escape.js';
import { type Foreign, isText, quoting } from '../base/foreign.js';
import { own } from '../base/own.js';
import { inChunks } from './chunks.js';
import {
  type Cell,
  type Column,
  type ColumnType,
  TABLES,
  type TableRows,
} from './tables/schema.js';

export const leavesOut: readonly string[] = [
  'all tables except the requested one',
  'the types of the columns: docs/schema.md has them',
  'events other than syscalls (forks, execs, wake-ups …)',
  'control characters in their original form: they are visible escapes',
];

export function csvFile(rows: TableRows): Iterable<string> {
  return inChunks(lines(rows));
}

function* lines({ table, length, cells }: TableRows): Generator<string> {
  const columns: readonly Column[] = TABLES[table].columns;
  yield `${columns.map(({ name }) => name).join(',')}\r\n`;
  const readers = columns.map(({ name, type }) => {
    const cell = own(cells, name) as (row: number) => Cell;
    const field = FIELDS[type];
    return (row: number): string => {
      const value = cell(row);
      return value === null ? '' : field(value);
    };
  });
  for (let row = 0; row < length; row++) yield `${readers.map((read) => read(row)).join(',')}\r\n`;
}

type Value = Exclude<Cell, null>;

const plain = (value: Value): string => (isText(value) ? textField(value) : String(value));

const FIELDS: Readonly<Record<ColumnType, (value: Value) => string>> = {
  string: plain,
  boolean: plain,
  double: plain,
  int32: plain,
  int64: plain,
  timestamp: (us) => timestampField(Number(us)),
  date: (days) => dateField(Number(days)),
};

/** What a cell or a header of text is, in any CSV of dit. */
export function textField(text: Foreign): string {
  const begins = ['=', '+', '-', '@'].some((sign) => text.startsWith(sign));
  const safe = escapeText(begins ? quoting`'${text}` : text);
  return safe === '' || /[",]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const US_PER_MS = 1000;
const MS_PER_DAY = 86_400_000;

/** "2026-11-21T08:58:01.123456Z"; µs since 1970 as a number where no calendar has them. */
function timestampField(us: number): string {
  const ms = Math.floor(us / US_PER_MS);
  const rest = String(us - ms * US_PER_MS).padStart(3, '0');
  return isoTime(ms)?.replace('Z', `${rest}Z`) ?? String(us);
}

/** "2026-11-21" */
function dateField(days: number): string {
  return isoTime(days * MS_PER_DAY)?.split('T')[0] ?? String(days);
}

function isoTime(ms: number): string | undefined {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}
