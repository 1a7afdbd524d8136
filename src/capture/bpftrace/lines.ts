/**
 * What bpf/bpftrace/recorder.bt writes, as lines with fields. A line begins with a token that nobody else knows, its kind, and
 * numbers; the texts of some kinds may hold line breaks, and end with the token.
 */
import { own } from '../../base/own.js';
import { numericToken } from './script.js';

export interface Line {
  /** The kind of line, then its numbers as they are written: a time is exact only so. */
  readonly fields: readonly string[];
  readonly numbers: Fields;
  readonly text: string;
}

/** The numbers of a line by field; 0 is the kind of line, and those that a kind lacks are never looked at. */
export type Fields = number[] & Record<1 | 2 | 3 | 4 | 5 | 6 | 7 | 8, number>;

const MAX_LINE = 65_536;

/** Kinds of line whose last field is a text, and how many fields there are before it. */
const TEXT_AFTER: Readonly<Record<string, number>> = {
  T: 4,
  f: 7,
  x: 8,
  r: 5,
  m: 7,
  a: 9,
  n: 3,
  V: 4,
};
const FIELDS: Readonly<Record<string, number>> = { s: 8, A: 12, D: 9, e: 7, w: 8, k: 8 };

/** Clock readings, heartbeats and losses: no events. */
const OTHERS: ReadonlySet<string> = new Set(['c', 'h', 'L']);

/** @param line undefined: something that makes no sense */
type Take = (line: Line | undefined) => void;

export class LineReader {
  readonly #token: string;
  readonly #utf8 = new TextDecoder('utf-8', { fatal: false });
  /** Of an entry: what follows the map's own two letters, and what ends a text. */
  readonly #entryMark: string;
  readonly #entryEnd: string;
  #rest = '';

  /** @param token as in ScriptOptions */
  constructor(token: string) {
    this.#token = token;
    this.#entryMark = `_${token}[`;
    this.#entryEnd = `, ${numericToken(token)})`;
  }

  read(chunk: Uint8Array, take: Take): void {
    this.#split(this.#utf8.decode(chunk, { stream: true }), take);
  }

  /** What is left of the last line: once. */
  finish(take: Take): void {
    this.#split(`${this.#utf8.decode()}\n`, take);
    if (this.#rest !== '') take(undefined);
    this.#rest = '';
  }

  #split(text: string, take: Take): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    let open = '';
    for (const line of lines) {
      const begins = this.#begins(line);
      // Anything else without a token, outside of a text, are bpftrace's own words.
      if (!begins && open === '') continue;
      // A text with a line break in it goes on, unless another line begins: then its end was lost.
      if (begins && open !== '') take(undefined);
      const whole = begins ? line : `${open}\n${line}`;
      open = '';
      if (this.#isComplete(whole)) this.#parse(whole, take);
      else if (whole.length < MAX_LINE) open = whole;
      else take(undefined);
    }
    if (open !== '') this.#rest = `${open}\n${this.#rest}`;
    if (this.#rest.length > MAX_LINE) {
      take(undefined);
      this.#rest = '';
    }
  }

  #begins(line: string): boolean {
    return line.startsWith(this.#token) || this.#isEntry(line);
  }

  /** A line of withBatches in script.ts: the same fields, as a map's key and value. */
  #isEntry(line: string): boolean {
    return line.startsWith('@') && line.startsWith(this.#entryMark, 3);
  }

  #isComplete(line: string): boolean {
    if (this.#isEntry(line)) return line[1] !== 'T' || line.endsWith(this.#entryEnd);
    const kind = line[this.#token.length + 1] ?? '';
    return own(TEXT_AFTER, kind) === undefined || line.endsWith(this.#token);
  }

  #parse(line: string, take: Take): void {
    const parsed = this.#isEntry(line) ? this.#parseEntry(line) : this.#parseLine(line);
    const kind = parsed?.fields[0] ?? '';
    if (OTHERS.has(kind)) return;
    const wanted = own(TEXT_AFTER, kind) ?? own(FIELDS, kind);
    const numbers = parsed?.numbers;
    take(numbers?.length === wanted && !numbers?.includes(Number.NaN) ? parsed : undefined);
  }

  #parseLine(line: string): Line | undefined {
    const from = this.#token.length + 1;
    const textAfter = own(TEXT_AFTER, line[from] ?? '');
    if (textAfter === undefined) {
      const end = OTHERS.has(line[from] ?? '') ? from + 1 : line.length;
      return lineOf(line.slice(from, end).split(' '), '');
    }
    let at = from;
    for (let i = 0; i < textAfter && at > 0; i++) at = line.indexOf(' ', at) + 1;
    if (at === 0) return undefined;
    return lineOf(
      line.slice(from, at - 1).split(' '),
      line.slice(at, line.length - this.#token.length),
    );
  }

  #parseEntry(line: string): Line | undefined {
    const keyEnd = line.indexOf(']: (');
    if (keyEnd < 0 || !line.endsWith(')')) return undefined;
    const kind = line[1] as string;
    const key = line.slice(3 + this.#entryMark.length, keyEnd).split(', ');
    const value = line.slice(keyEnd + 4);
    if (kind === 'T') return lineOf([kind, ...key], value.slice(0, -this.#entryEnd.length));
    return lineOf([kind, ...key, ...value.slice(0, -1).split(', ').map(signed)], '');
  }
}

const lineOf = (fields: readonly string[], text: string): Line => ({
  fields,
  numbers: numbersOf(fields) as Fields,
  text,
});

/** Field 0 is the kind of line. */
function numbersOf(fields: readonly string[]): number[] {
  const numbers = [0];
  for (let i = 1; i < fields.length; i++) {
    const text = fields[i] as string;
    numbers.push(text === '' ? Number.NaN : Number(text));
  }
  return numbers;
}

/** Maps print negative numbers as unsigned ones. */
function signed(text: string): string {
  return /^\d{19,20}$/.test(text) ? String(BigInt.asIntN(64, BigInt(text))) : text;
}
