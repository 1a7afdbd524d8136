/**
 * What `dit trace run --runs N` prints before the median start's own report.
 *
 *   alpine:3.20   10 starts, window 201.300 ms (95 % of medians: 198.204 – 209.960)
 *
 *                                  median    95 % interval of it         min        max
 *   window                        201.300     198.204 –  209.960     190.112    250.301
 *   runtime                       150.102     …
 *     scheduling delay             32.441
 */

import { escapeText } from '../../base/escape.js';
import type { PhaseSpread, RunsSummary, Spread } from '../../model/trace/summaries.js';
import type { Trace } from '../../model/trace/trace.js';
import { columnsOf, cut, pageOf, wrap } from '../common/columns.js';
import { formatCount, formatMs, plural } from '../common/format.js';
import type { PageOptions } from '../common/subject.js';
import { number, tableHead, tableRow, word } from '../common/table.js';
import { keyByLine, traceDocument } from '../json/json.js';

const COLUMNS = [
  word('', 27, { least: 18 }),
  number('median ms', 10),
  number('95 % interval of it', 22, { dropped: 2 }),
  number('min', 10, { dropped: 3 }),
  number('max', 10, { dropped: 1 }),
];
const SHOWN_FAILURES = 5;

export function renderRuns(summary: RunsSummary, options: PageOptions): string {
  const { theme, width } = options;
  const { windows, failures, asked, warmups, lost } = summary;
  const result = `${formatMs(summary.window.median)} ms is the median of ${plural(windows.length, 'start')}`;
  const subject = cut(escapeText(summary.image), Math.max(10, width - columnsOf(result) - 3));
  const lines = [
    `${theme.strong(subject)}   ${result}`,
    '',
    theme.dim(
      `${formatCount(asked)} asked for, ${plural(warmups, 'warm-up')} not counted, ${formatCount(failures.length)} failed`,
    ),
    (lost === 0 ? theme.good : theme.bad)(`lost events: ${formatCount(lost)} in all`),
    '',
    theme.dim(tableHead(COLUMNS, '', width)),
    theme.strong(spreadRow('window', summary.window, width)),
  ];
  for (const phase of summary.phases) {
    if (phase.max === 0) continue;
    lines.push(theme.phase[phase.phase](theme.strong(spreadRow(phase.phase, phase, width))));
    for (const category of isOnlyItself(phase) ? [] : phase.categories) {
      lines.push(spreadRow(`  ${escapeText(category.category)}`, category, width));
    }
  }
  lines.push(
    ...wrap(
      'each line is a median of its own: they do not add up; the report below is one start’s, and does',
      width,
    ).map(theme.dim),
  );
  for (const { start, message } of failures.slice(0, SHOWN_FAILURES)) {
    wrap(`start ${start} failed: ${escapeText(message)}`, width - 2).forEach((line, index) => {
      lines.push(theme.bad(`${index === 0 ? '! ' : '  '}${line}`));
    });
  }
  if (failures.length > SHOWN_FAILURES) {
    lines.push(theme.bad(`! and ${formatCount(failures.length - SHOWN_FAILURES)} more`));
  }
  return pageOf(lines, width);
}

function spreadRow(name: string, { median, low, high, min, max }: Spread, width: number): string {
  const interval = `${formatMs(low)} – ${formatMs(high).padStart(9)}`;
  return tableRow(COLUMNS, [name, formatMs(median), interval, formatMs(min), formatMs(max)], width)
    .cells;
}

/** "unattributed" has itself as its only category. */
const isOnlyItself = ({ phase, categories }: PhaseSpread): boolean =>
  categories.length === 1 && categories[0]?.category === phase;

/** @param median the analysed trace of the median start */
export function runsJson(summary: RunsSummary, median: Trace): string {
  return keyByLine({
    schema: 'dit.runs/1',
    image: summary.image,
    asked: summary.asked,
    warmups: summary.warmups,
    starts: summary.windows.length,
    failures: summary.failures,
    lost: summary.lost,
    windows_ns: summary.windows,
    window: spreadDocument(summary.window),
    phases: summary.phases.map(({ phase, categories, ...spread }) => ({
      phase,
      ...spreadDocument(spread),
      categories: categories.map(({ category, ...own }) => ({
        category,
        ...spreadDocument(own),
      })),
    })),
    median_trace: summary.medianTrace,
    folder: summary.folder ?? null,
    trace: traceDocument(median),
  });
}

function spreadDocument({ median, low, high, min, max }: Spread): Record<string, number> {
  return { median_ns: median, low_ns: low, high_ns: high, min_ns: min, max_ns: max };
}
