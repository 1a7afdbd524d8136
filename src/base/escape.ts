/**
 * Untrusted text made safe to print. A container's name, a program's arguments and an engine's messages
 * may hold anything: what a terminal would act on becomes a visible escape.
 */
import { type Foreign, raw } from './foreign.js';

/**
 * Control characters (C0, DEL, C1), format characters (bidi overrides and isolates, zero width), lone
 * surrogates, private and unassigned code points, line and paragraph separators.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu;
/** Marks piled up on one character run over the lines above and below. */
const PILED_MARKS = /(?<=\p{M}{3})\p{M}+/gu;
const PLAIN = /^[\x20-\x7e]*$/;

const NAMED: ReadonlyMap<string, string> = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]);

/** One line of text that is safe in any terminal: "\x1b", "\n", "\u202e", "\u{e0001}". */
export function escapeText(foreign: Foreign): string {
  const text = raw(foreign);
  if (PLAIN.test(text)) return text;
  return text
    .replace(UNSAFE, escapeCharacter)
    .replace(PILED_MARKS, (marks) => Array.from(marks, escapeCharacter).join(''));
}

function escapeCharacter(character: string): string {
  const named = NAMED.get(character);
  if (named !== undefined) return named;
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x100) return `\\x${hex(code, 2)}`;
  return code < 0x10000 ? `\\u${hex(code, 4)}` : `\\u{${hex(code, 1)}}`;
}

/** JSON whose strings hold nothing a terminal acts on; the same values for whoever parses it. */
export function safeJson(value: unknown, indent?: number): string {
  const json = JSON.stringify(value, undefined, indent);
  // Newlines here are the indentation's: JSON.stringify has escaped those in strings.
  return /[^\x20-\x7e\n]/.test(json) ? json.replace(UNSAFE, escapeForJson) : json;
}

function escapeForJson(character: string): string {
  if (character === '\n') return character;
  return Array.from({ length: character.length }, (_, unit) => {
    return `\\u${hex(character.charCodeAt(unit), 4)}`;
  }).join('');
}

const hex = (code: number, digits: number): string => code.toString(16).padStart(digits, '0');

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&#39;'],
]);

/** Text that is content or an attribute's value of HTML or XML, and no markup. */
export const escapeMarkup = (text: Foreign): string =>
  raw(text).replace(/[&<>"']/g, (character) => ENTITIES.get(character) ?? '');

/** A name of a file or of a folder: other characters than letters, digits, ".", "_" and "-" become "-". */
export const plainName = (text: Foreign, longest: number): string =>
  raw(text)
    .replace(/[^A-Za-z0-9._-]/g, '-')
    .slice(0, longest);

/** One line that Markdown (GitHub's) prints as it is: no link, tag, table cell or mention begins in it. */
export const markdownText = (text: Foreign): string =>
  escapeText(text)
    .replace(/[\\`*_{}[\]<>#|~!$&]/g, '\\$&')
    // Mentions and references are looked for in what is printed, where escapes are gone.
    .replace(/[@#](?=\w)/g, '$&<!-- -->')
    .replace(/\b(https?|www)(?=[:.])/gi, '$1<!-- -->');
