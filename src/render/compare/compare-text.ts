/**
 * What `dit compare A B` prints: what differs most, what is wrong with the data, then summaries, tests
 * and gates.
 *
 *   PLATFORMS
 *      platform           values
 *   A  azure-premium-ssd     700
 *
 *   IN SHORT
 *   A→B: 16 of 21 tests differ: 14 worse, 2 better
 *
 *   what                 from     to  unit  change         95 %    share  verdict  effect
 *   startup alpine/warm   568  1,145  ms      +578   [555, 600]  +101.8 %  worse    large
 *   and 8 more changes: see Differences between platforms
 *
 *   DATA DOCTOR  1 wrong, 2 doubtful, 1 note
 *   ! WRONG  mixed-units  A (azure-premium-ssd), write "overlayfs"
 *     49 of 50 values lie from 1 to 1.1 MB/s, the other 1 at 1,017: …
 *     → if the low ones are of a unit 1000 times larger …
 *
 *   STARTUP, MS
 *   group          n    mean  ± 95 %  median     sd
 *   alpine/warm A  50  567.62    5.47  567.56  19.24
 */

import { escapeText } from '../../base/escape.js';
import type { Foreign } from '../../base/foreign.js';
import type { BenchComparison, DataFinding } from '../../model/bench/bench-comparison.js';
import { columnsOf, cut, cutStart, pageOf, wrap } from '../common/columns.js';
import { plural } from '../common/format.js';
import type { PageOptions } from '../common/subject.js';
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
  type Tone,
} from './compare-tables.js';
import { inShort } from './in-short.js';

export function renderCompareText(comparison: BenchComparison, options: PageOptions): string {
  const { theme, width } = options;
  const paragraph = (text: Foreign): string[] => wrap(escapeText(text), width).map(theme.dim);
  const section = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : ['', title, ...lines];
  const table = (table: CompareTable): string[] =>
    table.rows.length === 0 && table.caption === ''
      ? []
      : section(theme.heading(table.title.toUpperCase()), [
          ...printed(table, options),
          ...(table.caption === '' ? [] : paragraph(table.caption)),
        ]);
  const lines = [
    ...table(platformTable(comparison)),
    ...platformNotes(comparison).flatMap(paragraph),
    ...shortly(comparison, options),
    ...doctor(comparison, options),
    ...summaryTables(comparison).flatMap(table),
    ...paragraph(`${SUMMARY_CAPTION} ${STUDY_CAPTION}`),
    ...section(
      theme.heading('OUTLIERS'),
      outlierLines(comparison).flatMap(({ where, values }) =>
        wrap(`${escapeText(where)}: ${escapeText(values)}`, width - 2).map((line, index) =>
          index === 0 ? line : `  ${line}`,
        ),
      ),
    ),
    ...table(platformTests(comparison)),
    ...(comparison.modes.length === 0 ? [] : table(modeTests(comparison))),
    ...(comparison.gates.length === 0 ? [] : table(gateTable(comparison))),
  ];
  return pageOf(lines.slice(1), width);
}

function shortly(comparison: BenchComparison, options: PageOptions): string[] {
  const { theme, width } = options;
  const { sentences, table, more } = inShort(comparison);
  if (sentences.length === 0) return [];
  return [
    '',
    theme.heading('IN SHORT'),
    ...sentences.flatMap((line) =>
      wrap(escapeText(line), width - 2).map((part, index) => (index === 0 ? part : `  ${part}`)),
    ),
    ...(table.rows.length === 0 ? [] : ['', ...printed(table, options)]),
    ...(more === '' ? [] : [more]),
    ...wrap(table.caption, width).map(theme.dim),
  ];
}

function doctor({ findings, platforms }: BenchComparison, options: PageOptions): string[] {
  const { theme, width } = options;
  const of = (severity: DataFinding['severity']): number =>
    findings.filter((finding) => finding.severity === severity).length;
  const counts = `${of('wrong')} wrong, ${of('doubtful')} doubtful, ${plural(of('note'), 'note')}`;
  const paint = { wrong: theme.bad, doubtful: theme.warning, note: theme.strong };
  const indented = (text: Foreign, mark: string): string[] =>
    wrap(escapeText(text), width - 4).map(
      (line, index) => `${index === 0 ? `  ${mark} ` : '    '}${line}`,
    );
  return [
    '',
    theme.heading('DATA DOCTOR') +
      theme.dim(findings.length === 0 ? '  no problems found' : `  ${counts}`),
    ...findings.flatMap((finding) => {
      const head = `${finding.severity.toUpperCase()}  ${finding.id}  `;
      const place = cut(escapeText(findingPlace(finding, platforms)), width - columnsOf(head));
      return [
        paint[finding.severity](head) + place,
        ...indented(finding.what, ' '),
        ...indented(finding.effect, '→'),
        ...indented(finding.remedy, '+').map(theme.dim),
      ];
    }),
  ];
}

const GAP = '  ';
/** A name is not cut shorter. */
const LEAST_NAME = 12;

function printed(
  { columns, rows, marked, tones }: CompareTable,
  { theme, width }: PageOptions,
): string[] {
  const cells = rows.map((row) => row.map(escapeText));
  const widths = columns.map(({ head }, index) =>
    Math.max(columnsOf(head), ...cells.map((row) => columnsOf(row[index] ?? ''))),
  );
  let kept = columns.map((_, index) => index);
  const taken = (): number =>
    kept.reduce((sum, index) => sum + (widths[index] as number) + GAP.length, -GAP.length);
  for (let drop = Math.max(0, ...columns.map(({ dropped }) => dropped)); taken() > width; drop--) {
    if (drop === 0) break;
    kept = kept.filter((index) => columns[index]?.dropped !== drop);
  }
  narrow(kept, widths, width, taken);
  const paint = { good: theme.good, bad: theme.bad, plain: (text: string) => text };
  const line = (row: readonly string[], tone: Tone = 'plain'): string =>
    kept
      .map((index) => {
        const columns_ = widths[index] as number;
        const right = columns[index]?.align === 'right';
        // What tells names apart is at their end.
        const text = right ? cut(row[index] ?? '', columns_) : cutStart(row[index] ?? '', columns_);
        const blanks = ' '.repeat(Math.max(0, columns_ - columnsOf(text)));
        const painted = columns[index]?.head === 'verdict' ? paint[tone](text) : text;
        return right ? blanks + painted : painted + blanks;
      })
      .join(GAP);
  return [
    theme.dim(line(columns.map(({ head }) => head))),
    ...cells.map((row, index) => {
      const text = line(row, tones?.[index]);
      return marked[index] === true ? theme.strong(text) : text;
    }),
  ];
}

/** The widest columns give what is still missing. */
function narrow(
  kept: readonly number[],
  widths: number[],
  width: number,
  taken: () => number,
): void {
  for (let missing = taken() - width; missing > 0; missing = taken() - width) {
    const widest = kept.reduce((a, b) => ((widths[b] ?? 0) > (widths[a] ?? 0) ? b : a));
    const columns = widths[widest] as number;
    if (columns <= LEAST_NAME) return;
    widths[widest] = Math.max(LEAST_NAME, columns - missing);
  }
}
