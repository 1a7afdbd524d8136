/**
 * What `dit trace diff A B` prints: what grew and what shrank on the critical path, the larger of both first.
 *
 *   before  a.dit  alpine:3.20   227.053 ms
 *   after   b.dit  alpine:3.20   410.998 ms
 *   change  +183.945 ms, +81.0 %
 *
 *   GREW  by 262.1 ms
 *     change ms     share      before       after  actor       category
 *      +200.184   108.8 %       0.000     200.184  runc create sleep  NEW
 *      and 12 smaller ones, together +3.214 ms: --least 0
 *
 *   SHRANK  by 78.2 ms …
 */

import { escapeText, safeJson } from '../../base/escape.js';
import type { Foreign } from '../../base/foreign.js';
import type { Comparison, Difference } from '../../model/trace/summaries.js';
import { PHASES } from '../../model/trace/totals.js';
import { columnsOf, cut, pageOf, wrap } from '../common/columns.js';
import { formatCount, formatMs, formatPercent, plural } from '../common/format.js';
import type { PageOptions } from '../common/subject.js';
import { number, tableHead, tableRow, word } from '../common/table.js';

interface DiffSide {
  readonly path: Foreign;
  readonly image: Foreign;
  readonly containerId: string;
}

export interface DiffFacts {
  readonly before: DiffSide;
  readonly after: DiffSide;
  readonly comparison: Comparison;
  /** What else differs between the two; untrusted text. */
  readonly notes: readonly Foreign[];
}

export interface DiffOptions extends PageOptions {
  /** Smaller changes are summed up, ns. */
  readonly leastNs: number;
}

export function renderDiff(facts: DiffFacts, options: DiffOptions): string {
  const { theme, width } = options;
  const { comparison, notes } = facts;
  const total = comparison.after - comparison.before;
  const lines = [
    sideLine('before', facts.before, comparison.before, options),
    sideLine('after', facts.after, comparison.after, options),
    theme.strong(`change  ${signed(total)} ms, ${signedPercent(total / comparison.before)}`),
  ];
  if (notes.length > 0) {
    lines.push(
      '',
      ...wrap('ENVIRONMENTS DIFFER  besides the start, these differ', width).map(theme.warning),
    );
    for (const note of notes) {
      wrap(escapeText(note), width - 2).forEach((line, index) => {
        lines.push(theme.warning(index === 0 ? `! ${line}` : `  ${line}`));
      });
    }
  }
  const grew = comparison.differences.filter((difference) => changeOf(difference) > 0);
  const shrank = comparison.differences.filter((difference) => changeOf(difference) < 0);
  const sections = [
    { title: 'GREW', rows: grew },
    { title: 'SHRANK', rows: shrank },
  ].sort((a, b) => Math.abs(sumOf(b.rows)) - Math.abs(sumOf(a.rows)));
  for (const { title, rows } of sections) {
    if (rows.length === 0) continue;
    const by = theme.dim(`  by ${formatMs(Math.abs(sumOf(rows)))} ms in all`);
    lines.push('', theme.heading(title) + by, ...table(rows, total, options));
  }
  const sum = sumOf(comparison.differences);
  const equals =
    sum === total ? '= change of the window' : `≠ change of the window ${formatCount(total)} ns`;
  const said = `sum of all changes ${sum > 0 ? '+' : ''}${formatCount(sum)} ns ${equals}`;
  lines.push('', ...wrap(said, width).map(theme.dim));
  return pageOf(lines, width);
}

function sideLine(name: string, side: DiffSide, ns: number, { theme, width }: DiffOptions): string {
  const label = name.padEnd(8);
  const figure = `   ${formatMs(ns)} ms`;
  const room = width - columnsOf(label) - columnsOf(figure);
  const image = escapeText(side.image);
  const text = `${escapeText(side.path)}  ${image}`;
  return label + theme.dim(cut(text, room)) + theme.strong(figure);
}

const COLUMNS = [
  number('change ms', 11),
  number('of change', 11, { dropped: 3 }),
  number('before', 11, { dropped: 2 }),
  number('after', 11, { dropped: 1 }),
  word('', 2),
  word('actor', 12),
];

function table(rows: readonly Difference[], total: number, options: DiffOptions): string[] {
  const { theme, width, leastNs } = options;
  const shown = rows.filter((row) => Math.abs(changeOf(row)) >= leastNs);
  const rest = rows.slice(shown.length);
  const lines = [theme.dim(tableHead(COLUMNS, 'category', width))];
  for (const difference of shown) {
    const change = changeOf(difference);
    const mark = difference.before === 0 ? 'NEW ' : difference.after === 0 ? 'GONE ' : '';
    const row = tableRow(
      COLUMNS,
      [
        signed(change),
        total === 0 ? '-' : formatPercent(change / total),
        formatMs(difference.before),
        formatMs(difference.after),
        '',
        difference.actor,
        `${mark}${escapeText(difference.category)}`,
      ],
      width,
    );
    lines.push(theme.phase[difference.phase ?? 'unattributed'](row.cells) + row.rest);
  }
  if (rest.length > 0) {
    const together = `${signed(sumOf(rest))} ms`;
    const smaller = plural(rest.length, 'smaller one');
    lines.push(theme.dim(`    and ${smaller}, together ${together}: --least 0`));
  }
  return lines;
}

const changeOf = ({ before, after }: Difference): number => after - before;
const sumOf = (rows: readonly Difference[]): number =>
  rows.reduce((sum, row) => sum + changeOf(row), 0);
const signed = (ns: number): string => (ns > 0 ? `+${formatMs(ns)}` : formatMs(ns));
const signedPercent = (share: number): string =>
  Number.isFinite(share) ? (share > 0 ? `+${formatPercent(share)}` : formatPercent(share)) : '-';

export function diffJson({ before, after, comparison, notes }: DiffFacts): string {
  const side = ({ path, image, containerId }: DiffSide, ns: number): Record<string, unknown> => ({
    path,
    container_id: containerId,
    image,
    length_ns: ns,
  });
  const total = comparison.after - comparison.before;
  return `${safeJson(
    {
      schema: 'dit.diff/1',
      before: side(before, comparison.before),
      after: side(after, comparison.after),
      change_ns: total,
      notes,
      phases: PHASES.map((phase) => {
        const own = comparison.differences.filter(
          (difference) => (difference.phase ?? 'unattributed') === phase,
        );
        return { phase, change_ns: sumOf(own) };
      }),
      differences: comparison.differences.map((difference) => ({
        actor: difference.actor,
        phase: difference.phase ?? 'unattributed',
        category: difference.category,
        before_ns: difference.before,
        after_ns: difference.after,
        change_ns: changeOf(difference),
      })),
    },
    2,
  )}\n`;
}
