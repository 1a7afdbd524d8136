/**
 * What `dit trace watch` prints: a line a start, and a summary.
 *
 *   time          container     name            image           total ms  runtime  kernel  storage  most of it
 *   12:00:01.120  0123456789ab  eager_lamport   alpine:3.20        231.4    180.1    30.2     21.1  network set-up 85.3 ms, 37 %
 */

import { escapeText, safeJson } from '../../base/escape.js';
import type { Foreign } from '../../base/foreign.js';
import { shortId } from '../../base/ids.js';
import type { Category } from '../../model/trace/category.js';
import { type PhaseName, phaseTotals } from '../../model/trace/totals.js';
import { type ContainerRun, windowLength } from '../../model/trace/trace.js';
import { alignLeft, alignRight, cutPainted, wrap } from '../common/columns.js';
import { formatCount, formatMs, plural } from '../common/format.js';
import type { Theme } from '../common/theme.js';

/** What is told of one start. Times in ns. */
export interface StartLine {
  /** When it began, ms since 1970 UTC. */
  readonly atMs: number;
  readonly run: ContainerRun;
  readonly totalNs: number | undefined;
  readonly phases: Readonly<Record<PhaseName, number>>;
  /** The category that took most of it. */
  readonly most:
    | { readonly phase: PhaseName; readonly category: Category; readonly ns: number }
    | undefined;
  /** The trace file, where one was written. */
  readonly file: string | undefined;
}

export interface WatchSummary {
  readonly seconds: number;
  readonly starts: number;
  readonly failed: number;
  readonly hidden: number;
  /** ns; absent without a whole start. */
  readonly median: number | undefined;
  readonly p95: number | undefined;
  /** How many starts each category took most of. */
  readonly most: readonly (readonly [category: Category, starts: number])[];
  readonly events: number;
  readonly lost: number;
  /** dit's own CPU time while it watched, ms. */
  readonly cpuMs: number;
}

const NUMBER = 8;

export function startLine(atMs: number, run: ContainerRun, file: string | undefined): StartLine {
  const totals = phaseTotals(run.segments);
  const phases = Object.fromEntries(totals.map(({ phase, ns }) => [phase, ns])) as Record<
    PhaseName,
    number
  >;
  const most = totals
    .flatMap(({ phase, categories }) =>
      categories.map(({ category, ns }) => ({ phase, category, ns })),
    )
    .sort((a, b) => b.ns - a.ns)[0];
  return {
    atMs,
    run,
    totalNs: run.window === undefined ? undefined : windowLength(run.window),
    phases,
    most,
    file,
  };
}

/** What of a start has room in a line. */
interface Layout {
  /** Milliseconds of the time, and the container's id. */
  readonly isWide: boolean;
  /** Columns for the name, and for the image; 0: left out. */
  readonly name: number;
  readonly image: number;
  readonly hasPhases: boolean;
  readonly hasCause: boolean;
  readonly width: number;
}

/** The total is always told; the rest as there is room. */
function layoutOf(width: number): Layout {
  if (width < 64) {
    const name = width - 20;
    return { isWide: false, name, image: 0, hasPhases: false, hasCause: false, width };
  }
  if (width < 110) {
    return { isWide: false, name: 16, image: 0, hasPhases: false, hasCause: true, width };
  }
  const room = Math.max(14, Math.min(24, Math.floor((width - 100) / 2)));
  const image = width < 130 ? 0 : room;
  return { isWide: true, name: room, image, hasPhases: true, hasCause: true, width };
}

export function watchHeading(theme: Theme, width: number): string {
  const layout = layoutOf(width);
  const numbers = ['total ms', 'runtime', 'kernel', 'storage'];
  const who = { time: 'time', id: 'container', name: 'name', image: 'image' };
  return theme.dim(row(who, numbersOf(numbers, 'most of it', layout), layout));
}

