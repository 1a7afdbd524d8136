/** A comparison as Markdown (GitHub's): for issues, pull requests and papers' appendices. */

import { markdownText } from '../../base/escape.js';
import { joinForeign } from '../../base/foreign.js';
import type { BenchComparison } from '../../model/bench/bench-comparison.js';
import {
  type CompareTable,
  findingPlace,
  gateTable,
  modeTests,
  outlierLines,
  platformNotes,
  platformTable,
  platformTests,
  STUDY_CAPTION,
  SUMMARY_CAPTION,
  summaryTables,
} from './compare-tables.js';
import { inShort } from './in-short.js';

export function renderCompareMarkdown(comparison: BenchComparison): string {
  const { findings, platforms, modes, gates } = comparison;
  const { sentences, table: changes, more } = inShort(comparison);
  const outliers = outlierLines(comparison);
  const notes = platformNotes(comparison);
  const blocks = [
    `# ${markdownText(
      joinForeign(
        platforms.map(({ name }) => name),
        ' · ',
      ),
    )}`,
    table(platformTable(comparison), 2),
    notes.map((note) => `- ${markdownText(note)}`).join('\n'),
    ...(sentences.length === 0
      ? []
      : [
          '## In short',
          sentences.map((line) => `- ${markdownText(line)}`).join('\n'),
          rowsOf(changes),
          markdownText(more),
          markdownText(changes.caption),
        ]),
    '## Data doctor',
    findings.length === 0
      ? 'Nothing is suspect.'
      : findings
          .map((finding) =>
            [
              `- **${finding.severity}: ${finding.id}** ${markdownText(findingPlace(finding, platforms))}`,
              `  - ${markdownText(finding.what)}`,
              `  - → ${markdownText(finding.effect)}`,
              `  - *${markdownText(finding.remedy)}*`,
            ].join('\n'),
          )
          .join('\n'),
    '## Summaries',
    markdownText(`${SUMMARY_CAPTION} ${STUDY_CAPTION}`),
    ...summaryTables(comparison).map((each) => table(each, 3)),
    ...(outliers.length === 0
      ? []
      : [
          '### Outliers',
          outliers
            .map(({ where, values }) => `- ${markdownText(where)}: ${markdownText(values)}`)
            .join('\n'),
        ]),
    table(platformTests(comparison), 2),
    ...(modes.length === 0 ? [] : [table(modeTests(comparison), 2)]),
    ...(gates.length === 0 ? [] : [table(gateTable(comparison), 2)]),
  ];
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`;
}

function table(table: CompareTable, level: number): string {
  return [
    `${'#'.repeat(level)} ${markdownText(table.title)}`,
    markdownText(table.caption),
    rowsOf(table),
  ]
    .filter((block) => block !== '')
    .join('\n\n');
}

function rowsOf({ columns, rows }: CompareTable): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  if (rows.length === 0) return '';
  return [
    line(columns.map(({ head }) => markdownText(head))),
    line(columns.map(({ align }) => (align === 'right' ? '--:' : ':--'))),
    ...rows.map((row) => line(row.map(markdownText))),
  ].join('\n');
}
