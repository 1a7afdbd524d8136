/** Whether identical containers share memory, and whether a memory limit holds. */

import type { ContainersMemory } from '../../measure/memory.js';
import type { Judgement } from '../../model/checks/check.js';
import { type JudgedPart, joinParts, type PartsReason } from '../contract/parts.js';

/** How many containers are compared. */
export const COUNTS = [1, 3, 10] as const;
export const MOST_CONTAINERS = COUNTS[COUNTS.length - 1] as number;

/** What is allocated under the limit, and the limit. */
export const ALLOCATED_MEBIBYTES = 64;
export const LIMIT_MEBIBYTES = 32;

/** 128 and SIGKILL. */
const SIGKILL_EXIT = 137;

export interface MemoryFacts {
  readonly sharing: SharingFacts;
  readonly limit: LimitFacts;
}

export interface SharingFacts {
  readonly batches: readonly Batch[];
  /** undefined: it was not asked. */
  readonly charge: Charge | undefined;
}

/** What containers take together. */
export interface Batch {
  readonly count: number;
  readonly memory:
    | ({ readonly by: 'kernel' } & ContainersMemory)
    /** NaN for what the engine does not report. */
    | { readonly by: 'engine'; readonly usageBytes: number; readonly cacheBytes: number };
}

/** Who is charged for a file that all read, one after the other. */
export type Charge =
  | { readonly kind: 'not evicted' }
  | {
      readonly kind: 'grown';
      readonly fileBytes: number;
      /** Of each container's file cache, in the order of reading. */
      readonly bytes: readonly number[];
    };

/** What became of an allocation over the limit. */
export interface LimitSeen {
  /** Of the allocating process as the container's first. */
  readonly exitCode: number | undefined;
  /** What the engine says of that container. */
  readonly oomKilled: boolean;
  /** Of the same as a child of a shell that lived on: what the shell saw. */
  readonly childStatus: number;
  /** Counted by the kernel for that shell's cgroup; undefined: not seen. */
  readonly oomKills: number | undefined;
}

export interface LimitFacts {
  readonly seen: LimitSeen;
  /** The kernel's lines of the shell's cgroup. */
  readonly lines: readonly string[];
  /** What the kernel's log says of the first container's end. */
  readonly message: string | undefined;
}

export type MemoryPartReason =
  | { readonly kind: 'processes unseen' }
  | {
      readonly kind: 'shared';
      /** Of the sum of what each maps. */
      readonly savedShare: number;
    }
  | { readonly kind: 'nothing shared' }
  | ({ readonly kind: 'not enforced' } & Pick<LimitSeen, 'exitCode' | 'childStatus' | 'oomKills'>)
  | {
      readonly kind: 'killed';
      /** The kernel counted it for the cgroup. */
      readonly isCounted: boolean;
      /** By the engine. */
      readonly isReported: boolean;
    };

export type MemoryReason = PartsReason<MemoryPartReason>;

export type MemoryFinding =
  | { readonly id: 'processes-unseen'; readonly severity: 'info' }
  | { readonly id: 'charge-unseen'; readonly severity: 'info' }
  | { readonly id: 'oom-unreported'; readonly severity: 'low' };

type Part = JudgedPart<MemoryPartReason, MemoryFinding>;

export const judgeMemory = ({
  sharing,
  limit,
}: MemoryFacts): Judgement<MemoryReason, MemoryFinding> =>
  joinParts([judgeSharing(sharing), judgeLimit(limit.seen)]);

export function judgeSharing({ batches, charge }: SharingFacts): Part {
  const most = batches.at(-1)?.memory;
  if (most?.by !== 'kernel') {
    return {
      verdict: 'pass',
      reason: { kind: 'processes unseen' },
      findings: [{ id: 'processes-unseen', severity: 'info' }],
    };
  }
  const { pss, rss } = most.processes;
  const findings: MemoryFinding[] =
    charge?.kind === 'not evicted' ? [{ id: 'charge-unseen', severity: 'info' }] : [];
  return pss < rss
    ? { verdict: 'pass', reason: { kind: 'shared', savedShare: 1 - pss / rss }, findings }
    : { verdict: 'warn', reason: { kind: 'nothing shared' }, findings };
}

export function judgeLimit({ exitCode, oomKilled, childStatus, oomKills }: LimitSeen): Part {
  const killed = exitCode === SIGKILL_EXIT && childStatus === SIGKILL_EXIT && oomKills !== 0;
  if (!killed) {
    const reason = { kind: 'not enforced', exitCode, childStatus, oomKills } as const;
    return { verdict: 'fail', reason, findings: [] };
  }
  return {
    verdict: oomKilled ? 'pass' : 'warn',
    reason: { kind: 'killed', isCounted: oomKills !== undefined, isReported: oomKilled },
    findings: oomKilled ? [] : [{ id: 'oom-unreported', severity: 'low' }],
  };
}
