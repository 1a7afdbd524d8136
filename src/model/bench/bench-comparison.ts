/** What a comparison of benchmark directories answers: the data's own troubles first, then summaries, tests and gates. */
import type { Foreign } from '../../base/foreign.js';
import type { Bench, BenchDimension, BenchSample } from './bench.js';

/** A directory as it was read. */
export interface Platform {
  /** Unlike all others' in a comparison. Untrusted. */
  readonly name: Foreign;
  readonly path: string;
  /** CSV files alone do not say how their values were measured. */
  readonly source: 'bench.json' | 'csv';
  readonly bench: Bench;
}

export interface Bounds {
  readonly low: number;
  readonly high: number;
}

interface NamedOutlier {
  readonly iteration: number;
  readonly value: number;
  /** Modified z-score, signed. */
  readonly score: number;
}

interface StudyFigures {
  readonly median: number;
  /** Half of its 95 % interval of the mean. */
  readonly margin: number;
}

/** One group of one dimension on one platform. Statistics are NaN where the values are too few for them. */
export interface GroupSummary {
  /** In the order in which they were taken. */
  readonly samples: readonly BenchSample[];
  readonly missing: number;
  readonly mean: number;
  readonly median: number;
  readonly sd: number;
  readonly min: number;
  readonly max: number;
  /** 95 %, by Student's t. */
  readonly meanBounds: Bounds;
  /** 95 %, by the percentile bootstrap. */
  readonly medianBounds: Bounds;
  /** As the study of 2026 computes them, for comparison with its figures. */
  readonly study: StudyFigures;
  /** They are named, and part of every statistic. */
  readonly outliers: readonly NamedOutlier[];
}

export interface ComparedGroup {
  readonly dimension: string;
  readonly unit: BenchDimension['unit'];
  readonly better: BenchDimension['better'];
  readonly group: Foreign;
  /** By platform; undefined where it was not measured. */
  readonly summaries: readonly (GroupSummary | undefined)[];
}

type Magnitude = 'negligible' | 'small' | 'medium' | 'large';

/** A sample of values: of which group, on which platform. */
export interface Side {
  /** Index of the platform. */
  readonly platform: number;
  readonly group: Foreign;
}

export interface TestOutcome {
  readonly dimension: string;
  readonly unit: BenchDimension['unit'];
  readonly first: Side;
  readonly second: Side;
  /** Mann and Whitney's of the first sample, two-sided p, and how it was found. */
  readonly u: number;
  readonly p: number;
  readonly method: 'exact' | 'normal';
  /** Benjamini and Hochberg's, over all tests of its list. */
  readonly corrected: number;
  /** Cliff's: 1 where all of the second sample is larger. */
  readonly delta: number;
  readonly magnitude: Magnitude;
  /** Hodges and Lehmann's, second - first, with its 95 % bounds; infinite where the values are too few. */
  readonly shift: number;
  readonly shiftBounds: Bounds;
  /** What the data doctor calls wrong is in it, or the sides were measured in two ways: no conclusion holds. */
  readonly suspect: boolean;
}

export const FINDING_IDS = [
  'other-method',
  'mixed-units',
  'censored',
  'tautology',
  'impossible-interval',
  'drift',
  'warm-up',
  'few-distinct',
  'tight-interval',
] as const;
export type DataFindingId = (typeof FINDING_IDS)[number];

/** What the data doctor says of data that it does not touch. */
export interface DataFinding {
  readonly id: DataFindingId;
  /** wrong: the figure does not say what it seems to; doubtful: it says less; note: to be known. */
  readonly severity: 'wrong' | 'doubtful' | 'note';
  readonly platform: number;
  readonly dimension: string;
  /** Untrusted names. */
  readonly groups: readonly Foreign[];
  /** The evidence, in the data's own values. */
  readonly what: Foreign;
  /** What it does to a conclusion that is drawn from the figures. */
  readonly effect: Foreign;
  /** What to do. */
  readonly remedy: Foreign;
}

export type GateStatistic = 'mean' | { readonly quantile: number };

/** `startup.warm.p50>5%`. */
export interface Gate {
  /** As it was given. */
  readonly text: string;
  readonly dimension: string;
  /** A group's name, or one part of it, which may be part of several. */
  readonly group: string;
  readonly statistic: GateStatistic;
  /** It fails above the limit (">"), or below it ("<"). */
  readonly beyond: 'above' | 'below';
  /** A share: 0.05 for 5 %. */
  readonly limit: number;
}

export interface GateOutcome {
  readonly gate: Gate;
  readonly group: Foreign;
  /** Compared with the first. */
  readonly platform: number;
  /** failed: all of the interval lies beyond the limit; held: none of it; undecided: part of it, or there is none. */
  readonly verdict: 'held' | 'failed' | 'undecided';
  readonly share: number;
  readonly bounds: Bounds;
  /** Why it is undecided; '' otherwise. */
  readonly reason: Foreign;
}

export type Direction = 'better' | 'worse' | 'neither';

/** @param better which values of it are; undefined: not known */
export function directionOf(better: BenchDimension['better'] | undefined, by: number): Direction {
  if (better === undefined || better === 'neither') return 'neither';
  if (by === 0 || Number.isNaN(by)) return 'neither';
  return by > 0 === (better === 'higher') ? 'better' : 'worse';
}

/** A difference between two platforms that a gate or a test holds for one. */
export interface Change {
  readonly dimension: string;
  readonly unit: string;
  readonly group: Foreign;
  /** Indices of the platforms. */
  readonly first: number;
  readonly second: number;
  /** Medians; of a gate what it looks at. NaN where there is none. */
  readonly from: number;
  readonly to: number;
  /** With its 95 % bounds. Of a gate a share of the first (0.05 for 5 %), of a test Hodges and Lehmann's shift. */
  readonly difference: { readonly by: number; readonly bounds: Bounds; readonly relative: boolean };
  readonly direction: Direction;
  /** Of a test. */
  readonly magnitude: Magnitude | undefined;
  /** The one that failed. */
  readonly gate: Gate | undefined;
}

export interface BenchComparison {
  readonly platforms: readonly Platform[];
  readonly findings: readonly DataFinding[];
  readonly groups: readonly ComparedGroup[];
  /** Every two platforms, each group that both have. */
  readonly tests: readonly TestOutcome[];
  /** Within a platform: each mode of writing, metadata and network against the first. */
  readonly modes: readonly TestOutcome[];
  readonly gates: readonly GateOutcome[];
  /** Between platforms, the most important first. */
  readonly changes: readonly Change[];
}

/** Of corrected p values. */
export const SIGNIFICANT = 0.05;
export const isSignificant = ({ corrected }: TestOutcome): boolean => corrected < SIGNIFICANT;
