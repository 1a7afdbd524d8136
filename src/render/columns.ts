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
  if (columnsOf(text) <= columns) return text;
  if (columns <= 0) return '';
  return headOf(text, columns - 1) + ELLIPSIS;
}

/** As many whole characters as fit into `columns`. */
function headOf(text: string, columns: number): string {
  if (PLAIN.test(text)) return text.slice(0, columns);
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
  if (columnsOf(text) <= columns) return text;
  if (columns <= 0) return '';
  const characters = Array.from(new Intl.Segmenter('en').segment(text), ({ segment }) => segment);
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
    if (line !== '' && columnsOf(line) + 1 + columnsOf(word) > columns) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
    while (columnsOf(line) > columns) {
      const head = headOf(line, columns);
      lines.push(head);
      line = line.slice(head.length);
    }
  }
  return [...lines, line].filter((each) => each !== '');
}
