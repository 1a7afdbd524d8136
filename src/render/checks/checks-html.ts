/** What the toolkit tests found, as one page without scripts: the answer on top, the worst first, charts and tables below. */
import { type Foreign, quoting } from '../../base/foreign.js';
import type { CheckReport, Figure, Verdict } from '../../model/checks/check.js';
import type { Sha256 } from '../look/page.js';
import { reportPage } from '../look/report-page.js';
import { xmlText } from '../svg/svg-markup.js';
import { figureText, grouped } from './checks.js';
import { barChart, phaseChart } from './checks-chart.js';
import { type ChecksDocument, whereAndWhen } from './checks-json.js';

/** The order of what a reader has to know. */
const WORST_FIRST: readonly Verdict[] = ['fail', 'warn', 'skipped', 'pass'];

export function checksHtml(document: ChecksDocument, sha256: Sha256): string {
  const { engine, leftBehind } = document;
  const reports = WORST_FIRST.flatMap((verdict) =>
    document.reports.filter((report) => report.verdict === verdict),
  );
  const body = [
    `<h1>dit test: ${xmlText(engine.name)} ${xmlText(engine.version)}</h1>`,
    tally(reports),
    `<p class="dim">${xmlText(whereAndWhen(document))}</p>`,
    ...(leftBehind.length === 0
      ? []
      : [`<p class="notice">Left behind: ${leftBehind.map(xmlText).join('; ')}</p>`]),
    '<h2>Verdicts</h2>',
    '<div class="table" tabindex="0" role="region" aria-label="Verdicts"><table>',
    '<thead><tr><th scope="col">test</th><th scope="col">verdict</th><th scope="col">why</th><th scope="col" class="figure seconds">s</th></tr></thead>',
    '<tbody>',
    ...reports.map(summaryRow),
    '</tbody></table></div>',
    ...reports.map(section),
  ];
  return reportPage({ title: quoting`dit test on ${engine.name} ${engine.version}`, body }, sha256);
}

/** How many of each verdict there are. */
function tally(reports: readonly CheckReport[]): string {
  const items = WORST_FIRST.flatMap((verdict) => {
    const count = reports.filter((report) => report.verdict === verdict).length;
    return count === 0
      ? []
      : [`<li class="${verdict}"><strong>${count}</strong> <span>${verdict}</span></li>`];
  });
  return items.length === 0 ? '' : `<ul class="tally">${items.join('')}</ul>`;
}

const summaryRow = ({ name, verdict, reason, ms }: CheckReport): string =>
  `<tr><th scope="row"><a href="#${name}">${name}</a></th><td>${badge(verdict)}</td><td class="wide">${xmlText(reason)}</td><td class="figure seconds">${(ms / 1000).toFixed(1)}</td></tr>`;

/** The word is in it: the colour alone says nothing. */
const badge = (verdict: Verdict): string => `<span class="badge ${verdict}">${verdict}</span>`;

function section(report: CheckReport): string {
  const { name, verdict, shows, reason, remedy, thresholds, findings, evidence } = report;
  const parts = [
    `<section id="${name}" aria-labelledby="${name}-name">`,
    `<h2 id="${name}-name">${name} ${badge(verdict)}</h2>`,
    `<p class="result">${xmlText(reason)}</p>`,
    ...(remedy === '' ? [] : [`<p><strong>Try:</strong> ${xmlText(remedy)}</p>`]),
    `<p class="dim">Shows ${xmlText(shows)}.</p>`,
    `<p class="dim">Decided by: ${xmlText(thresholds)}</p>`,
    ...findings.map(
      (each) =>
        `<div class="finding ${each.severity}"><p><strong>${each.severity}</strong> ${xmlText(each.title)}</p><p>→ ${xmlText(each.remedy)}</p></div>`,
    ),
    ...figures(report),
    ...(evidence.length === 0
      ? []
      : [
          '<h3>Evidence</h3>',
          `<pre tabindex="0" aria-label="Evidence">${evidence.map(xmlText).join('\n')}</pre>`,
        ]),
    '</section>',
  ];
  return parts.join('\n');
}

function figures({ name, figures }: CheckReport): string[] {
  const groups = [...grouped(figures)];
  const phases = groups.filter(([, own]) => own.every(({ part }) => part?.kind === 'phase'));
  const stacked = phaseChart(
    'Time by phase',
    `${name}-phases`,
    phases.map(([group, own]) => ({ name: group, figures: own })),
  );
  const blocks = [
    ...(stacked === ''
      ? []
      : [
          block(
            'Time by phase',
            [stacked],
            phases.flatMap(([, own]) => own),
            true,
          ),
        ]),
    ...groups.flatMap(([group, own], index) => {
      if (stacked !== '' && phases.some(([each]) => each === group)) return [];
      const charts = chartsOf(group, own, `${name}-${index}`);
      return [block(group || 'Figures', charts, own, charts.length > 0)];
    }),
  ];
  return blocks.length === 0 ? [] : ['<div class="charts">', ...blocks, '</div>'];
}

/** One per unit; shares and counts of a group of several units are no quantities to set beside one another. */
function chartsOf(group: Foreign, figures: readonly Figure[], id: string): string[] {
  const units = [...new Set(figures.map(({ unit }) => unit))];
  return units
    .filter((unit) => units.length === 1 || (unit !== '%' && unit !== 'count'))
    .map((unit) =>
      barChart(
        group || 'Figures',
        `${id}-${units.indexOf(unit)}`,
        figures.filter((figure) => figure.unit === unit),
      ),
    )
    .filter((chart) => chart !== '');
}

/** Charts with their table below; one without is a table alone. */
function block(
  title: Foreign,
  charts: readonly string[],
  figures: readonly Figure[],
  isFolded: boolean,
): string {
  const table = tableOf(title, figures);
  return [
    `<div><h3>${xmlText(title)}</h3>`,
    ...charts.map((chart) => `<figure class="chart">${chart}</figure>`),
    isFolded ? `<details><summary>Values and sources</summary>${table}</details>` : table,
    '</div>',
  ].join('\n');
}

function tableOf(title: Foreign, figures: readonly Figure[]): string {
  const rows = figures.map(
    (figure) =>
      `<tr><th scope="row" class="wide">${xmlText(figure.name)}</th><td class="figure">${xmlText(figureText(figure))}</td><td class="wide">${xmlText(figure.source)}</td></tr>`,
  );
  return [
    `<div class="table" tabindex="0" role="region" aria-label="${xmlText(title)}"><table>`,
    '<thead><tr><th scope="col">figure</th><th scope="col" class="figure">value</th><th scope="col">source</th></tr></thead>',
    `<tbody>${rows.join('\n')}</tbody></table></div>`,
  ].join('\n');
}
