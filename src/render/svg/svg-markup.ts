/** Elements of an SVG document as text. Whatever comes from a trace is escaped here and nowhere else. */

import { escapeMarkup, escapeText } from '../../base/escape.js';
import type { Foreign } from '../../base/foreign.js';

/** Safe in content and in attributes; control characters, which XML has none of, become visible escapes. */
export const xmlText = (text: Foreign): string => escapeMarkup(escapeText(text));

export type Attributes = Readonly<Record<string, Foreign | number | undefined>>;

/** @param content markup, not text: from element() or xmlText() */
export function element(
  name: string,
  attributes: Attributes,
  content: string | readonly string[] = '',
): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(
      ([key, value]) =>
        ` ${key}="${typeof value === 'number' ? round(value) : xmlText(value ?? '')}"`,
    )
    .join('');
  const inner = typeof content === 'string' ? content : content.join('\n');
  return inner === '' ? `<${name}${written}/>` : `<${name}${written}>${inner}</${name}>`;
}

/** A hundredth of a pixel is not seen. */
const round = (value: number): number => Math.round(value * 100) / 100;
