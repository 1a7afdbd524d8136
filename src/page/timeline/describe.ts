/** What is told of a slice, a segment or a milestone: in the tooltip, in the details, to a screen reader. */

import { escapeText } from '../../base/escape.js';
import { joinForeign } from '../../base/foreign.js';
import type { TraceTime } from '../../base/time.js';
import { COPY_UP_FLAG, SYSCALL_FLAG } from '../../model/recording/event-kinds.js';
import { processName } from '../../model/trace/process-name.js';
import { isWaiting, lengthOf, phaseOf } from '../../model/trace/totals.js';
import type { ProcessLife, Segment } from '../../model/trace/trace.js';
import { SLICE_KINDS, type SliceKind } from '../../model/trace/tracks.js';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatMs,
  plural,
} from '../../render/common/format.js';
import { describeEvent } from '../../render/text/events-text.js';
import { errorName } from '../../words/errno.js';
import { inferenceText } from '../../words/inference-text.js';
import { waitText } from '../../words/wait-text.js';
import type { Start } from '../data/starts.js';
import { milestonesOf, rowOfTrack, segmentAt, spanOf, type Target } from './target.js';

/** All of it is safe to show: what a terminal or a reader would act on is a visible escape. */
export interface Description {
  /** "syscall", "critical path", "milestone 3". */
  readonly kind: string;
  readonly title: string;
  /** "+12.345 ms, 812 µs, dockerd". */
  readonly when: string;
  readonly facts: readonly (readonly [label: string, text: string])[];
}

export function describe(start: Start, target: Target): Description {
  switch (target.kind) {
    case 'segment':
      return describeSegment(start, target);
    case 'slice':
      return describeSlice(start, target);
    case 'milestone':
      return describeMilestone(start, target);
  }
}

/** "+12.345 ms" since the origin. */
export const sinceOrigin = ({ origin }: Start, time: number): string =>
  `${time >= origin ? '+' : ''}${formatMs(time - origin)} ms`;

function describeSegment(start: Start, target: Target): Description {
  const segment = segmentAt(start, target.index) as Segment;
  const { recording } = start.trace;
  const { actor, state, waitsFor, certainty, inference, rule, syscall, wokenBy, category } =
    segment;
  const facts: [string, string][] = [
    ['Phase', `${phaseOf(segment)}, by the rule “${escapeText(rule)}”`],
    ['Actor', actor],
    ['Thread', threadName(start, segment.process, segment.tid, segment.start)],
    ['State', isWaiting(segment) ? `${state}: it waits` : `${state}: it runs`],
  ];
  const cause = waitText(waitsFor);
  if (cause !== '') facts.push(['Waits for', escapeText(cause)]);
  if (syscall !== undefined) facts.push(['In', describeEvent(recording, syscall)]);
  if (wokenBy !== undefined) {
    facts.push(['Woken by', `${wakerOf(start, wokenBy)}: ${describeEvent(recording, wokenBy)}`]);
  }
  facts.push([
    'Certainty',
    certainty === 'exact' ? 'exact' : `inferred: ${escapeText(inferenceText(inference))}`,
  ]);
  const evidence = [syscall, wokenBy].filter((row) => row !== undefined).map(eventNumber);
  if (evidence.length > 0) facts.push(['Evidence', evidence.join(', ')]);
  return {
    kind: 'critical path',
    title: escapeText(category),
    when: whenOf(start, target, actor),
    facts,
  };
}

