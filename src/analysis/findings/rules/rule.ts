/** What a rule of findings looks at, and what all rules share. A rule finds only what the trace shows: none guesses. */
import type { Foreign } from '../../../base/foreign.js';
import { type Duration, durationOf, NS_PER_MS } from '../../../base/time.js';
import type { Recording } from '../../../model/recording/recording.js';
import type { Category } from '../../../model/trace/category.js';
import type { ActorTime, FindingFacts, FindingId } from '../../../model/trace/findings.js';
import { lengthOf } from '../../../model/trace/totals.js';
import type { ContainerRun, ProcessLife, Segment } from '../../../model/trace/trace.js';

export interface RunFacts {
  readonly run: ContainerRun;
  readonly recording: Recording;
  readonly processes: readonly ProcessLife[];
  /** Length of the window, ns. */
  readonly window: Duration;
}

interface Found<I extends FindingId> {
  readonly ns: Duration;
  readonly facts: FindingFacts[I];
}

/** undefined: the trace does not prove it, or it is not worth a reader's time. */
export type FindingRule<I extends FindingId> = (facts: RunFacts) => Found<I> | undefined;

/** Actors beyond these spent little on it. */
const MOST_ACTORS = 3;

export const sum = (segments: readonly Segment[]): Duration =>
  durationOf(segments.reduce((total, segment) => total + lengthOf(segment), 0));

export const longestFirst = (segments: readonly Segment[]): Segment[] =>
  [...segments].sort((a, b) => lengthOf(b) - lengthOf(a));

/** A share of the start below which a cause is not worth a sentence, and a least length beside it. */
export const worth = (ns: number, window: number, leastMs: number, leastShare = 0.03): boolean =>
  ns >= leastMs * NS_PER_MS && ns >= leastShare * window;

export const ofCategory = ({ run }: RunFacts, category: Category): Segment[] =>
  run.segments.filter((segment) => segment.category === category);

/** Length of the segments by key, largest first; those without a key are left out. */
export function sumBy<K>(
  segments: readonly Segment[],
  keyOf: (segment: Segment) => K | undefined,
): (readonly [K, Duration])[] {
  const totals = new Map<K, Duration>();
  for (const segment of segments) {
    const key = keyOf(segment);
    if (key === undefined) continue;
    totals.set(key, durationOf((totals.get(key) ?? 0) + lengthOf(segment)));
  }
  return [...totals].sort(([, a], [, b]) => b - a);
}

export const byActor = (segments: readonly Segment[]): ActorTime[] =>
  sumBy(segments, ({ actor }) => actor)
    .slice(0, MOST_ACTORS)
    .map(([actor, ns]) => ({ actor, ns }));

/** As it was called last; undefined where nothing is known of it. */
export function programOf(life: ProcessLife | undefined): Foreign | undefined {
  const exec = life?.execs.at(-1);
  return exec?.argv[0] ?? exec?.filename ?? life?.comms.at(-1)?.comm;
}
