/** The arguments and the result of one call: `"proc", 0x2</dir>, {a=1, ...}) = -1 ENOENT (…) <0.000031>`. Pure. */
import { ERESTARTSYS, errorNumber, flagsValue } from './constants.js';
import { closingQuote, decodeEscapes, readQuoted } from './strings.js';

export interface CallArgument {
  /** Of `flags=…`: strace names clone's arguments and does not keep their order. */
  readonly name: string | undefined;
  /** As strace wrote it, without the name. */
  readonly source: string;
}

export interface ParsedCall {
  readonly arguments: readonly CallArgument[];
  /** The kernel's: negative = -errno. undefined: it never returned. */
  readonly result: number | undefined;
  /** In the pid namespace of strace, where that is another one than the caller's. */
  readonly translatedResult: number | undefined;
  /** undefined: strace did not say. */
  readonly durationNs: number | undefined;
}

const MAX_ARGUMENTS = 16;

/** @param text a call behind its opening parenthesis; undefined: it makes no sense */
export function parseCallText(text: string): ParsedCall | undefined {
  const split = splitList(text, 0, ')');
  if (split === undefined) return undefined;
  const result = parseResult(text.slice(split.end));
  if (result === undefined) return undefined;
  return { ...result, arguments: split.items.slice(0, MAX_ARGUMENTS).map(namedArgument) };
}

function namedArgument(source: string): CallArgument {
  const name = /^([a-z_][a-z0-9_]*)=(?!=)/.exec(source)?.[1];
  return { name, source: name === undefined ? source : source.slice(name.length + 1) };
}

/** The number that an argument is; 0 for what is none (a string, a structure). */
export function argumentNumber(source: string): number {
  const [number = ''] = /^[^\s"[{(,]*/.exec(source) ?? [];
  return flagsValue(number.replace(/(?<!<)<(?!<).*$/, '')) ?? 0;
}

/** The text that an argument is; undefined: it is none. */
export function argumentText(source: string): { text: string; cut: boolean } | undefined {
  return source.startsWith('"') ? readQuoted(source, 0) : undefined;
}

/** The path behind a descriptor: `3</etc/passwd>`; undefined: strace did not say. */
export function argumentPath(source: string): string | undefined {
  const open = /^(?:-?\d+|0x[0-9a-f]+|AT_FDCWD)</i.exec(source)?.[0].length;
  if (open === undefined) return undefined;
  const close = closingAngle(source, open - 1);
  return close < 0
    ? undefined
    : decodeEscapes(source.slice(open, close)).replace(/ \(deleted\)$/, '');
}

/** The items of `["a", "b"...]`; `cut` where there are more or one is longer. */
export function argumentList(source: string): { items: string[]; cut: boolean } {
  const split = source.startsWith('[') ? splitList(source, 1, ']') : undefined;
  const items: string[] = [];
  let cut = false;
  for (const item of split?.items ?? []) {
    const text = argumentText(item);
    if (text !== undefined) items.push(text.text);
    cut ||= text?.cut ?? item === '...';
  }
  return { items, cut };
}

/** A field of `{flags=0x…, stack=…}`, as strace wrote it; undefined: there is none. */
export function argumentField(source: string, name: string): string | undefined {
  const split = source.startsWith('{') ? splitList(source, 1, '}') : undefined;
  return split?.items.map(namedArgument).find((item) => item.name === name)?.source;
}

const OPENING = '([{';
const CLOSING = ')]}';

/**
 * The items up to the bracket that closes the list, whatever is nested, quoted, in a comment or in a path.
 * @returns `end` behind that bracket; undefined: nothing closes it
 */
function splitList(
  text: string,
  from: number,
  close: string,
): { items: string[]; end: number } | undefined {
  const items: string[] = [];
  const open: string[] = [];
  let start = from;
  for (let i = from; i < text.length; i++) {
    const character = text[i] as string;
    if (character === '"') {
      i = closingQuote(text, i);
      if (i < 0) return undefined;
    } else if (character === '<' && isPath(text, i)) {
      i = closingAngle(text, i);
      if (i < 0) return undefined;
    } else if (character === '/' && text[i + 1] === '*') {
      i = text.indexOf('*/', i + 2) + 1;
      if (i < 1) return undefined;
    } else if (OPENING.includes(character)) {
      open.push(CLOSING[OPENING.indexOf(character)] as string);
    } else if (open.length > 0) {
      if (character === open.at(-1)) open.pop();
      else if (CLOSING.includes(character)) return undefined;
    } else if (character === ',') {
      items.push(text.slice(start, i).trim());
      start = i + 1;
    } else if (character === close) {
      const last = text.slice(start, i).trim();
      if (last !== '' || items.length > 0) items.push(last);
      return { items, end: i + 1 };
    } else if (CLOSING.includes(character)) {
      return undefined;
    }
  }
  return undefined;
}

/** A "<" right behind a descriptor, or "<... resuming interrupted poll ...>"; not the one of "1<<3". */
const isPath = (text: string, at: number): boolean =>
  text[at + 1] !== '<' &&
  text[at - 1] !== '<' &&
  (/\w/.test(text[at - 1] ?? '') || text.startsWith('<... ', at));

/** Position of the ">" for the "<" at `at`: strace escapes those of a path; "->" is in socket addresses. */
function closingAngle(text: string, at: number): number {
  let depth = 0;
  for (let i = at; i < text.length; i++) {
    const character = text[i];
    if (character === '\\') i++;
    else if (character === '<') depth++;
    else if (character === '>' && text[i - 1] !== '-' && --depth === 0) return i;
  }
  return -1;
}

type Result = Omit<ParsedCall, 'arguments'>;

const VALUE = /^\s*= (\?|0x[0-9a-f]{1,16}|-?\d{1,20})/;
const ERROR = /^ (E[A-Z0-9_]+)/;
const UNNAMED_ERROR = /^ \(errno (\d{1,4})\)/;
const TRANSLATED = /^ \/\* (\d{1,10}) in strace's PID NS \*\//;
const DURATION = /<(\d{1,9})\.(\d{1,9})>\s*$/;

function parseResult(text: string): Result | undefined {
  const value = VALUE.exec(text);
  if (value === null) return undefined;
  let rest = text.slice(value[0].length);
  // With -y a new descriptor has its path.
  if (rest.startsWith('<')) {
    const close = closingAngle(rest, 0);
    if (close < 0) return undefined;
    rest = rest.slice(close + 1);
  }
  const duration = DURATION.exec(rest);
  const durationNs =
    duration === null
      ? undefined
      : Number(duration[1]) * 1e9 + Number((duration[2] as string).padEnd(9, '0'));
  const translated = TRANSLATED.exec(rest)?.[1];
  const translatedResult = translated === undefined ? undefined : Number(translated);
  return { result: resultOf(value[1] as string, rest), translatedResult, durationNs };
}

function resultOf(value: string, rest: string): number | undefined {
  const name = ERROR.exec(rest)?.[1];
  if (value === '?') return name === undefined ? undefined : -(errorNumber(name) ?? ERESTARTSYS);
  if (value !== '-1') return Number(value);
  const number = UNNAMED_ERROR.exec(rest)?.[1];
  if (number !== undefined) return -Number(number);
  return name === undefined ? -1 : -(errorNumber(name) ?? 1);
}