function describeSlice(start: Start, target: Target): Description {
  const { slices, names, tracks } = start.tracks;
  const { index } = target;
  const kind = SLICE_KINDS[slices.kind[index] as number] as SliceKind;
  const track = tracks[slices.track[index] as number];
  const { start: time } = spanOf(start, target);
  const actor = rowOfTrack(start, slices.track[index] as number, time)?.row.actor ?? track?.actor;
  const row = slices.event[index] as number;
  const isCut = slices.cut[index] === 1;
  const facts: [string, string][] = [];
  if (kind === 'request') {
    facts.push(...requestFacts(start, row));
  } else {
    if (kind === 'syscall') facts.push(...syscallFacts(start, row));
    if (kind === 'program') facts.push(...programFacts(start, track?.process, row));
    if (kind === 'copy-up') facts.push(...copyUpFacts(start, row));
    facts.push(['Actor', actor ?? 'other']);
    facts.push(['Thread', threadName(start, track?.process, track?.tid ?? 0, time)]);
    if (row >= 0) facts.push(['CPU', String(start.trace.recording.events.cpu.at(row))]);
    facts.push(['Critical path', onPath(start, target, kind, row)]);
    facts.push(['Certainty', certaintyOf(start, kind, row, isCut)]);
    if (row >= 0) facts.push(['Evidence', eventNumber(row)]);
  }
  return {
    kind,
    title: escapeText(names[slices.name[index] as number] ?? ''),
    when: whenOf(start, target, actor ?? 'other'),
    facts,
  };
}

function describeMilestone(start: Start, { index }: Target): Description {
  const milestones = milestonesOf(start);
  const milestone = milestones[index];
  if (milestone === undefined) return { kind: 'milestone', title: '', when: '', facts: [] };
  const { name, time, certainty, evidence } = milestone;
  const before = milestones[index - 1];
  const facts: [string, string][] = [];
  if (before !== undefined) {
    facts.push(['After', `${formatMs(time - before.time)} ms after “${before.name}”`]);
  }
  facts.push(['Certainty', certainty]);
  const source =
    evidence.kind === 'event' ? eventNumber(evidence.event) : `request ${evidence.mark}`;
  facts.push(['Evidence', `${escapeText(evidence.text)} (${source})`]);
  return { kind: `milestone ${index + 1}`, title: name, when: sinceOrigin(start, time), facts };
}

function whenOf(start: Start, target: Target, actor: string): string {
  const span = spanOf(start, target);
  return `${sinceOrigin(start, span.start)}, ${formatDuration(span.end - span.start)}, ${actor}`;
}

const eventNumber = (row: number): string => `event ${formatCount(row)}`;

function syscallFacts({ trace }: Start, row: number): [string, string][] {
  const { events } = trace.recording;
  const flags = events.value(row, 'flags');
  const facts: [string, string][] = [['Call', describeEvent(trace.recording, row)]];
  if ((flags & SYSCALL_FLAG.unfinished) !== 0) return [...facts, ['Result', 'it had not returned']];
  const result = events.value(row, 'results');
  const error = errorName(result);
  facts.push(['Result', error === undefined ? String(result) : `${error} (${result})`]);
  return facts;
}

function programFacts(
  { index, trace }: Start,
  process: number | undefined,
  row: number,
): [string, string][] {
  const life = process === undefined ? undefined : index.lives.get(process);
  const exec = life?.execs.find(({ event }) => event === row);
  if (exec !== undefined) {
    return [
      ['File', escapeText(exec.filename)],
      ['Arguments', escapeText(joinForeign(exec.argv, ' ')) || 'none were recorded'],
    ];
  }
  const known = trace.recording.processes.find(({ pid }) => pid === life?.pid);
  const before =
    known === undefined || life?.start !== undefined ? '' : joinForeign(known.arguments, ' ');
  return before === '' ? [] : [['Arguments', escapeText(before)]];
}

function copyUpFacts({ trace }: Start, row: number): [string, string][] {
  const { events, strings } = trace.recording;
  return [
    ['File', escapeText(strings.text(events.value(row, 'paths')))],
    ['Size', formatBytes(events.value(row, 'bytes'))],
  ];
}

