/** What the ten toolkit tests ("checks" in the code) conclude: first as data, then in words. */
import type { Foreign } from '../../base/foreign.js';
import type { Certainty } from '../trace/certainty.js';
import type { PhaseName } from '../trace/totals.js';

export const CHECK_NAMES = [
  'startup',
  'syscalls',
  'overlay',
  'io',
  'network',
  'memory',
  'security',
  'cpu',
  'namespaces',
  'ebpf',
] as const;
export type CheckName = (typeof CHECK_NAMES)[number];

export type Verdict = 'pass' | 'warn' | 'fail' | 'skipped';

type Unit =
  | 'ns'
  | 'ms'
  | 'bytes'
  | 'MB/s'
  | 'Mbit/s'
  | '%'
  | 'count'
  | 'calls/s'
  | 'ops/s'
  | 'CPUs';

/** What a figure is to others of its group: one of the phases of a stretch of time, or of what was measured repeatedly. */
type FigurePart =
  | { readonly kind: 'phase'; readonly phase: PhaseName }
  /** The middle, and how far the rest lies from it. `of` names what was measured. */
  | { readonly kind: 'typical' | 'low' | 'high'; readonly of: string };

export interface Figure {
  /** "copy-up of 10 MB": untrusted where it holds a name. */
  readonly name: Foreign;
  readonly value: number;
  readonly unit: Unit;
  /** Where it comes from, in words: "cpu.stat of the container's cgroup", "kernel event ovl_copy_up". */
  readonly source: Foreign;
  readonly certainty: Certainty;
  /** Figures of one group make a table. */
  readonly group?: Foreign;
  /** For pictures; the JSON has the names. */
  readonly part?: FigurePart;
}

/** The worst first. */
export const SEVERITIES = ['high', 'medium', 'low', 'info'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** Why a test concludes what it does: each has a union of its own, by kind, with values whose names have their units. */
export interface ReasonFacts {
  readonly kind: string;
}

/** What a test finds besides: each has a union of its own, by id, with what the words are made of. */
export interface CheckFindingFacts {
  /** Stable: "privileged". */
  readonly id: string;
  readonly severity: Severity;
}

/** What a test concludes, without a word. */
export interface Judgement<Reason extends ReasonFacts, Finding extends CheckFindingFacts> {
  readonly verdict: Verdict;
  readonly reason: Reason;
  readonly findings: readonly Finding[];
}

export interface CheckFinding {
  readonly severity: Severity;
  /** Stable: "privileged". */
  readonly id: string;
  /** Untrusted where it holds a name. */
  readonly title: Foreign;
  readonly remedy: Foreign;
}

export interface CheckResult {
  readonly verdict: Verdict;
  /** Why: the figure against its threshold, or what is missing. */
  readonly reason: Foreign;
  /** What the reader can do; '' where there is nothing to do. */
  readonly remedy: Foreign;
  readonly figures: readonly Figure[];
  readonly findings: readonly CheckFinding[];
  /** What the kernel says, as it says it: lines for people. Untrusted text. */
  readonly evidence: readonly Foreign[];
}

/** What is reported of one check. */
export interface CheckReport extends CheckResult {
  readonly name: CheckName;
  readonly shows: string;
  readonly thresholds: string;
  readonly ms: number;
}
