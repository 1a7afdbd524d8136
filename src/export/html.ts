/**
 * The page as one file that needs no other: style, program and data stand in it, and nothing is ever requested.
 * All that comes from traces is in the data, which are base64, and in the title, which is escaped.
 */
import { escapeMarkup } from '../base/escape.js';
import { PAGE_BEGIN, PAGE_STYLE } from '../render/look/style.js';

/** All of the trace is in the page; this is what it does not draw. */
export const leavesOut: readonly string[] = [
  'lanes for the threads of containers other than the chosen one: their events are in the table',
];

export interface HtmlPage {
  /** Untrusted. */
  readonly title: string;
  /** The bundles of src/page; the look of all pages comes before the style. */
  readonly script: string;
  readonly style: string;
  /** Deflated (zlib's format) blocks of pageData, a trace each. */
  readonly traces: readonly Uint8Array[];
  readonly ditVersion: string;
}

/** @param sha256 of a text, base64: a browser runs and applies nothing else than what has these sums */
export function renderHtml(page: HtmlPage, sha256: (text: string) => string): string {
  const script = closed(page.script, 'script');
  const style = closed(PAGE_STYLE + page.style, 'style');
  const policy = [
    "default-src 'none'",
    `script-src 'sha256-${sha256(script)}'`,
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
    `<meta name="generator" content="dit ${escapeMarkup(page.ditVersion)}">`,
    `<title>${escapeMarkup(page.title)}</title>`,
    `<style>${style}</style>`,
    '</head>',
    '<body>',
    '<div id="page"><p>Unpacking the trace …</p></div>',
    '<noscript><p>This page draws a trace with JavaScript, which is switched off.</p></noscript>',
    ...page.traces.map(
      (bytes) =>
        `<script type="application/x-dit-trace">${Buffer.from(bytes).toString('base64')}</script>`,
    ),
    `<script>${script}</script>`,
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

/** Text that cannot end its element; in a string or a regular expression the backslash changes nothing. */
const closed = (text: string, element: 'script' | 'style'): string =>
  text.replace(new RegExp(`<(/${element}|!--)`, 'gi'), '<\\$1');