function requestFacts({ trace }: Start, index: number): [string, string][] {
  const mark = trace.recording.marks[index];
  if (mark === undefined) return [];
  const facts: [string, string][] = [['Status', mark.status === 0 ? 'none' : String(mark.status)]];
  if (mark.error !== '') facts.push(['Error', escapeText(mark.error)]);
  for (const [name, value] of mark.detail) {
    facts.push([escapeText(name), escapeText(value)]);
  }
  facts.push(['Container', escapeText(mark.containerId) || 'none yet']);
  facts.push(['Certainty', mark.end === undefined ? 'it had not ended' : 'exact']);
  facts.push(['Evidence', `request ${index} of dit to the engine, on the trace clock`]);
  return facts;
}

function certaintyOf({ trace }: Start, kind: SliceKind, row: number, isCut: boolean): string {
  if (isCut) return 'inferred: its end was not recorded, or was cut so that slices nest';
  if (kind !== 'copy-up') return 'exact: timestamps of the kernel';
  const isExact = (trace.recording.events.value(row, 'flags') & COPY_UP_FLAG.exact) !== 0;
  return isExact ? "exact: overlayfs's own function" : 'inferred: times of the whole syscall';
}

/** "1.2 ms: fsync, disk wait", of the segments inside the slice on its thread. */
function onPath(start: Start, target: Target, kind: SliceKind, row: number): string {
  const span = spanOf(start, target);
  const { tracks, slices } = start.tracks;
  const track = tracks[slices.track[target.index] as number];
  const list = start.path.byThread.get(`${track?.process ?? ''}.${track?.tid ?? 0}`);
  if (list === undefined) return 'its thread is never on it';
  let ns = 0;
  const categories = new Map<string, number>();
  for (const id of list.id) {
    const segment = segmentAt(start, id);
    if (segment === undefined || segment.end <= span.start) continue;
    if (segment.start >= span.end) break;
    if (kind === 'syscall' && segment.syscall !== row) continue;
    const own = Math.min(segment.end, span.end) - Math.max(segment.start, span.start);
    ns += own;
    categories.set(segment.category, (categories.get(segment.category) ?? 0) + own);
  }
  if (ns === 0) return 'not on it';
  const named = [...categories].sort((a, b) => b[1] - a[1]).map(([name]) => escapeText(name));
  const rest = named.length > 3 ? ` and ${plural(named.length - 3, 'more', 'more')}` : '';
  return `${formatDuration(ns)} on it: ${named.slice(0, 3).join(', ')}${rest}`;
}

function wakerOf(start: Start, row: number): string {
  const { events } = start.trace.recording;
  const pid = events.pid.at(row);
  const life = [...start.index.lives.values()].find((each) => each.pid === pid);
  return `${nameAt(life, events.time.at(row)) || 'thread'} ${pid}/${events.tid.at(row)}`;
}

function threadName(
  { index }: Start,
  process: number | undefined,
  tid: number,
  time: number,
): string {
  const life = process === undefined ? undefined : index.lives.get(process);
  const name = nameAt(life, time);
  const pid = life?.pid ?? tid;
  const which = tid === pid ? `process ${pid}` : `thread ${tid} of process ${pid}`;
  return name === '' ? which : `${name}, ${which}`;
}

const nameAt = (life: ProcessLife | undefined, time: number): string =>
  life === undefined ? '' : escapeText(processName(life, time as TraceTime));

/** The critical path between two times, trace time: ns by phase, and by certainty. */
export function pathBetween(
  { run }: Start,
  from: number,
  to: number,
): { readonly ns: number; readonly inferredNs: number; readonly categories: [string, number][] } {
  let ns = 0;
  let inferredNs = 0;
  const categories = new Map<string, number>();
  for (const segment of run?.segments ?? []) {
    const own = Math.min(segment.end, to) - Math.max(segment.start, from);
    if (own <= 0) continue;
    const share = Math.min(own, lengthOf(segment));
    ns += share;
    if (segment.certainty === 'inferred') inferredNs += share;
    categories.set(segment.category, (categories.get(segment.category) ?? 0) + share);
  }
  return { ns, inferredNs, categories: [...categories].sort((a, b) => b[1] - a[1]) };
}
