/** A picture that is drawn from top to bottom: its elements so far, and where the next one goes. */

import { escapeText } from '../../base/escape.js';
import type { Foreign } from '../../base/foreign.js';
import { columnsOf, cut, wrap } from '../common/columns.js';
import { type Attributes, element, xmlText } from './svg-markup.js';
import type { Fill, Palette } from './svg-paint.js';

export const MARGIN = 24;
export const TEXT_SIZE = 12;
export const SMALL_SIZE = 11;
export const LINE_HEIGHT = 17;
/** Width of a column of text, of its size: wider than nearly all that system fonts have. */
const COLUMN_EM = 0.62;
/** No paragraph takes more lines. */
const SHOWN_LINES = 4;

export const STRONG: Attributes = { 'font-weight': 600 };
export const AT_END: Attributes = { 'text-anchor': 'end' };

/** Columns of text that surely fit. */
export const columnsIn = (width: number, size: number): number =>
  Math.max(1, Math.floor(width / (size * COLUMN_EM)));

/** Pixels that escaped text takes at most. */
export const widthOf = (text: string, size: number): number => columnsOf(text) * size * COLUMN_EM;

export class Canvas {
  readonly width: number;
  readonly palette: Palette;
  /** Of all ids: several pictures may stand on one page. */
  readonly prefix: string;
  readonly parts: string[] = [];
  /** Baseline of the next line of text, or top of what is drawn next. */
  y = MARGIN;

  constructor(width: number, palette: Palette, prefix: string) {
    this.width = width;
    this.palette = palette;
    this.prefix = prefix;
  }

  /** Between the margins. */
  get room(): number {
    return this.width - 2 * MARGIN;
  }

  fill(fill: Fill): string {
    return fill === 'runtime' ? this.palette.fill.runtime : `url(#${this.prefix}-${fill})`;
  }

  text(x: number, text: Foreign, attributes: Attributes = {}): void {
    const defaults = { x, y: this.y, fill: this.palette.text };
    this.parts.push(element('text', { ...defaults, ...attributes }, xmlText(text)));
  }

  /** One line from margin to margin, cut where it is longer. */
  line(text: Foreign, fill: string, size = TEXT_SIZE): void {
    const shown = cut(escapeText(text), columnsIn(this.room, size));
    this.text(MARGIN, shown, { fill, 'font-size': size });
    this.y += LINE_HEIGHT;
  }

  /** Wrapped, and cut after some lines: untrusted text has any length. */
  paragraph(text: Foreign, fill: string): void {
    const lines = wrap(escapeText(text), columnsIn(this.room, SMALL_SIZE));
    for (const line of lines.slice(0, SHOWN_LINES)) this.line(line, fill, SMALL_SIZE);
  }

  /** The same of short parts, which lines do not break: "a · b · c". */
  list(parts: readonly Foreign[], fill: string): void {
    const columns = columnsIn(this.room, SMALL_SIZE);
    const lines: string[] = [];
    for (const part of parts.map(escapeText)) {
      const longer = `${lines.at(-1) ?? ''} · ${part}`;
      if (lines.length > 0 && columnsOf(longer) <= columns) lines[lines.length - 1] = longer;
      else lines.push(part);
    }
    for (const line of lines) this.line(line, fill, SMALL_SIZE);
  }
}
