/**
 * What `dit trace blame` prints: who ran for how long on the critical path, and apart from it who waited.
 *
 *   SELF TIME  running on the critical path
 *          ms   share  count   longest  actor       category
 *      30.851  13.6 %  1,729   2.66 ms  dockerd     network set-up
 *     136.224  60.0 %  7,918                        sum
 *
 *   WAITS  blocked or runnable on the critical path
 *          ms   share  count   longest  actor       category: waits for
 *      16.906   7.4 %    358   1.77 ms  dockerd     scheduling delay: a CPU
 *      14.289   6.3 %      1   14.3 ms  runc create cgroups: rcu_preempt (kernel thread)
 *
 *   self 136,224,012 ns + waits 90,829,401 ns = window 227,053,413 ns
 */

import { escapeText, safeJson } from '../../base/escape.js';
import { quoting } from '../../base/foreign.js';
import { lengthOf, type Share, selfTimes, type Wait, waits } from '../../model/trace/totals.js';
import type { ContainerRun, Trace } from '../../model/trace/trace.js';
import { waitedForText } from '../../words/wait-text.js';
import { wrap } from '../common/columns.js';
import { formatCount, formatDuration, formatMs, formatPercent } from '../common/format.js';
import { type PageOptions, pagesOf, runIdentity } from '../common/subject.js';
import { number, tableHead, tableRow, word } from '../common/table.js';

export function renderBlame(trace: Trace, options: PageOptions): string {
  return pagesOf(trace, options, (run) => blamePage(run, options));
}

const COLUMNS = [
  number('ms', 10),
  number('share', 8, { dropped: 3 }),
  number('count', 7, { dropped: 2 }),
  number('longest', 9, { dropped: 1 }),
  word('', 3),
  word('actor', 12),
];

function blamePage(run: ContainerRun, options: PageOptions): string[] {
  const { theme, width } = options;
  const self = selfTimes(run.segments);
  const waiting = waits(run.segments);
  const selfNs = total(self);
  const waitingNs = total(waiting);
  const window = run.window === undefined ? 0 : run.window.end - run.window.start;
  const table = <T extends Share>(rows: readonly T[], rest: string, tell: (row: T) => string) => [
    theme.dim(tableHead(COLUMNS, rest, width)),
    ...rows.map((share) => shareRow(share, tell(share), window, options)),
    sumRow(rows, window, options),
  ];
  const equal = selfNs + waitingNs === window ? '=' : '≠';
  return [
    theme.heading('SELF TIME') + theme.dim('  running on the critical path, largest first'),
    ...table(self, 'category', ({ category }) => escapeText(category)),
    '',
    theme.heading('WAITS') + theme.dim('  blocked or runnable on the critical path'),
    ...table(waiting, 'category: waits for', waitRow),
    '',
    ...(run.segments.some(({ certainty }) => certainty === 'inferred') ? [theme.dim(SURE)] : []),
    ...wrap(
      `self ${formatCount(selfNs)} ns + waits ${formatCount(waitingNs)} ns ${equal} window ${formatCount(window)} ns`,
      width,
    ).map(theme.dim),
  ];
}

const SURE = '~ inferred, in part or as a whole';

const waitRow = ({ category, longest }: Wait): string =>
  escapeText(quoting`${category}: ${waitedForText(longest)}`);

function shareRow(
  share: Share,
  text: string,
  window: number,
  { theme, width }: PageOptions,
): string {
  const { cells, rest } = tableRow(
    COLUMNS,
    [
      formatMs(share.ns),
      formatPercent(share.ns / window),
      formatCount(share.segments),
      formatDuration(lengthOf(share.longest)),
      share.inferredNs > 0 ? ' ~' : '',
      share.actor,
      text,
    ],
    width,
  );
  return theme.phase[share.phase](cells) + rest;
}

function sumRow(rows: readonly Share[], window: number, { theme, width }: PageOptions): string {
  const ns = total(rows);
  const count = rows.reduce((sum, { segments }) => sum + segments, 0);
  const cells = [formatMs(ns), formatPercent(ns / window), formatCount(count), '', '', 'sum'];
  return theme.strong(tableRow(COLUMNS, cells, width).cells);
}

const total = (rows: readonly { ns: number }[]): number =>
  rows.reduce((sum, { ns }) => sum + ns, 0);

export function blameJson(trace: Trace): string {
  return `${safeJson(
    {
      schema: 'dit.blame/1',
      runs: trace.runs.map((run) => ({
        ...runIdentity(run),
        self_ns: total(selfTimes(run.segments)),
        waiting_ns: total(waits(run.segments)),
        self: selfTimes(run.segments).map(shareDocument),
        waits: waits(run.segments).map((wait) => ({
          ...shareDocument(wait),
          state: wait.state,
          waits_for: waitedForText(wait.longest),
        })),
      })),
    },
    2,
  )}\n`;
}

function shareDocument(share: Share): Record<string, unknown> {
  return {
    actor: share.actor,
    phase: share.phase,
    category: share.category,
    ns: share.ns,
    segments: share.segments,
    longest_ns: lengthOf(share.longest),
    inferred_ns: share.inferredNs,
  };
}
