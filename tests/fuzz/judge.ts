/** What is wrong with what a command gave; nothing, where it kept what is promised. */
import type { Syntax } from './cases.js';

/** Codes that README.md documents for commands on files; 1 is a bug. */
const EXIT_CODES: ReadonlySet<number> = new Set([0, 2, 3, 4, 5, 6]);

export function faultOfExit(exitCode: number | null): string | undefined {
  return exitCode !== null && EXIT_CODES.has(exitCode) ? undefined : `exit code ${exitCode}`;
}

/** What a terminal acts on: C0 but tab and newline, DEL, C1, and what changes the direction of text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const RAW = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;

export function faultOfText(text: string, syntax: Syntax): string | undefined {
  if (syntax === 'binary') return undefined;
  // RFC 4180: lines of CSV end in CRLF.
  const at = (syntax === 'csv' ? text.replaceAll('\r\n', '\n') : text).search(RAW);
  if (at >= 0) {
    const code = text.charCodeAt(at).toString(16);
    return `raw U+${code} in ${JSON.stringify(text.slice(Math.max(0, at - 40), at + 40))}`;
  }
  if (syntax === 'text' || syntax === 'csv' || text === '') return undefined;
  const documents = syntax === 'json' ? [text] : text.trimEnd().split('\n');
  for (const document of documents) {
    try {
      JSON.parse(document);
    } catch (error) {
      return `JSON that does not parse: ${String(error)} in ${JSON.stringify(document.slice(0, 200))}`;
    }
  }
  return undefined;
}
