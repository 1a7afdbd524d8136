/**
 * The files that overlayfs copied up: when, how long, what for; drawn on a line of their own where that was after
 * the entrypoint's exec, which is where the timeline ends.
 *
 *   since the exec  ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓   ▓▓▓▓▓▓▓▓▓
 *                   ├─────────┼─────────┼─────────┼─────────┼─────────┼──
 *                   0        20        40        60        80       100 ms
 *     since exec      took       size  by         in        how       path
 *       0.859 ms   76.0 ms    100 MiB  entrypoint openat    inferred  /lower/big
 *   55 files, 105 MiB, 91.2 ms, all after the entrypoint's exec
 */

import { escapeText } from '../../base/escape.js';
import type { ProbeInfo } from '../../model/recording/recording.js';
import { countCopied } from '../../model/trace/copy-ups.js';
import { type ContainerRun, type CopyUp, milestone, type Window } from '../../model/trace/trace.js';
import { copiedText } from '../../words/copied-text.js';
import { alignLeft, columnsOf, cutStart, wrap } from '../common/columns.js';
import { formatBytes, formatDuration, formatMs, plural } from '../common/format.js';
import type { PageOptions } from '../common/subject.js';
import { number, tableHead, tableRow, word } from '../common/table.js';
import { shortenIds } from './findings.js';
import { drawSpans } from './timeline.js';

const SHOWN = 10;
/** Less of a path says nothing. */
const LEAST_PATH = 8;
const LABEL = 'since the exec';

export interface CopyUpOptions extends PageOptions {
  /** Every one, in time order; else the longest. */
  readonly all?: boolean;
}

/** Nothing where there were none. */
export function renderCopyUps(
  run: ContainerRun,
  probes: readonly ProbeInfo[],
  options: CopyUpOptions,
): string[] {
  const { copyUps } = run;
  if (copyUps.length === 0) return [];
  const { theme, width, all } = options;
  const exec = milestone(run, 'entrypoint exec')?.time;
  const shown = all === true ? copyUps : copyUps.toSorted(byDuration).slice(0, SHOWN);
  const columns = [
    number(exec === undefined ? 'at' : 'since exec', 13),
    number('took', 10),
    number('size', 10, { dropped: 2 }),
    word('', 2),
    word('by', 11, { dropped: 1 }),
    word('in', 10, { dropped: 4 }),
    word('how', 10, { dropped: 3 }),
  ];
  const lines = exec === undefined ? [] : lane(copyUps, exec, options);
  lines.push(theme.dim(tableHead(columns, 'path', width)));
  for (const copyUp of shown) {
    const { cells } = tableRow(columns, cellsOf(copyUp, exec ?? 0), width - LEAST_PATH);
    const path = cutStart(shortenIds(escapeText(copyUp.path)), width - columnsOf(cells));
    lines.push(theme.phase.storage(cells) + path);
  }
  const rest = copyUps.length - shown.length;
  if (rest > 0) {
    const hidden = copyUps.toSorted(byDuration).slice(SHOWN);
    lines.push(theme.dim(`    and ${plural(rest, 'shorter one')}, ${sumOf(hidden)}: --all`));
  }
  const sum = `${copiedText(countCopied(copyUps))}, ${sumOf(copyUps)}, ${whenOf(copyUps, exec)}`;
  lines.push(...wrap(sum, width).map(theme.dim));
  if (copyUps.some(({ certainty }) => certainty === 'inferred')) {
    lines.push(...wrap(whyInferred(probes), width).map(theme.dim));
  }
  return lines;
}

function cellsOf(copyUp: CopyUp, exec: number): string[] {
  const { start, duration, bytes, actor, trigger, certainty } = copyUp;
  return [
    `${formatMs(start - exec)} ms`,
    formatDuration(duration),
    bytes === 0 ? 'metadata' : formatBytes(bytes),
    '',
    actor,
    escapeText(trigger),
    certainty,
  ];
}

/** What came after the exec; the timeline shows what came before it. */
function lane(copyUps: readonly CopyUp[], exec: number, { theme, width }: CopyUpOptions): string[] {
  const after = copyUps.filter(({ start }) => start >= exec);
  if (after.length === 0) return [];
  const end = after.reduce((last, { start, duration }) => Math.max(last, start + duration), exec);
  const label = alignLeft(LABEL, LABEL.length + 1);
  const window = { start: exec, end } as Window;
  const spans = after.map(({ start, duration }) => ({ start, end: start + duration }));
  const [drawn = '', ...axis] = drawSpans(spans, window, width - label.length);
  return [
    theme.dim(label) + theme.phase.storage(drawn),
    ...axis.map((line) => ' '.repeat(label.length) + theme.dim(line)),
  ];
}

const byDuration = (a: CopyUp, b: CopyUp): number => b.duration - a.duration;

function sumOf(copyUps: readonly CopyUp[]): string {
  const bytes = copyUps.reduce((sum, copyUp) => sum + copyUp.bytes, 0);
  const ns = copyUps.reduce((sum, { duration }) => sum + duration, 0);
  return `${formatBytes(bytes)}, ${formatDuration(ns)}`;
}

function whenOf(copyUps: readonly CopyUp[], exec: number | undefined): string {
  if (exec === undefined) return 'before any entrypoint';
  const before = copyUps.filter(({ start }) => start < exec).length;
  if (before === 0) return "all after the entrypoint's exec";
  if (before === copyUps.length) return "all before the entrypoint's exec";
  return `${before} before the entrypoint's exec, ${copyUps.length - before} after it`;
}

/** The kernel decides whether overlayfs's own function may be watched. */
function whyInferred(probes: readonly ProbeInfo[]): string {
  const refused = probes.find(
    ({ program, attached }) => program.startsWith('ovl_copy_up') && !attached,
  );
  const why =
    refused === undefined
      ? "overlayfs's own function was not watched"
      : `the kernel refused ${escapeText(refused.attachPoint)}`;
  return `inferred: ${why}; times are those of the whole syscall, sizes those of the files`;
}
