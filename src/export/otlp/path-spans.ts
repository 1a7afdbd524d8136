/**
 * The critical path as spans of three levels: stages, from one milestone to the next, which tile the start; in them
 * steps, as long as one thread has the path; in those pieces. Steps and pieces shorter than a threshold are sums in
 * the attributes of the span around them.
 */

import { processName } from '../../model/trace/process-name.js';
import { lengthOf, phaseTotals } from '../../model/trace/totals.js';
import type {
  ContainerRun,
  Span as Interval,
  Milestone,
  Segment,
  Trace,
} from '../../model/trace/trace.js';
import { inferenceText } from '../../words/inference-text.js';
import { waitText } from '../../words/wait-text.js';
import { syscallName } from '../segment-stack.js';
import type { Attributes } from './attributes.js';
import { type Link, type Span, within } from './span.js';

interface Stage extends Interval {
  readonly from: string;
  readonly to: Milestone | undefined;
}

/**
 * @param root the start's span
 * @param leastNs steps and pieces shorter than this are no spans
 */
export function pathSpans(trace: Trace, run: ContainerRun, root: Span, leastNs: number): Span[] {
  const spans: Span[] = [];
  let previous: { readonly key: string; readonly step: Step } | undefined;
  for (const stage of stagesOf(run, root)) {
    const segments = cut(run.segments, stage);
    const key = `stage ${stage.start}`;
    const steps = stepsOf(segments);
    const long = steps.filter((step) => durationOf(step) >= leastNs);
    spans.push({
      key,
      parent: root.key,
      name: `${stage.from} to ${stage.to?.name ?? 'end'}`,
      start: stage.start,
      end: stage.end,
      attributes: {
        'dit.span': 'stage',
        'dit.certainty': stage.to?.certainty,
        ...pathTotals(segments),
        ...shortOnes(
          segments,
          long.flatMap((step) => step.segments),
        ),
      },
    });
    for (const step of long) {
      const span = stepSpan(trace, step, key, leastNs);
      const links =
        previous === undefined || isSameThread(previous.step, step)
          ? []
          : [handOver(trace, previous, step)];
      spans.push({ ...span, links }, ...pieceSpans(trace, step, span.key, leastNs));
      previous = { key: span.key, step };
    }
  }
  return spans;
}

function stagesOf(run: ContainerRun, root: Interval): Stage[] {
  const inside = run.milestones
    .filter(({ time }) => time > root.start && time <= root.end)
    .sort((a, b) => a.time - b.time);
  let from: string = run.milestones.find(({ time }) => time === root.start)?.name ?? 'begin';
  let start = root.start;
  const stages: Stage[] = [];
  for (const to of inside) {
    if (to.time > start) stages.push({ start, end: to.time, from, to });
    start = to.time;
    from = to.name;
  }
  if (start < root.end) stages.push({ start, end: root.end, from, to: undefined });
  return stages;
}

/** Segments, or their parts, that lie in an interval. */
function cut(segments: readonly Segment[], around: Interval): Segment[] {
  return segments.flatMap((segment) => {
    const part = within(segment, around);
    return part === undefined ? [] : [{ ...segment, ...part }];
  });
}

/** Pieces in a row on one thread. */
interface Step extends Interval {
  readonly first: Segment;
  readonly segments: Segment[];
}

function stepsOf(segments: readonly Segment[]): Step[] {
  const groups: Segment[][] = [];
  for (const segment of segments) {
    const last = groups.at(-1);
    if (last !== undefined && isSameThread({ first: last[0] as Segment }, { first: segment })) {
      last.push(segment);
    } else {
      groups.push([segment]);
    }
  }
  return groups.map((segments) => {
    const first = segments[0] as Segment;
    return { first, segments, start: first.start, end: (segments.at(-1) as Segment).end };
  });
}

const isSameThread = ({ first: a }: Pick<Step, 'first'>, { first: b }: Pick<Step, 'first'>) =>
  a.tid === b.tid && a.process === b.process && a.actor === b.actor;

