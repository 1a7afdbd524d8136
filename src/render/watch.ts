/**
 * What `dit trace watch` prints: a line a start, and a summary.
 *
 *   time          container     name            image           total ms  runtime  kernel  storage  most of it
 *   12:00:01.120  0123456789ab  eager_lamport   alpine:3.20        231.4    180.1    30.2     21.1  network set-up 85.3 ms, 37 %
 */

import { escapeText, safeJson } from '../base/escape.js';
import type { Foreign } from '../base/foreign.js';
import { shortId } from '../base/ids.js';
import { type PhaseName, phaseTotals } from '../model/totals.js';
import { type ContainerRun, windowLength } from '../model/trace.js';
import { alignLeft, alignRight, cut, cutPainted } from './columns.js';
import { formatCount, formatMs, plural } from './format.js';
import type { Theme } from './theme.js';

/** What is told of one start. Times in ns. */
export interface StartLine {
  /** When it began, ms since 1970 UTC. */
  readonly atMs: number;
  readonly run: ContainerRun;
  readonly totalNs: number | undefined;
  readonly phases: Readonly<Record<PhaseName, number>>;
  /** The category that took most of it. */
  readonly most:
    | { readonly phase: PhaseName; readonly category: string; readonly ns: number }
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
  readonly most: readonly (readonly [category: string, starts: number])[];
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

export function watchHeading(theme: Theme, width: number): string {
  const numbers = ['total ms', 'runtime', 'kernel', 'storage'].map((name) =>
    alignRight(name, NUMBER),
  );
  return theme.dim(
    row(['time', 'container', 'name', 'image'], [...numbers, 'most of it'].join('  '), width),
  );
}

export function renderStart(line: StartLine, theme: Theme, width: number): string {
  const { run, totalNs, phases, most } = line;
  const who = [
    new Date(line.atMs).toISOString().slice(11, 23),
    shortId(run.containerId),
    run.name || '-',
    run.image || '-',
  ];
  if (totalNs === undefined || most === undefined) {
    const why = run.failure === '' ? 'no entrypoint was executed' : run.failure;
    return row(who, theme.bad(escapeText(why)), width);
  }
  const numbers = [totalNs, phases.runtime, phases.kernel, phases.storage].map((ns) =>
    alignRight(formatMs(ns, 1), NUMBER),
  );
  const share = Math.round((100 * most.ns) / totalNs);
  const cause = `${most.category} ${formatMs(most.ns, 1)} ms, ${share} %`;
  return row(who, [...numbers, cause].join('  '), width);
}

function row(who: readonly Foreign[], rest: string, width: number): string {
  const [time = '', id = '', name = '', image = ''] = who.map(escapeText);
  const room = Math.max(14, Math.min(24, Math.floor((width - 96) / 2)));
  const texts = [
    alignLeft(time, 12),
    alignLeft(cut(id, 12), 12),
    alignLeft(cut(name, room), room),
    alignLeft(cut(image, room), room),
    rest,
  ];
  return cutPainted(texts.join('  ').trimEnd(), width);
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

export function renderSummary(summary: WatchSummary, theme: Theme): string {
  const { starts, failed, hidden, median, p95, seconds, events, lost, cpuMs } = summary;
  const lines = [
    `${plural(starts, 'start')} in ${seconds.toFixed(0)} s` +
      (failed === 0 ? '' : `, ${failed} of them never reached an entrypoint`) +
      (hidden === 0 ? '' : `, ${hidden} filtered out`),
  ];
  if (median !== undefined && p95 !== undefined) {
    lines.push(`median ${formatMs(median, 1)} ms, 95 % within ${formatMs(p95, 1)} ms`);
  }
  for (const [category, count] of summary.most) {
    lines.push(`  ${alignRight(String(count), 5)}  mostly ${escapeText(category)}`);
  }
  const paint = lost === 0 ? theme.good : theme.bad;
  lines.push(paint(`lost events: ${formatCount(lost)} of ${formatCount(lost + events)}`));
  const share = seconds === 0 ? 0 : cpuMs / (10 * seconds);
  lines.push(
    `dit's own CPU time: ${cpuMs.toFixed(0)} ms, ${share.toFixed(1)} % of a core` +
      (starts === 0 ? '' : `, ${(cpuMs / starts).toFixed(1)} ms a start`),
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
