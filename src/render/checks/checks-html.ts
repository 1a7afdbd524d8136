/** What the toolkit tests found, as one page without scripts. */
import type { CheckReport } from '../../model/checks/check.js';
import { xmlText } from '../svg/svg-markup.js';
import { figureText, grouped } from './checks.js';
import { type ChecksDocument, whereAndWhen } from './checks-json.js';

export function checksHtml(document: ChecksDocument): string {
  const { engine, reports, leftBehind } = document;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>dit test on ${xmlText(engine.name)} ${xmlText(engine.version)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>dit test</h1>
<p>${xmlText(whereAndWhen(document))}</p>
${leftBehind.length === 0 ? '' : `<p class="fail">Left behind: ${leftBehind.map(xmlText).join('; ')}</p>`}
<table>
<thead><tr><th>test<th>verdict<th>why<th class="number">s</tr></thead>
<tbody>
${reports.map(summaryRow).join('\n')}
</tbody>
</table>
${reports.map(section).join('\n')}
</body>
</html>
`;
}

const summaryRow = ({ name, verdict, reason, ms }: CheckReport): string =>
  `<tr><td><a href="#${name}">${name}</a><td>${badge(verdict)}<td>${xmlText(reason)}<td class="number">${(ms / 1000).toFixed(1)}</tr>`;

/** The word is in it: the colour alone says nothing. */
const badge = (verdict: string): string => `<span class="badge ${verdict}">${verdict}</span>`;

function section(report: CheckReport): string {
  const { name, verdict, shows, reason, remedy, thresholds, findings, evidence } = report;
  const tables = [...grouped(report.figures)].map(
    ([group, figures]) => `<table>
<thead><tr><th>${xmlText(group || 'figure')}<th class="number">value<th>source</tr></thead>
<tbody>
${figures
  .map(
    (figure) =>
      `<tr><td>${xmlText(figure.name)}<td class="number">${xmlText(figureText(figure))}<td>${xmlText(figure.source)}</tr>`,
  )
  .join('\n')}
</tbody>
</table>`,
  );
  const found =
    findings.length === 0
      ? ''
      : `<ul>${findings
          .map(
            (each) =>
              `<li><strong>${each.severity}</strong> ${xmlText(each.title)}<br>→ ${xmlText(each.remedy)}</li>`,
          )
          .join('')}</ul>`;
  const said = evidence.length === 0 ? '' : `<pre>${evidence.map(xmlText).join('\n')}</pre>`;
  return `<section id="${name}">
<h2>${name} ${badge(verdict)}</h2>
<p>${xmlText(shows)}</p>
<p>${xmlText(reason)}</p>
${remedy === '' ? '' : `<p><strong>Try:</strong> ${xmlText(remedy)}</p>`}
${tables.join('\n')}
${found}
${said}
<p class="dim">Decided by: ${xmlText(thresholds)}</p>
</section>`;
}

const STYLE = `
:root { color-scheme: light dark; --line: #8884; --dim: #777; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
table { border-collapse: collapse; width: 100%; margin: .8rem 0; }
th, td { text-align: left; padding: .25rem .6rem .25rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
section table { table-layout: fixed; } section th:first-child { width: 42%; } section th:nth-child(2) { width: 16%; } td { overflow-wrap: anywhere; }
th { font-weight: 600; } .number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
pre { overflow-x: auto; padding: .6rem; border: 1px solid var(--line); font-size: 13px; }
.badge { padding: 0 .5em; border-radius: .3em; border: 1px solid currentColor; font-size: .85em; }
.pass { color: #00704a; } .warn { color: #b26a00; } .fail { color: #c22; } .skipped, .dim { color: var(--dim); }
@media (prefers-color-scheme: dark) { .pass { color: #4fc38a; } .warn { color: #f0b050; } .fail { color: #ff7b72; } }
@media print { pre { white-space: pre-wrap; } section { break-inside: avoid-page; } }
`;
