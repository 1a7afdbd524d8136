/** An answer written out: as a table for people, or as CSV or JSON for programs. */
import { safeJson } from '../../../base/escape.js';
import { textField } from '../../../export/csv.js';
import type { QueryResult } from '../../../query/query-process.js';
import type { Theme } from '../../../render/common/theme.js';
import { renderAnswer } from '../../../render/text/query-result.js';

export interface AnswerTarget {
  write(text: string): Promise<void>;
  readonly isTerminal: boolean;
  readonly width: number;
  readonly theme: Theme;
  /** The reader went away. */
  readonly closed: boolean;
}

/** What was written: rows, and whether there are more that were not. */
export interface Written {
  readonly rows: number;
  readonly more: boolean;
}

export type AnswerFormat = 'table' | 'csv' | 'json';

/** What a table holds at most: its columns are as wide as its rows need. */
const TABLE_ROWS = 1000;

export function writeAnswer(
  format: AnswerFormat,
  answer: QueryResult,
  target: AnswerTarget,
): Promise<Written> {
  if (format === 'table') return writeTable(answer, target);
  return format === 'csv' ? writeCsv(answer, target) : writeJson(answer, target);
}

async function writeTable(
  { columns, batches }: QueryResult,
  target: AnswerTarget,
): Promise<Written> {
  const rows: string[][] = [];
  let more = false;
  for await (const batch of batches) {
    for (const row of batch)
      rows.push(row.map((value) => (value === null ? 'NULL' : textOf(value))));
    more = rows.length > TABLE_ROWS;
    if (more) break;
  }
  const shown = rows.slice(0, TABLE_ROWS);
  const width = target.isTerminal ? target.width : undefined;
  await target.write(renderAnswer(columns, shown, { theme: target.theme, width }));
  return { rows: shown.length, more };
}

/** As `trace export --to csv` writes it, but for the line ends, which are LF. */
async function writeCsv({ columns, batches }: QueryResult, target: AnswerTarget): Promise<Written> {
  const fields = columns.map(({ isNumber }) => (isNumber ? textOf : writtenText));
  let rows = 0;
  await target.write(`${columns.map(({ name }) => textField(name)).join(',')}\n`);
  for await (const batch of batches) {
    const lines = batch.map((row) =>
      row.map((value, index) => (value === null ? '' : fields[index]?.(value))).join(','),
    );
    await target.write(lines.map((line) => `${line}\n`).join(''));
    rows += batch.length;
    if (target.closed) break;
  }
  return { rows, more: false };
}

/** An array with an object a line. */
async function writeJson(
  { columns, batches }: QueryResult,
  target: AnswerTarget,
): Promise<Written> {
  let rows = 0;
  await target.write('[');
  for await (const batch of batches) {
    const objects = batch.map((row) =>
      safeJson(Object.fromEntries(columns.map(({ name }, index) => [name, jsonOf(row[index])]))),
    );
    await target.write(`${rows === 0 ? '\n' : ',\n'}${objects.join(',\n')}`);
    rows += batch.length;
    if (target.closed) break;
  }
  await target.write('\n]\n');
  return { rows, more: false };
}

/** Values that are no numbers, texts or booleans print themselves: "2025-11-21 08:58:46.047735+00", "[1, 2]". */
const textOf = (value: unknown): string => String(value);
const writtenText = (value: unknown): string => textField(textOf(value));

/** Whole numbers that a double does not hold are strings, as JSON's numbers are doubles to most readers. */
function jsonOf(value: unknown): string | number | boolean | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : String(value);
  }
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  return typeof value === 'boolean' ? value : textOf(value);
}
