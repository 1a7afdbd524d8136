/** What one recorded start took: its length, its phases, its teardown. Pure. */

import type { Certainty } from '../model/trace/certainty.js';
import { lengthOf, type PhaseName, phaseTotals } from '../model/trace/totals.js';
import { type ContainerRun, type MilestoneName, milestone } from '../model/trace/trace.js';

interface PhaseMeasure {
  readonly phase: PhaseName;
  readonly ns: number;
  /** inferred: a segment of it is. */
  readonly certainty: Certainty;
}

export interface StartMeasure {
  /** From the create request to `to`, ns on the trace clock. */
  readonly totalNs: number;
  /** 'entrypoint exec'; 'start answered' if only the engine's API was seen. */
  readonly to: MilestoneName;
  /** Of both ends. */
  readonly certainty: Certainty;
  /** All four, together the total; meaningless if only the API was seen. */
  readonly phases: readonly PhaseMeasure[];
  /** Of the total: runnable without a CPU. */
  readonly schedulingDelayNs: number;
  /** Of the total: segments that are inferred. */
  readonly inferredNs: number;
  /** From the container's exit to the answer to its removal; undefined where the recording ends before. */
  readonly teardownNs: number | undefined;
}

/** undefined: the start did not reach its entrypoint. */
export function measureStart(run: ContainerRun): StartMeasure | undefined {
  const { window, segments } = run;
  if (window === undefined) return undefined;
  const ends = [milestone(run, window.from), milestone(run, window.to)];
  const exited = milestone(run, 'exited');
  const removed = milestone(run, 'removed');
  const sum = (wanted: typeof segments): number =>
    wanted.reduce((total, segment) => total + lengthOf(segment), 0);
  const inferred = segments.filter(({ certainty }) => certainty === 'inferred');
  return {
    totalNs: window.end - window.start,
    to: window.to,
    certainty: ends.every((end) => end?.certainty === 'exact') ? 'exact' : 'inferred',
    phases: phaseTotals(segments).map(({ phase, ns }) => ({
      phase,
      ns,
      certainty: inferred.some((segment) => (segment.phase ?? 'unattributed') === phase)
        ? 'inferred'
        : 'exact',
    })),
    schedulingDelayNs: sum(segments.filter(({ category }) => category === 'scheduling delay')),
    inferredNs: sum(inferred),
    teardownNs:
      exited === undefined || removed === undefined ? undefined : removed.time - exited.time,
  };
}

/** The one in the middle, the faster of two: its phases add up, as medians of phases do not. */
export function middleStart<T extends { readonly totalNs: number }>(
  starts: readonly T[],
): T | undefined {
  const sorted = [...starts].sort((a, b) => a.totalNs - b.totalNs);
  return sorted[Math.floor((sorted.length - 1) / 2)];
}
