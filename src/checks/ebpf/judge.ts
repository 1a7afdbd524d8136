/** Whether syscalls that are counted in the kernel are those that were made, and what counting them costs. */

import { NS_PER_MS } from '../../base/time.js';
import type { CallCounts } from '../../measure/call-counts.js';
import type { Judgement, Verdict } from '../../model/checks/check.js';
import { median } from '../../stats/summary.js';

export const THRESHOLDS = {
  /** A look-up or two and an addition are some hundred ns; more is a machine whose syscalls are slowed otherwise. */
  mostNsPerCall: 1000,
} as const;

/** What dd copies to see the cost: a read and a write for each byte. */
export const COST_BYTES = 200_000;

/** What dd was told to copy, and what was counted. */
interface KnownCount {
  readonly container: 'busy' | 'quiet';
  readonly call: string;
  readonly made: number;
  readonly counted: number;
}

/** The CPU time of one copy, ms: without the probe, and with it. */
export interface CostRound {
  readonly without: number;
  readonly counting: number;
}

export interface EbpfFacts {
  readonly known: readonly KnownCount[];
  readonly mixed: CallCounts;
  readonly mixedSeconds: number;
  /** Calls of the machine that the kernel passed over. */
  readonly missed: number;
  readonly rounds: readonly CostRound[];
  /** The busy container's line of /proc/PID/cgroup, and the quiet one's. */
  readonly cgroups: readonly string[];
}

/** Medians of the rounds. */
export interface CountingCost {
  readonly withoutMs: number;
  readonly countingMs: number;
  readonly nsPerCall: number;
}

export function costOf({ rounds }: Pick<EbpfFacts, 'rounds'>): CountingCost {
  const withoutMs = median(rounds.map(({ without }) => without));
  const countingMs = median(rounds.map(({ counting }) => counting));
  const nsPerCall = ((countingMs - withoutMs) * NS_PER_MS) / (2 * COST_BYTES);
  return { withoutMs, countingMs, nsPerCall };
}

export type EbpfReason =
  | { readonly kind: 'kernel out of reach' }
  | {
      readonly kind: 'miscounted';
      readonly wrong: readonly KnownCount[];
      readonly missed: number;
    }
  | { readonly kind: 'passed over'; readonly nsPerCall: number; readonly missed: number }
  | { readonly kind: 'dear' | 'exact'; readonly nsPerCall: number };

export function judgeEbpf(facts: EbpfFacts): Judgement<EbpfReason, never> {
  const { known, missed } = facts;
  const wrong = known.filter(({ made, counted }) => made !== counted);
  const judged = (verdict: Verdict, reason: EbpfReason) => ({ verdict, reason, findings: [] });
  if (wrong.length > 0) return judged('fail', { kind: 'miscounted', wrong, missed });
  const { nsPerCall } = costOf(facts);
  if (missed > 0) return judged('warn', { kind: 'passed over', nsPerCall, missed });
  return nsPerCall <= THRESHOLDS.mostNsPerCall
    ? judged('pass', { kind: 'exact', nsPerCall })
    : judged('warn', { kind: 'dear', nsPerCall });
}
