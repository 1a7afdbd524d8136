/**
 * Untrusted text made safe to print. A container's name, a program's arguments and an engine's messages
 * may hold anything: what a terminal would act on becomes a visible escape.
 */

/**
 * Control characters (C0, DEL, C1), format characters (bidi overrides and isolates, zero width), lone
 * surrogates, private and unassigned code points, line and paragraph separators.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu;
/** Marks piled up on one character run over the lines above and below. */
const PILED_MARKS = /(?<=\p{M}{3})\p{M}+/gu;
const PLAIN = /^[\x20-\x7e]*$/;

const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** One line of text that is safe in any terminal: "\x1b", "\n", "\u202e", "\u{e0001}". */
export function escapeText(text: string): string {
  if (PLAIN.test(text)) return text;
  return text
    .replace(UNSAFE, escapeCharacter)
    .replace(PILED_MARKS, (marks) => Array.from(marks, escapeCharacter).join(''));
}

function escapeCharacter(character: string): string {
  const named = NAMED[character];
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

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text that is content or an attribute's value of HTML or XML, and no markup. */
export const escapeMarkup = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');

/** One line that Markdown (GitHub's) prints as it is: no link, tag, table cell or mention begins in it. */
export const markdownText = (text: string): string =>
  escapeText(text)
    .replace(/[\\`*_{}[\]<>#|~!$&]/g, '\\$&')
    // Mentions and references are looked for in what is printed, where escapes are gone.
    .replace(/[@#](?=\w)/g, '$&<!-- -->')
    .replace(/\b(https?|www)(?=[:.])/gi, '$1<!-- -->');
