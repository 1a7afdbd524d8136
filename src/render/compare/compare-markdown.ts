/** A comparison as Markdown (GitHub's): for issues, pull requests and papers' appendices. */

import { markdownText } from '../../base/escape.js';
import { joinForeign } from '../../base/foreign.js';
import type { BenchComparison } from '../../model/bench/bench-comparison.js';
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

export function renderCompareMarkdown(comparison: BenchComparison): string {
  const { findings, platforms, modes, gates } = comparison;
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
    inShort(comparison)
      .map((line) => `- ${markdownText(line)}`)
      .join('\n'),
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

function table({ title, caption, columns, rows }: CompareTable, level: number): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const body =
    rows.length === 0
      ? ''
      : [
          line(columns.map(({ head }) => markdownText(head))),
          line(columns.map(({ align }) => (align === 'right' ? '--:' : ':--'))),
          ...rows.map((row) => line(row.map(markdownText))),
        ].join('\n');
  return [`${'#'.repeat(level)} ${markdownText(title)}`, markdownText(caption), body]
    .filter((block) => block !== '')
    .join('\n\n');
}