export function renderStart(line: StartLine, theme: Theme, width: number): string {
  const layout = layoutOf(width);
  const { run, totalNs, phases, most } = line;
  const who = {
    time: new Date(line.atMs).toISOString().slice(11, layout.isWide ? 23 : 19),
    id: shortId(run.containerId),
    name: run.name || '-',
    image: run.image || '-',
  };
  if (totalNs === undefined || most === undefined) {
    const why = run.failure === '' ? 'no entrypoint was executed' : run.failure;
    return row(who, theme.bad(escapeText(why)), layout);
  }
  const numbers = [totalNs, phases.runtime, phases.kernel, phases.storage].map((ns) =>
    formatMs(ns, 1),
  );
  const share = Math.round((100 * most.ns) / totalNs);
  const cause = `${most.category} ${formatMs(most.ns, 1)} ms, ${share} %`;
  return row(who, numbersOf(numbers, cause, layout), layout);
}

function numbersOf(
  [total = '', ...phases]: readonly string[],
  cause: string,
  { hasPhases, hasCause }: Layout,
): string {
  const numbers = hasPhases ? [total, ...phases] : [total];
  const cells = numbers.map((text) => alignRight(text, NUMBER));
  return [...cells, ...(hasCause ? [escapeText(cause)] : [])].join('  ');
}

function row(
  { time, id, name, image }: Readonly<Record<'time' | 'id' | 'name' | 'image', Foreign>>,
  rest: string,
  layout: Layout,
): string {
  const cells: readonly (readonly [text: Foreign, columns: number])[] = [
    [time, layout.isWide ? 12 : 8],
    [id, layout.isWide ? 12 : 0],
    [name, layout.name],
    [image, layout.image],
  ];
  const shown = cells
    .filter(([, columns]) => columns > 0)
    .map(([text, columns]) => alignLeft(escapeText(text), columns));
  return cutPainted([...shown, rest].join('  ').trimEnd(), layout.width);
}

/** One JSON document, without its newline: docs/json.md. */
export function startJson({ atMs, run, totalNs, phases, most, file }: StartLine): string {
  return safeJson({
    schema: 'dit.watch.start/1',
    at: new Date(atMs).toISOString(),
    container_id: run.containerId,
    name: run.name,
    image: run.image,
    window:
      run.window === undefined
        ? null
        : { from: run.window.from, to: run.window.to, length_ns: totalNs },
    phases: totalNs === undefined ? null : phases,
    most: most === undefined ? null : most,
    exit_code: run.exitCode ?? null,
    failure: run.failure,
    file: file ?? null,
  });
}

export function renderSummary(summary: WatchSummary, theme: Theme, width: number): string {
  const { starts, failed, hidden, median, p95, seconds, events, lost, cpuMs } = summary;
  const plain = (text: string): readonly string[] => wrap(text, width);
  const lines = [
    ...plain(
      `${plural(starts, 'start')} in ${seconds.toFixed(0)} s` +
        (failed === 0 ? '' : `, ${failed} of them never reached an entrypoint`) +
        (hidden === 0 ? '' : `, ${hidden} filtered out`),
    ),
  ];
  if (median !== undefined && p95 !== undefined) {
    lines.push(...plain(`median ${formatMs(median, 1)} ms, 95 % within ${formatMs(p95, 1)} ms`));
  }
  for (const [category, count] of summary.most) {
    const text = `  ${alignRight(String(count), 5)}  mostly ${escapeText(category)}`;
    lines.push(cutPainted(text, width));
  }
  const paint = lost === 0 ? theme.good : theme.bad;
  const loss = `lost events: ${formatCount(lost)} of ${formatCount(lost + events)}`;
  lines.push(...plain(loss).map((line) => paint(line)));
  const share = seconds === 0 ? 0 : cpuMs / (10 * seconds);
  lines.push(
    ...plain(
      `dit's own CPU time: ${cpuMs.toFixed(0)} ms, ${share.toFixed(1)} % of a core` +
        (starts === 0 ? '' : `, ${(cpuMs / starts).toFixed(1)} ms per start`),
    ),
  );
  return `${lines.join('\n')}\n`;
}

export function summaryJson(summary: WatchSummary): string {
  return safeJson({
    schema: 'dit.watch.summary/1',
    ...summary,
    median: summary.median ?? null,
    p95: summary.p95 ?? null,
    most: Object.fromEntries(summary.most),
  });
}
