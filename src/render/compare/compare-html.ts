/** A comparison as one page that needs no other file and runs no program: tables, findings, and the charts drawn in it. */
import { type Foreign, joinForeign, quoting } from '../../base/foreign.js';
import type { BenchComparison, DataFinding, Platform } from '../../model/bench/bench-comparison.js';
import type { Sha256 } from '../look/page.js';
import { reportPage } from '../look/report-page.js';
import { xmlText } from '../svg/svg-markup.js';
import { INLINE } from '../svg/svg-paint.js';
import { compareCharts } from './compare-chart.js';
import {
  type CompareTable,
  findingPlace,
  gateTable,
  letterOf,
  modeTests,
  outlierLines,
  platformNotes,
  platformTable,
  platformTests,
  STUDY_CAPTION,
  SUMMARY_CAPTION,
  summaryTables,
  type Tone,
} from './compare-tables.js';
import { inShort } from './in-short.js';

export function renderCompareHtml(comparison: BenchComparison, sha256: Sha256): string {
  const { platforms, findings, modes, gates } = comparison;
  const names = platforms.map(({ name }) => name);
  const charts = new Map(
    compareCharts(comparison, INLINE).map(({ dimension, svg }) => [dimension, svg]),
  );
  const dimensions = [...new Set(comparison.groups.map(({ dimension }) => dimension))];
  const outliers = outlierLines(comparison);
  const body = [
    `<h1>${joinHtml(
      names.map((name, index) => quoting`${letterOf(index)} ${name}`),
      ' · ',
    )}</h1>`,
    ...shortly(comparison),
    ...(gates.length === 0 ? [] : [section(gateTable(comparison), 'h2')]),
    section(platformTable(comparison), 'h2'),
    ...platformNotes(comparison).map((note) => `<p class="dim">${xmlText(note)}</p>`),
    '<h2>Data doctor</h2>',
    ...(findings.length === 0 ? ['<p>Nothing is suspect.</p>'] : []),
    ...findings.map((finding) => findingHtml(finding, platforms)),
    '<h2>Summaries</h2>',
    `<p class="dim">${xmlText(`${SUMMARY_CAPTION} ${STUDY_CAPTION}`)}</p>`,
    ...summaryTables(comparison).flatMap((each, index) => [
      section(each, 'h3'),
      charts.get(dimensions[index] ?? '') ?? '',
    ]),
    ...(outliers.length === 0
      ? []
      : [
          '<h2>Outliers</h2>',
          '<ul>',
          ...outliers.map(({ where, values }) => `<li>${xmlText(where)}: ${xmlText(values)}</li>`),
          '</ul>',
        ]),
    section(platformTests(comparison), 'h2'),
    ...(modes.length === 0 ? [] : [section(modeTests(comparison), 'h2')]),
  ];
  return reportPage({ title: quoting`dit compare: ${joinForeign(names, ', ')}`, body }, sha256);
}

const joinHtml = (texts: readonly Foreign[], between: string): string =>
  texts.map(xmlText).join(between);

/** The first sentence is what a reader takes along. */
function shortly(comparison: BenchComparison): string[] {
  const { sentences, table, more } = inShort(comparison);
  if (sentences.length === 0) return [];
  return [
    '<h2>In short</h2>',
    ...sentences.map((sentence) => `<p class="result">${xmlText(sentence)}</p>`),
    `<div class="short">${tableHtml(table)}</div>`,
    ...(more === '' ? [] : [`<p><strong>${xmlText(more)}</strong></p>`]),
    ...(table.caption === '' ? [] : [`<p class="dim">${xmlText(table.caption)}</p>`]),
  ];
}

const findingHtml = (finding: DataFinding, platforms: readonly Platform[]): string =>
  [
    `<div class="finding ${finding.severity}"><p><strong>${finding.severity.toUpperCase()}</strong> ${finding.id}: ${xmlText(findingPlace(finding, platforms))}</p>`,
    `<p>${xmlText(finding.what)}</p>`,
    `<p>→ ${xmlText(finding.effect)}</p>`,
    `<p class="dim">${xmlText(finding.remedy)}</p></div>`,
  ].join('');

function section(table: CompareTable, heading: 'h2' | 'h3'): string {
  const { title, caption } = table;
  return [
    `<${heading}>${xmlText(title)}</${heading}>`,
    ...(caption === '' ? [] : [`<p class="dim">${xmlText(caption)}</p>`]),
    tableHtml(table),
  ].join('\n');
}

/** Columns of free text. */
const WIDE: readonly string[] = ['platform', 'engine', 'host'];
const TONES: Readonly<Record<Tone, string>> = { good: 'better', bad: 'worse', plain: '' };

/** The head of a row is its first column with a name. */
function tableHtml({ title, columns, rows, marked, tones }: CompareTable): string {
  if (rows.length === 0) return '';
  const named = columns.findIndex(({ head }) => head !== '');
  const classes = (index: number, tone: Tone | undefined): string => {
    const column = columns[index];
    const names = [
      column?.align === 'right' ? 'figure' : '',
      WIDE.includes(column?.head ?? '') ? 'wide' : '',
      column?.head === 'verdict' ? TONES[tone ?? 'plain'] : '',
      (column?.dropped ?? 0) > 0 ? 'spare' : '',
    ].filter((each) => each !== '');
    return names.length === 0 ? '' : ` class="${names.join(' ')}"`;
  };
  const cell = (text: Foreign, index: number, tone: Tone | undefined): string =>
    index === named
      ? `<th scope="row"${classes(index, tone)}>${xmlText(text)}</th>`
      : `<td${classes(index, tone)}>${xmlText(text)}</td>`;
  return [
    `<div class="table" tabindex="0" role="region" aria-label="${xmlText(title)}"><table><thead><tr>`,
    columns
      .map(({ head }, index) =>
        head === ''
          ? '<td></td>'
          : `<th scope="col"${classes(index, undefined)}>${xmlText(head)}</th>`,
      )
      .join(''),
    '</tr></thead><tbody>',
    ...rows.map(
      (row, at) =>
        `<tr${marked[at] === true ? ' class="marked"' : ''}>${row.map((text, index) => cell(text, index, tones?.[at])).join('')}</tr>`,
    ),
    '</tbody></table></div>',
  ].join('\n');
}
