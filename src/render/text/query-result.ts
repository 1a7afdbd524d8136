/**
 * Rows of an answer as a table on a terminal:
 *
 *   image        category             ms
 *   -----------  ----------------  -----
 *   alpine:3.20  scheduling delay   54.6
 */

import { escapeText } from '../../base/escape.js';
import { alignLeft, alignRight, columnsOf, cut } from '../common/columns.js';
import type { Theme } from '../common/theme.js';

export interface AnswerColumn {
  readonly name: string;
  readonly isNumber: boolean;
}

export interface AnswerOptions {
  readonly theme: Theme;
  /** Columns of a line; undefined: as many as it takes. */
  readonly width: number | undefined;
}

const GAP = '  ';
/** A column of text is not made narrower than this. */
const NARROW = 12;

/** @param rows untrusted text */
export function renderAnswer(
  columns: readonly AnswerColumn[],
  rows: readonly (readonly string[])[],
  { theme, width }: AnswerOptions,
): string {
  const heads = columns.map(({ name }) => escapeText(name));
  const cells = rows.map((row) => row.map(escapeText));
  const wanted = heads.map((head, column) =>
    cells.reduce((most, row) => Math.max(most, columnsOf(row[column] ?? '')), columnsOf(head)),
  );
  const widths = width === undefined ? wanted : narrowed(wanted, columns, width);
  const line = (texts: readonly string[]): string => {
    const aligned = texts.map((text, column) => {
      const align = columns[column]?.isNumber === true ? alignRight : alignLeft;
      return align(text, widths[column] ?? 0);
    });
    const whole = aligned.join(GAP).trimEnd();
    return width === undefined ? whole : cut(whole, width);
  };
  return [
    theme.strong(line(heads)),
    theme.dim(line(widths.map((columnsOfIt) => '-'.repeat(columnsOfIt)))),
    ...cells.map(line),
  ]
    .map((text) => `${text}\n`)
    .join('');
}

/** Takes from the widest texts until a line fits, or nothing is left to take. */
function narrowed(
  wanted: readonly number[],
  columns: readonly AnswerColumn[],
  width: number,
): number[] {
  const widths = [...wanted];
  let over = widths.reduce((sum, each) => sum + each, (widths.length - 1) * GAP.length) - width;
  for (; over > 0; over--) {
    const widest = widths.reduce(
      (best, each, column) =>
        columns[column]?.isNumber !== true && each > (widths[best] ?? NARROW) ? column : best,
      -1,
    );
    if (widest < 0) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}
