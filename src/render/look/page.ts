/** The frame of every page of dit: one file that needs no other, and requests nothing. */
import { escapeMarkup } from '../../base/escape.js';
import { PAGE_STYLE } from './style.js';

/** How every page of dit begins: what may be overwritten by another one. */
export const PAGE_BEGIN = '<!doctype html>\n<html lang="en" data-made-by="dit">';

/** Of a text, base64: a browser runs and applies nothing else than what has such a sum. */
export type Sha256 = (text: string) => string;

export interface Page {
  /** Text, escaped as for a terminal. */
  readonly title: string;
  /** Added to the look of all pages; must not end its element. */
  readonly style: string;
  /** The one program that may run, which the body holds; '' if none may. */
  readonly script: string;
  /** Elements of the head, as markup. */
  readonly head: readonly string[];
  /** Markup, in lines. */
  readonly body: readonly string[];
}

export function renderPage(page: Page, sha256: Sha256): string {
  const style = PAGE_STYLE + page.style;
  const policy = [
    "default-src 'none'",
    ...(page.script === '' ? [] : [`script-src 'sha256-${sha256(page.script)}'`]),
    `style-src 'sha256-${sha256(style)}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return [
    PAGE_BEGIN,
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    '<meta name="referrer" content="no-referrer">',
    ...page.head,
    `<title>${escapeMarkup(page.title)}</title>`,
    `<style>${style}</style>`,
    '</head>',
    '<body>',
    ...page.body,
    '</body>',
    '</html>',
    '',
  ].join('\n');
}
