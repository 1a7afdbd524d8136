/** Tables as people read them: columns of fixed width, and a last one that takes what is left of the line. */
import { alignLeft, alignRight, columnsOf, cut } from './columns.js';

export interface TableColumn {
  readonly head: string;
  readonly columns: number;
  /** Numbers stand at the right. */
  readonly align: 'left' | 'right';
  /** Where a line has no room for all, those with the highest number are left out first; without one it stays. */
  readonly dropped?: number;
  /** It may be made as narrow as this where leaving out is not enough. */
  readonly least?: number;
}

/** Less of the last text says nothing. */
const LEAST_REST = 8;

type Fit = Pick<TableColumn, 'dropped' | 'least'>;

export const number = (head: string, columns: number, fit: Fit = {}): TableColumn => ({
  head,
  columns,
  align: 'right',
  ...fit,
});
export const word = (head: string, columns: number, fit: Fit = {}): TableColumn => ({
  head,
  columns,
  align: 'left',
  ...fit,
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
  const room = width - (cells.length > columns.length && cells.at(-1) !== '' ? LEAST_REST : 0);
  const text = fitted(columns, room)
    .map(({ index, align, columns: own }) =>
      align === 'left' ? alignLeft(cells[index] ?? '', own) : alignRight(cells[index] ?? '', own),
    )
    .join('');
  return { cells: text, rest: cut(cells[columns.length] ?? '', width - columnsOf(text)) };
}

/** The columns that a line of `room` columns has, and their places among all. */
function fitted(
  all: readonly TableColumn[],
  room: number,
): (TableColumn & { readonly index: number })[] {
  let kept = all.map((column, index) => ({ ...column, index }));
  const over = (): number => kept.reduce((sum, { columns }) => sum + columns, -room);
  while (over() > 0) {
    const worst = Math.max(0, ...kept.map(({ dropped = 0 }) => dropped));
    if (worst === 0) break;
    kept = kept.filter(({ dropped }) => dropped !== worst);
  }
  for (const [at, column] of kept.entries()) {
    const { columns, least = columns } = column;
    if (over() > 0) kept[at] = { ...column, columns: Math.max(least, columns - over()) };
  }
  return kept;
}

/** The line above the rows. */
export function tableHead(columns: readonly TableColumn[], rest: string, width: number): string {
  const row = tableRow(columns, [...columns.map(({ head }) => head), rest], width);
  return row.cells + row.rest;
}
