/**
 * The page as one file that needs no other: style, program and data stand in it, and nothing is ever requested.
 * All that comes from traces is in the data, which are base64, and in the title, which is escaped.
 */
import { escapeMarkup } from '../base/escape.js';
import { renderPage, type Sha256 } from '../render/look/page.js';

/** All of the trace is in the page; this is what it does not draw. */
export const leavesOut: readonly string[] = [
  'lanes for the threads of containers other than the chosen one: their events are in the table',
];

export interface HtmlPage {
  /** Text, escaped as for a terminal. */
  readonly title: string;
  /** The bundles of src/page; the look of all pages comes before the style. */
  readonly script: string;
  readonly style: string;
  /** Deflated (zlib's format) blocks of pageData, a trace each. */
  readonly traces: readonly Uint8Array[];
  readonly ditVersion: string;
}

export function renderHtml(page: HtmlPage, sha256: Sha256): string {
  const script = closed(page.script, 'script');
  return renderPage(
    {
      title: page.title,
      style: closed(page.style, 'style'),
      script,
      head: [`<meta name="generator" content="dit ${escapeMarkup(page.ditVersion)}">`],
      body: [
        '<div id="page"><p>Unpacking the trace …</p></div>',
        '<noscript><p>This page draws a trace with JavaScript, which is switched off.</p></noscript>',
        ...page.traces.map(
          (bytes) =>
            `<script type="application/x-dit-trace">${Buffer.from(bytes).toString('base64')}</script>`,
        ),
        `<script>${script}</script>`,
      ],
    },
    sha256,
  );
}

/** Text that cannot end its element; in a string or a regular expression the backslash changes nothing. */
const closed = (text: string, element: 'script' | 'style'): string =>
  text.replace(new RegExp(`<(/${element}|!--)`, 'gi'), '<\\$1');
