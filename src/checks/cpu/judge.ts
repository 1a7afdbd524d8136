/** Whether containers get the CPU that they were given: by quota, by weight, by CPU set. */

import type { QuotaMeasurement, WeightMeasurement } from '../../measure/cpu.js';
import { THROTTLED_AT_LEAST } from '../../measure/cpu-share.js';
import type { Judgement } from '../../model/checks/check.js';
import { worstOf } from '../contract/problems.js';

export const THRESHOLDS = {
  /** Of one CPU, between a share and its quota. */
  mostPoints: 1,
  /** Of the periods, in which a container uses its quota up if the machine has the CPU for it. */
  usedUpShare: THROTTLED_AT_LEAST,
  /** A share of the ratio of two weights, by which the containers' own may be off. */
  weightsWarn: 0.1,
  weightsFail: 0.3,
} as const;

/** A share of the ratio that was asked for: from here on it is another one, and not a rounded one. */
const TRANSLATED = 0.05;

/** CPUs. */
export const LIMITS: readonly number[] = [0.1, 0.5, 1, 1.5];
/** CpuShares of two containers. */
export const WEIGHTS = [1024, 512] as const;

export interface CpuFacts {
  /** Of the limits that this machine has the CPUs for. */
  readonly quotas: readonly QuotaMeasurement[];
  readonly weights: WeightMeasurement;
  /** The CPU set of the containers with weights. */
  readonly cpu: number;
  /** Of the machine. */
  readonly cpuCount: number;
}

/** A share of one CPU against its quota. */
export interface QuotaKept {
  /** CPUs. */
  readonly limit: number;
  readonly share: number;
}

/** How two containers share one CPU. */
export interface WeightsKept {
  readonly weights: readonly [number, number];
  readonly shares: readonly [number, number];
}

export type CpuProblem =
  | (QuotaKept & {
      readonly kind: 'starved';
      readonly verdict: 'warn';
      readonly periods: number;
      readonly throttledPeriods: number;
    })
  | (QuotaKept & { readonly kind: 'quota missed'; readonly verdict: 'fail' })
  | (WeightsKept & {
      readonly kind: 'weights off';
      readonly verdict: 'warn' | 'fail';
      /** 0.1: 10 % off. */
      readonly off: number;
    })
  | {
      readonly kind: 'other CPUs';
      readonly verdict: 'fail';
      readonly cpu: number;
      /** "0-1" */
      readonly allowed: string;
    };

export type CpuReason =
  | { readonly kind: 'problem'; readonly worst: CpuProblem; readonly others: number }
  | (WeightsKept & {
      readonly kind: 'all kept';
      readonly limits: readonly number[];
      readonly worstPoints: number;
    });

export type CpuFinding = { readonly severity: 'info' } & (
  | {
      readonly id: 'too-few-cpus';
      /** CPUs: what was left out. */
      readonly limits: readonly number[];
      readonly cpuCount: number;
    }
  /** Runtimes write weights of cgroup version 2 by formulas of their own. */
  | { readonly id: 'weights-translated'; readonly weights: readonly [number, number] }
);

export function judgeCpu(facts: CpuFacts): Judgement<CpuReason, CpuFinding> {
  const { quotas, weights, cpu } = facts;
  const problem = worstOf([
    ...quotas.flatMap(quotaProblem),
    ...weightsProblem(weights),
    ...cpuSetProblem(weights.cpus, cpu),
  ]);
  const findings = findingsOf(facts);
  if (problem !== undefined) {
    return { verdict: problem.worst.verdict, reason: { kind: 'problem', ...problem }, findings };
  }
  const reason: CpuReason = {
    kind: 'all kept',
    limits: quotas.map(({ limit }) => limit),
    worstPoints: Math.max(...quotas.map((each) => Math.abs(pointsOff(each)))),
    weights: weights.weights,
    shares: weights.shares,
  };
  return { verdict: 'pass', reason, findings };
}

/** Percentage points of one CPU, above the quota or below. */
export const pointsOff = ({ share, limit }: QuotaKept): number => (share - limit) * 100;

export function quotaProblem(measured: QuotaMeasurement): CpuProblem[] {
  const { limit, share, starved, periods, throttledPeriods } = measured;
  const points = pointsOff(measured);
  if (Math.abs(points) <= THRESHOLDS.mostPoints) return [];
  return points < 0 && starved
    ? [{ kind: 'starved', verdict: 'warn', limit, share, periods, throttledPeriods }]
    : [{ kind: 'quota missed', verdict: 'fail', limit, share }];
}

export function weightsProblem({ weights, shares }: WeightsKept): CpuProblem[] {
  const off = Math.abs(ratio(shares) / ratio(weights) - 1);
  if (off <= THRESHOLDS.weightsWarn) return [];
  const verdict = off > THRESHOLDS.weightsFail ? 'fail' : 'warn';
  return [{ kind: 'weights off', verdict, weights, shares, off }];
}

export const ratio = ([first, second]: readonly [number, number]): number => first / second;

/** @param cpus Cpus_allowed_list of each container; '' where it is not known */
export function cpuSetProblem(cpus: readonly string[], cpu: number): CpuProblem[] {
  const allowed = cpus.find((list) => list !== '' && list !== String(cpu));
  return allowed === undefined ? [] : [{ kind: 'other CPUs', verdict: 'fail', cpu, allowed }];
}

function findingsOf({ weights: { weights }, cpuCount }: CpuFacts): CpuFinding[] {
  const limits = LIMITS.filter((limit) => limit >= cpuCount);
  const isTranslated = Math.abs(ratio(weights) / ratio(WEIGHTS) - 1) >= TRANSLATED;
  return [
    ...(limits.length === 0
      ? []
      : [{ severity: 'info', id: 'too-few-cpus', limits, cpuCount } as const]),
    ...(isTranslated ? [{ severity: 'info', id: 'weights-translated', weights } as const] : []),
  ];
}
