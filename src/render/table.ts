/** Tables as people read them: columns of fixed width, and a last one that takes what is left of the line. */
import { alignLeft, alignRight, columnsOf, cut } from './columns.js';

export interface TableColumn {
  readonly head: string;
  readonly columns: number;
  /** Numbers stand at the right. */
  readonly align: 'left' | 'right';
}

export const number = (head: string, columns: number): TableColumn => ({
  head,
  columns,
  align: 'right',
});
export const word = (head: string, columns: number): TableColumn => ({
  head,
  columns,
  align: 'left',
});

/** A row in two pieces, which are painted apart. */
export interface TableRow {
  readonly cells: string;
  /** The text after the last column, cut to the line's end. */
  readonly rest: string;
}

/** @param cells escaped text; one more than columns: the rest of the line */
export function tableRow(
  columns: readonly TableColumn[],
  cells: readonly string[],
  width: number,
): TableRow {
  const text = columns
    .map((column, index) =>
      column.align === 'left'
        ? alignLeft(cells[index] ?? '', column.columns)
        : alignRight(cells[index] ?? '', column.columns),
    )
    .join('');
  return { cells: text, rest: cut(cells[columns.length] ?? '', width - columnsOf(text)) };
}

/** The line above the rows. */
export function tableHead(columns: readonly TableColumn[], rest: string, width: number): string {
  const row = tableRow(columns, [...columns.map(({ head }) => head), rest], width);
  return row.cells + row.rest;
}
