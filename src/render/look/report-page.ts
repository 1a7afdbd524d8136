/** A report as one page that needs no other file and runs no program. */
import { escapeMarkup, escapeText } from '../../base/escape.js';
import type { Foreign } from '../../base/foreign.js';
import { REPORT_STYLE } from './report-style.js';
import { PAGE_BEGIN, PAGE_STYLE } from './style.js';

export interface ReportPage {
  /** Untrusted. */
  readonly title: Foreign;
  /** Markup, in lines. */
  readonly body: readonly string[];
}

/** @param sha256 of a text, base64: a browser applies no other style than the one with this sum, and runs nothing */
export function reportPage({ title, body }: ReportPage, sha256: (text: string) => string): string {
  const style = PAGE_STYLE + REPORT_STYLE;
  const policy = `default-src 'none'; style-src 'sha256-${sha256(style)}'; base-uri 'none'; form-action 'none'`;
  return [
    PAGE_BEGIN,
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    '<meta name="referrer" content="no-referrer">',
    `<title>${escapeMarkup(escapeText(title))}</title>`,
    `<style>${style}</style>`,
    '</head>',
    '<body>',
    '<main>',
    ...body,
    '</main>',
    '</body>',
    '</html>',
    '',
  ].join('\n');
}