const durationOf = ({ start, end }: Interval): number => end - start;

function stepSpan(trace: Trace, step: Step, parent: string, leastNs: number): Span {
  const { first, segments } = step;
  const life = first.process === undefined ? undefined : trace.processes[first.process];
  const long = segments.filter((segment) => lengthOf(segment) >= leastNs);
  return {
    key: `step ${step.start}`,
    parent,
    name: first.actor,
    start: step.start,
    end: step.end,
    attributes: {
      'dit.span': 'step',
      'dit.actor': first.actor,
      'process.pid': life?.pid,
      'process.executable.name': life === undefined ? '' : processName(life, first.start),
      'thread.id': first.tid,
      ...pathTotals(segments),
      ...shortOnes(segments, long),
    },
  };
}

function pieceSpans(trace: Trace, step: Step, parent: string, leastNs: number): Span[] {
  return step.segments
    .filter((segment) => lengthOf(segment) >= leastNs)
    .map((segment) => ({
      key: `piece ${segment.start}`,
      parent,
      name: segment.category,
      start: segment.start,
      end: segment.end,
      attributes: {
        'dit.span': 'piece',
        'dit.phase': segment.phase ?? 'unattributed',
        'dit.category': segment.category,
        'dit.rule': segment.rule,
        'dit.certainty': segment.certainty,
        'dit.reason': inferenceText(segment.inference),
        'dit.actor': segment.actor,
        'dit.state': segment.state,
        'dit.syscall': segment.syscall === undefined ? '' : syscallName(trace, segment.syscall),
        'dit.waits_for': waitText(segment.waitsFor),
        ...wokenBy(trace, segment),
        'thread.id': segment.tid,
      },
    }));
}

function wokenBy({ recording: { events, strings } }: Trace, { wokenBy: row }: Segment): Attributes {
  if (row === undefined) return {};
  return {
    'dit.woken_by.name': strings.text(events.value(row, 'waker_comms')),
    'dit.woken_by.thread.id': events.tid.at(row),
  };
}

/** The path goes on with another thread: with the wake-up's event where the one before woke it. */
function handOver(
  { recording: { events } }: Trace,
  previous: { readonly key: string; readonly step: Step },
  step: Step,
): Link {
  const wakeUp = step.segments.find(
    ({ wokenBy }) => wokenBy !== undefined && events.tid.at(wokenBy) === previous.step.first.tid,
  )?.wokenBy;
  return {
    to: previous.key,
    attributes: {
      'dit.link': wakeUp === undefined ? 'path continues' : 'woken by',
      'dit.event': wakeUp,
    },
  };
}

/** ns by phase, the categories and theirs, what was waited and what is inferred. */
export function pathTotals(segments: readonly Segment[]): Attributes {
  if (segments.length === 0) return {};
  const phases = phaseTotals(segments);
  const categories = phases.flatMap((phase) => phase.categories).sort((a, b) => b.ns - a.ns);
  return {
    ...Object.fromEntries(phases.map(({ phase, ns }) => [`dit.phase.${phase}_ns`, ns])),
    'dit.categories': categories.map(({ category }) => category),
    'dit.category_ns': categories.map(({ ns }) => ns),
    'dit.waiting_ns': phases.reduce((sum, { waitingNs }) => sum + waitingNs, 0),
    'dit.inferred_ns': total(segments.filter(({ certainty }) => certainty === 'inferred')),
  };
}

/** How much of `all` has no span of its own. */
function shortOnes(all: readonly Segment[], long: readonly Segment[]): Attributes {
  const count = all.length - long.length;
  return count === 0 ? {} : { 'dit.short.pieces': count, 'dit.short_ns': total(all) - total(long) };
}

const total = (segments: readonly Segment[]): number =>
  segments.reduce((sum, segment) => sum + lengthOf(segment), 0);
