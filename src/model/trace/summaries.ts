/** What is derived from runs when it is asked for: a chain, a comparison, rules explained, many runs in one. */
import type { Foreign } from '../../base/foreign.js';
import type { ProcessKey } from '../../base/ids.js';
import type { Duration, TraceTime } from '../../base/time.js';
import type { ActorKind } from './actor-kind.js';
import type { Category } from './category.js';
import type { Phase, Segment } from './trace.js';

export interface LinkPart {
  readonly phase: Phase | undefined;
  readonly category: Category;
  readonly ns: number;
}

/** Segments of the critical path in a row, on one process. */
export interface ChainLink {
  readonly actor: ActorKind;
  readonly process: ProcessKey | undefined;
  readonly start: TraceTime;
  readonly duration: Duration;
  /** Of `duration`: blocked or runnable, not running. */
  readonly waitingNs: number;
  /** What the time went into, largest first. */
  readonly parts: readonly LinkPart[];
  /** Short visits of other processes that are counted here. */
  readonly visits: number;
}

/** What one actor spent in one category, in two starts. */
export interface Difference {
  readonly actor: ActorKind;
  readonly phase: Phase | undefined;
  readonly category: Category;
  /** ns on the critical path; 0: not there. */
  readonly before: number;
  readonly after: number;
}

export interface Comparison {
  /** Largest change first. */
  readonly differences: readonly Difference[];
  /** Lengths of the windows, ns. */
  readonly before: number;
  readonly after: number;
}

/** What one rule of the table of phases decided on one run. */
export interface RuleExplanation {
  readonly rule: string;
  readonly phase: Phase;
  /** What it gave; empty where the name depends on the actor and nothing was decided. */
  readonly categories: readonly Category[];
  readonly because: string;
  readonly segments: number;
  readonly ns: number;
  readonly longest: readonly Segment[];
}

/** A figure over several runs, ns. */
export interface Spread {
  readonly median: number;
  /** The 95 % bootstrap interval of the median. */
  readonly low: number;
  readonly high: number;
  readonly min: number;
  readonly max: number;
}

interface CategorySpread extends Spread {
  readonly category: Category;
}

export interface PhaseSpread extends Spread {
  readonly phase: Phase | 'unattributed';
  /** Largest median first. A run without a category counts as 0. */
  readonly categories: readonly CategorySpread[];
}

/** Several starts with the same options. */
export interface RunsSummary {
  /** Untrusted text, as are the failures. */
  readonly image: Foreign;
  /** Starts that were asked for; warm-ups are not counted. */
  readonly asked: number;
  readonly warmups: number;
  /** Lengths of the windows of the whole starts, ns, in the order of the starts. */
  readonly windows: readonly number[];
  readonly window: Spread;
  readonly phases: readonly PhaseSpread[];
  readonly failures: readonly { readonly start: number; readonly message: Foreign }[];
  /** Events lost in all of them. */
  readonly lost: number;
  /** File of the start whose window is nearest to the median. */
  readonly medianTrace: string;
  /** Where all traces stay; undefined: they were deleted. */
  readonly folder: string | undefined;
}
