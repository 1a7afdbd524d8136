/** A comparison as LaTeX tables to \input: booktabs and longtable, UTF-8; findings of the data doctor as a list. */

import { escapeText } from '../../base/escape.js';
import { type Foreign, quoting } from '../../base/foreign.js';
import { own } from '../../base/own.js';
import type { BenchComparison } from '../../model/bench/bench-comparison.js';
import {
  type CompareTable,
  findingPlace,
  gateTable,
  modeTests,
  platformTable,
  platformTests,
  SUMMARY_CAPTION,
  summaryTables,
} from './compare-tables.js';
import { inShort } from './in-short.js';

export function renderCompareLatex(comparison: BenchComparison): string {
  const { findings, platforms, modes, gates } = comparison;
  const { sentences, table: changes, more } = inShort(comparison);
  const blocks = [
    '% \\usepackage{booktabs,longtable} in the preamble; \\input this file',
    table(platformTable(comparison)),
    [...sentences, more]
      .filter((line) => line !== '')
      .map((line) => latex(quoting`${line}.`))
      .join('\n'),
    table(changes),
    ...(findings.length === 0
      ? []
      : [
          [
            '\\paragraph{Data doctor}',
            '\\begin{itemize}',
            ...findings.map(
              (finding) =>
                `\\item \\textbf{${finding.severity}: ${finding.id}} ${latex(findingPlace(finding, platforms))}: ${latex(finding.what)}. \\emph{${latex(finding.effect)}.}`,
            ),
            '\\end{itemize}',
          ].join('\n'),
        ]),
    latex(SUMMARY_CAPTION),
    ...summaryTables(comparison).map(table),
    table(platformTests(comparison)),
    ...(modes.length === 0 ? [] : [table(modeTests(comparison))]),
    ...(gates.length === 0 ? [] : [table(gateTable(comparison))]),
  ];
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`;
}

/** What only a screen has room for. */
const LEFT_OUT: readonly string[] = ['host', 'min', 'max', "study's median", "study's ±"];

function table({ title, caption, columns, rows }: CompareTable): string {
  if (rows.length === 0) return '';
  const kept = columns.flatMap(({ head }, index) => (LEFT_OUT.includes(head) ? [] : [index]));
  const line = (cells: readonly Foreign[]): string =>
    `${kept.map((index) => latex(cells[index] ?? '')).join(' & ')} \\\\`;
  const head = ['\\toprule', line(columns.map((column) => column.head)), '\\midrule'];
  return [
    `\\begin{longtable}{@{}${kept.map((index) => (columns[index]?.align === 'right' ? 'r' : 'l')).join('')}@{}}`,
    `\\caption{${latex(caption === '' ? title : `${title}. ${caption}`)}}\\\\`,
    ...head,
    '\\endfirsthead',
    ...head,
    '\\endhead',
    ...rows.map(line),
    '\\bottomrule',
    '\\end{longtable}',
  ].join('\n');
}

const NAMED: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '{': '\\{',
  '}': '\\}',
  $: '\\$',
  '&': '\\&',
  '#': '\\#',
  '%': '\\%',
  _: '\\_',
  '^': '\\textasciicircum{}',
  '~': '\\textasciitilde{}',
  '<': '\\textless{}',
  '>': '\\textgreater{}',
  '|': '\\textbar{}',
  '"': '\\char34{}',
  // A row that begins with "[" would be an argument of the line break before it.
  '[': '{[}',
  ']': '{]}',
  '*': '{*}',
  '±': '$\\pm$',
  '×': '$\\times$',
  '→': '$\\to$',
  '∞': '$\\infty$',
};

const latex = (text: Foreign): string =>
  escapeText(text)
    .replace(/[\\{}$&#%_^~<>|"[\]*±×→∞]/g, (character) => own(NAMED, character) ?? character)
    .replace(/(^|[ {\]},])-(?=[\d$])/g, '$1$-$');
