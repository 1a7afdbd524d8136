/** Quoted strings and escaped paths as strace writes them: C escapes, octal or hexadecimal. Pure. */
import { own } from '../../base/own.js';

const utf8 = new TextDecoder('utf-8', { fatal: false });

const BACKSLASH = 0x5c;
const QUOTE = 0x22;

const SIMPLE: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  t: 9,
  n: 10,
  v: 11,
  f: 12,
  r: 13,
  e: 27,
};

export interface QuotedString {
  /** The bytes up to the first NUL, read as UTF-8: what the kernel takes a path or a name to be. */
  readonly text: string;
  /** strace printed only its beginning. */
  readonly cut: boolean;
  /** Behind the closing quote and, where it was cut, the dots. */
  readonly end: number;
}

/** The string whose opening quote is at `at`; undefined: it does not end. */
export function readQuoted(source: string, at: number): QuotedString | undefined {
  const close = closingQuote(source, at);
  if (close < 0) return undefined;
  const cut = source.startsWith('...', close + 1);
  return {
    text: decodeEscapes(source.slice(at + 1, close)),
    cut,
    end: close + (cut ? 4 : 1),
  };
}

/** Position of the quote that closes the one at `at`; -1. */
export function closingQuote(source: string, at: number): number {
  for (let i = at + 1; i < source.length; i++) {
    const code = source.charCodeAt(i);
    if (code === BACKSLASH) i++;
    else if (code === QUOTE) return i;
  }
  return -1;
}

/** What strace escaped, up to the first NUL byte. A character that is not part of an escape stands for itself. */
export function decodeEscapes(escaped: string): string {
  if (!escaped.includes('\\')) return escaped;
  const bytes: number[] = [];
  for (let i = 0; i < escaped.length; i++) {
    let byte = escaped.charCodeAt(i) & 0xff;
    if (byte === BACKSLASH) {
      const [sequence = '\\'] =
        /^\\(?:[0-7]{1,3}|x[0-9a-fA-F]{2}|.)/.exec(escaped.slice(i, i + 4)) ?? [];
      byte = byteOf(sequence.slice(1));
      i += sequence.length - 1;
    }
    if (byte === 0) break;
    bytes.push(byte);
  }
  return utf8.decode(Uint8Array.from(bytes));
}

function byteOf(sequence: string): number {
  if (/^[0-7]/.test(sequence)) return Number.parseInt(sequence, 8) & 0xff;
  if (/^x../.test(sequence)) return Number.parseInt(sequence.slice(1), 16);
  return own(SIMPLE, sequence) ?? (sequence === '' ? BACKSLASH : sequence.charCodeAt(0));
}
