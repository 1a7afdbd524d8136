/**
 * Text from outside: a trace, a container, an image, an engine, a server. Whoever wrote it may want to take
 * over the terminal, the page or the database that it is printed in. Every string may be taken for foreign
 * text, and no foreign text for a string: it goes out through an escape (escape.ts), which gives a string.
 * Where the type checker does not look (templates, `+`, `join`, `String()`), scripts/lint/foreign-text.ts does.
 */

declare const foreign: unique symbol;

/** What may be asked of foreign text without taking it for one's own. */
interface ForeignText {
  readonly [foreign]: true;
  readonly length: number;
  startsWith(searchString: string, position?: number): boolean;
  endsWith(searchString: string, endPosition?: number): boolean;
  includes(searchString: string, position?: number): boolean;
  indexOf(searchString: string, position?: number): number;
  lastIndexOf(searchString: string, position?: number): number;
  slice(start?: number, end?: number): Foreign;
  trim(): Foreign;
  trimEnd(): Foreign;
  toLowerCase(): Foreign;
}

export type Foreign = string | ForeignText;

/** The text itself: to parse it, to compare it, to write it as data in a binary format. Never to print it. */
export const raw = (text: Foreign): string => text as string;

/** A sentence that quotes foreign text, and is foreign therefore. */
export const quoting = (
  words: TemplateStringsArray,
  ...values: readonly (Foreign | number)[]
): Foreign => String.raw({ raw: words }, ...values);

/** Texts in one, foreign as they are. */
export const joinForeign = (texts: readonly Foreign[], separator: string): Foreign =>
  texts.map(raw).join(separator);

/** The words of an error, and such, in one line. */
export function firstLine(text: Foreign): Foreign {
  const end = text.indexOf('\n');
  return end < 0 ? text : text.slice(0, end);
}

/** Tells text from the other things that a value may be. */
export const isText = (value: unknown): value is Foreign => typeof value === 'string';
