/** Text fitted to columns of a terminal, where one character may take none or two of them. */
import stringWidth from 'string-width';

const PLAIN = /^[\x20-\x7e]*$/;

/** Columns that escaped text takes. */
export function columnsOf(text: string): number {
  return PLAIN.test(text) ? text.length : stringWidth(text);
}

const ELLIPSIS = '…';

/** Escaped text cut to at most `columns`, the cut marked with "…". */
export function cut(text: string, columns: number): string {
  if (headOf(text, columns).length === text.length) return text;
  return columns <= 0 ? '' : headOf(text, columns - 1) + ELLIPSIS;
}

/** What may be looked at for so many columns: whole characters of several code units, and none of a megabyte. */
const reachOf = (columns: number): number => 64 * (columns + 1);

/** As many whole characters as fit into `columns`. */
function headOf(whole: string, columns: number): string {
  const text = whole.slice(0, Math.max(0, reachOf(columns)));
  if (PLAIN.test(text)) return text.slice(0, Math.max(0, columns));
  let kept = '';
  let used = 0;
  for (const { segment } of new Intl.Segmenter('en').segment(text)) {
    const columnsOfSegment = columnsOf(segment);
    if (used + columnsOfSegment > columns) break;
    kept += segment;
    used += columnsOfSegment;
  }
  return kept;
}

/** The same, but what is kept is the end: of a path that says most. */
export function cutStart(text: string, columns: number): string {
  if (headOf(text, columns).length === text.length) return text;
  if (columns <= 0) return '';
  const end = text.slice(-reachOf(columns));
  const characters = Array.from(new Intl.Segmenter('en').segment(end), ({ segment }) => segment);
  let kept = '';
  let used = 0;
  for (const character of characters.reverse()) {
    used += columnsOf(character);
    if (used > columns - 1) break;
    kept = character + kept;
  }
  return ELLIPSIS + kept;
}

/** Cut and padded with blanks to exactly `columns`. */
export function alignLeft(text: string, columns: number): string {
  const short = cut(text, columns);
  return short + ' '.repeat(Math.max(0, columns - columnsOf(short)));
}

/** The same, at the right. */
export function alignRight(text: string, columns: number): string {
  const short = cut(text, columns);
  return ' '.repeat(Math.max(0, columns - columnsOf(short))) + short;
}

/** Escaped text in lines of at most `columns`: broken at blanks, and inside a word that fills more than a line. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && columnsOf(line) + 1 + columnsOf(headOf(word, columns)) > columns) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
    for (let head = headOf(line, columns); head.length < line.length; ) {
      // A character wider than the line is put on one of its own.
      const length = Math.max(1, head.length);
      lines.push(line.slice(0, length));
      line = line.slice(length);
      head = headOf(line, columns);
    }
  }
  return [...lines, line].filter((each) => each !== '');
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: a theme's colours
const PAINT = /(\x1b\[[0-9;]*m)/;

/** Lines of a page, painted by a theme or not, none of them longer than `columns`; with the last newline. */
export const pageOf = (lines: readonly string[], columns: number): string =>
  `${lines.map((line) => cutPainted(line.trimEnd(), columns)).join('\n')}\n`;

/** The same as cut(), of a line with a theme's colours in it, which stay whole. */
export function cutPainted(line: string, columns: number): string {
  if (
    columnsOf(
      line
        .split(PAINT)
        .filter((_, at) => at % 2 === 0)
        .join(''),
    ) <= columns
  )
    return line;
  let left = columns;
  return line
    .split(PAINT)
    .map((part, at) => {
      if (at % 2 === 1) return part;
      const isLast = columnsOf(part) >= left;
      const shown = isLast ? cut(`${part} `, left) : part;
      left = isLast ? 0 : left - columnsOf(part);
      return shown;
    })
    .join('');
}
