/** Whether a warm start is a typical one, and where its time goes. */

import type { Foreign } from '../../base/foreign.js';
import { middleStart, type StartMeasure } from '../../measure/start.js';
import type { CheckFindingFacts, Judgement } from '../../model/checks/check.js';
import type { Finding } from '../../model/trace/findings.js';
import type { PhaseName } from '../../model/trace/totals.js';
import type { ContainerRun, MilestoneName, Trace } from '../../model/trace/trace.js';

export const THRESHOLDS = {
  /**
   * An idle machine of two CPUs shows 20 to 33 %: an engine has more threads than that. More means that others
   * compete, and that the figures tell of them.
   */
  mostSchedulingShare: 0.4,
  /** The rules cover every syscall of a start: more that no rule knows hides where the time goes. */
  mostUnattributedShare: 0.01,
  /** A warm start reads nothing: 4 to 9 % is the root's mount and a few syncs. More is a slow or busy disk. */
  mostStorageShare: 0.4,
  /** Warm starts that differ by more than this have no typical length. */
  mostSpread: 3,
} as const;

export interface Start extends StartMeasure {
  readonly trace: Trace;
  readonly run: ContainerRun;
}

/** What the first run is the first of: the image, or one with a new layer on top, which holds its programs or not. */
export type Freshness = 'pulled image' | 'new image' | 'new layer';

/** Why there are no starts with a cold page cache: it cannot be reached, or the kernel refused to drop it. */
export type NotCold =
  | { readonly kind: 'out of reach' }
  | { readonly kind: 'refused'; readonly why: Foreign };

export interface StartupFacts {
  /** Of the pull, ns; undefined: the image was there. */
  readonly pulledNs: number | undefined;
  readonly first: Start;
  readonly freshness: Freshness;
  readonly cold: readonly Start[];
  readonly notCold: NotCold | undefined;
  /** At least one. */
  readonly warm: readonly Start[];
}

/** The start in the middle of the warm ones. */
export interface Took {
  readonly totalNs: number;
  readonly to: MilestoneName;
}

export type StartupReason = { readonly took: Took } & (
  | { readonly kind: 'perturbed'; readonly perturbation: Foreign }
  | {
      readonly kind: 'unattributed' | 'scheduling' | 'storage';
      /** Of the middle start. */
      readonly share: number;
    }
  | {
      readonly kind: 'spread';
      /** How many times the middle one the slowest is. */
      readonly times: number;
    }
  | { readonly kind: 'typical' }
);

export interface StartupFinding extends CheckFindingFacts {
  /** Of the analysis of the middle start. */
  readonly found: Finding;
}

/** A finding about more of a start than this is of severity medium. */
const MUCH_OF_A_START = 1 / 4;

export const middleWarm = ({ warm }: StartupFacts): Start => middleStart(warm) as Start;

export const slowestOf = (starts: readonly Start[]): Start =>
  starts.reduce((a, b) => (b.totalNs > a.totalNs ? b : a));

export const fastestOf = (starts: readonly Start[]): Start =>
  starts.reduce((a, b) => (b.totalNs < a.totalNs ? b : a));

/** Through the engine's API no phases can be seen. */
export const seesPhases = ({ to }: StartMeasure): boolean => to !== 'start answered';

export function judgeStartup(facts: StartupFacts): Judgement<StartupReason, StartupFinding> {
  const middle = middleWarm(facts);
  const reason = reasonOf(middle, slowestOf(facts.warm).totalNs);
  return {
    verdict: reason.kind === 'typical' ? 'pass' : 'warn',
    reason,
    findings: middle.run.findings.map((found) => ({
      id: found.id,
      severity: found.ns > middle.totalNs * MUCH_OF_A_START ? 'medium' : 'low',
      found,
    })),
  };
}

function reasonOf(middle: Start, slowestNs: number): StartupReason {
  const { totalNs, to, schedulingDelayNs } = middle;
  const took = { totalNs, to };
  const { perturbed, perturbation } = middle.trace.recording.header.source;
  if (perturbed) return { kind: 'perturbed', took, perturbation };
  if (seesPhases(middle)) {
    const unattributed = shareOf(middle, 'unattributed');
    if (unattributed > THRESHOLDS.mostUnattributedShare) {
      return { kind: 'unattributed', took, share: unattributed };
    }
    const scheduling = schedulingDelayNs / totalNs;
    if (scheduling > THRESHOLDS.mostSchedulingShare) {
      return { kind: 'scheduling', took, share: scheduling };
    }
    const storage = shareOf(middle, 'storage');
    if (storage > THRESHOLDS.mostStorageShare) return { kind: 'storage', took, share: storage };
  }
  return slowestNs > THRESHOLDS.mostSpread * totalNs
    ? { kind: 'spread', took, times: slowestNs / totalNs }
    : { kind: 'typical', took };
}

const shareOf = ({ phases, totalNs }: Start, name: PhaseName): number =>
  (phases.find(({ phase }) => phase === name)?.ns ?? 0) / totalNs;
