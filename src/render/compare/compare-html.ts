/** A comparison as one page that needs no other file and runs no program: tables, findings, and the charts drawn in it. */
import { type Foreign, joinForeign, quoting } from '../../base/foreign.js';
import type { BenchComparison } from '../../model/bench/bench-comparison.js';
import { xmlText } from '../svg/svg-markup.js';
import { compareCharts } from './compare-chart.js';
import {
  type CompareTable,
  findingPlace,
  gateTable,
  inShort,
  modeTests,
  outlierLines,
  platformNotes,
  platformTable,
  platformTests,
  STUDY_CAPTION,
  SUMMARY_CAPTION,
  summaryTables,
} from './compare-tables.js';

const STYLE = `
:root{color-scheme:light}
body{font:15px/1.5 ui-sans-serif,system-ui,"Segoe UI","Helvetica Neue",Arial,sans-serif;color:#1b1f24;background:#fff;max-width:1180px;margin:0 auto;padding:24px}
h1{font-size:24px;overflow-wrap:anywhere}h2{font-size:19px;margin-top:40px;border-bottom:1px solid #d0d7de}h3{font-size:16px;margin-bottom:4px}
.scroll{overflow-x:auto}table{border-collapse:collapse;font-size:13px;font-variant-numeric:tabular-nums}
th,td{padding:3px 10px;border-bottom:1px solid #e6e9ed;text-align:left;vertical-align:top;white-space:nowrap}
td.wide{white-space:normal;min-width:160px;overflow-wrap:anywhere}th{color:#57606a;font-weight:600}.right{text-align:right}
tr.marked td{font-weight:600}caption,.dim{color:#57606a;font-size:13px;text-align:left}
.finding{border-left:4px solid #57606a;padding:2px 14px;margin:14px 0;overflow-wrap:anywhere}.finding p{margin:3px 0}
.wrong{border-color:#b3261e}.doubtful{border-color:#b86e00}.finding b{text-transform:uppercase;font-size:12px}
svg{max-width:100%;height:auto}@media print{h2{break-after:avoid}.finding,svg{break-inside:avoid}}
`;

/** @param sha256 of a text, base64: a browser applies no other style than the one with this sum, and runs nothing */
export function renderCompareHtml(
  comparison: BenchComparison,
  sha256: (text: string) => string,
): string {
  const { platforms, findings, modes, gates } = comparison;
  const title = quoting`dit compare: ${joinForeign(
    platforms.map(({ name }) => name),
    ', ',
  )}`;
  const policy = `default-src 'none'; style-src 'sha256-${sha256(STYLE)}'; base-uri 'none'; form-action 'none'`;
  const charts = new Map(compareCharts(comparison).map(({ dimension, svg }) => [dimension, svg]));
  const dimensions = [...new Set(comparison.groups.map(({ dimension }) => dimension))];
  return [
    '<!doctype html>\n<html lang="en" data-made-by="dit">',
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="referrer" content="no-referrer">',
    `<title>${xmlText(title)}</title>`,
    `<style>${STYLE}</style>`,
    '</head>',
    '<body>',
    `<h1>${xmlText(
      joinForeign(
        platforms.map(({ name }) => name),
        ' · ',
      ),
    )}</h1>`,
    table(platformTable(comparison), 'h2'),
    ...platformNotes(comparison).map((note) => `<p class="dim">${xmlText(note)}</p>`),
    '<h2>In short</h2>',
    '<ul>',
    ...inShort(comparison).map((line) => `<li>${xmlText(line)}</li>`),
    '</ul>',
    ...(gates.length === 0 ? [] : [table(gateTable(comparison), 'h2')]),
    '<h2>Data doctor</h2>',
    ...(findings.length === 0 ? ['<p>Nothing is suspect.</p>'] : []),
    ...findings.map(
      (finding) =>
        `<div class="finding ${finding.severity}"><p><b>${finding.severity}</b> ${finding.id}: ${xmlText(findingPlace(finding, platforms))}</p><p>${xmlText(finding.what)}</p><p>→ ${xmlText(finding.effect)}</p><p class="dim">${xmlText(finding.remedy)}</p></div>`,
    ),
    '<h2>Summaries</h2>',
    `<p class="dim">${xmlText(`${SUMMARY_CAPTION} ${STUDY_CAPTION}`)}</p>`,
    ...summaryTables(comparison).flatMap((each, index) => [
      table(each, 'h3'),
      charts.get(dimensions[index] ?? '') ?? '',
    ]),
    '<h2>Outliers</h2>',
    '<ul>',
    ...outlierLines(comparison).map(
      ({ where, values }) => `<li>${xmlText(where)}: ${xmlText(values)}</li>`,
    ),
    '</ul>',
    table(platformTests(comparison), 'h2'),
    ...(modes.length === 0 ? [] : [table(modeTests(comparison), 'h2')]),
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

/** Columns of free text. */
const WIDE: readonly string[] = ['platform', 'engine', 'host', 'verdict'];

function table(
  { title, caption, columns, rows, marked }: CompareTable,
  heading: 'h2' | 'h3',
): string {
  const cell = (name: 'th' | 'td', text: Foreign, index: number): string => {
    const column = columns[index];
    const classes = [
      column?.align === 'right' ? 'right' : '',
      WIDE.includes(column?.head ?? '') ? 'wide' : '',
    ]
      .filter((each) => each !== '')
      .join(' ');
    return `<${name}${classes === '' ? '' : ` class="${classes}"`}>${xmlText(text)}</${name}>`;
  };
  const body =
    rows.length === 0
      ? []
      : [
          '<div class="scroll"><table><thead><tr>',
          columns.map(({ head }, index) => cell('th', head, index)).join(''),
          '</tr></thead><tbody>',
          ...rows.map(
            (row, at) =>
              `<tr${marked[at] === true ? ' class="marked"' : ''}>${row.map((text, index) => cell('td', text, index)).join('')}</tr>`,
          ),
          '</tbody></table></div>',
        ];
  return [
    `<${heading}>${xmlText(title)}</${heading}>`,
    ...(caption === '' ? [] : [`<p class="dim">${xmlText(caption)}</p>`]),
    ...body,
  ].join('\n');
}
