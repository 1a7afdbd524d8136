/**
 * What all pages of dit look like: colours, type, headings and tables. The page of traces adds src/page/page.css to it,
 * the reports add report-style.ts.
 */
import { COLOUR_NAMES, type Colours, DARK_COLOURS, LIGHT_COLOURS } from './colours.js';

/** Families that need no font file; pictures that stand alone name the same. */
export const SANS =
  "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'DejaVu Sans', Arial, sans-serif";
const MONO =
  "ui-monospace, 'SF Mono', 'Cascadia Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace";

const declared = (scheme: string, colours: Colours): string =>
  [`color-scheme: ${scheme}`, ...COLOUR_NAMES.map((name) => `--${name}: ${colours[name]}`)].join(
    ';\n',
  );

/** A page that lets its reader choose sets data-theme; the others follow the system, and paper is light. */
export const PAGE_STYLE = `:root {
${declared('light', LIGHT_COLOURS)};
--sans: ${SANS};
--mono: ${MONO};
--radius: 4px;
}
:root[data-theme="dark"] {
${declared('dark', DARK_COLOURS)};
}
@media screen and (prefers-color-scheme: dark) {
:root:not([data-theme]) {
${declared('dark', DARK_COLOURS)};
}
}
* { box-sizing: border-box; }
html { background: var(--background); }
body {
margin: 0;
color: var(--text);
font-family: var(--sans);
font-variant-numeric: tabular-nums;
-webkit-text-size-adjust: 100%;
}
h1, h2, h3, p, ul, ol, dl, dd, figure { margin: 0; padding: 0; }
h1, h2, h3 { font-weight: 650; }
h1 { letter-spacing: -0.01em; overflow-wrap: anywhere; }
a, .link { color: var(--link); }
:focus-visible { outline: 2px solid var(--link); outline-offset: 1px; }
.good { color: var(--good); }
.bad { color: var(--bad); font-weight: 600; }
table { width: 100%; border-collapse: collapse; }
th, td { text-align: left; vertical-align: top; font-weight: 400; }
thead th { color: var(--muted); }
tbody tr { border-top: 1px solid var(--rule); }
.figure { text-align: right; }
.unseen {
position: absolute;
width: 1px;
height: 1px;
margin: -1px;
overflow: hidden;
clip-path: inset(50%);
white-space: nowrap;
}
`;
