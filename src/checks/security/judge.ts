/** What containers may do to the host: findings in, a verdict with its reason out. */

import type { Posture } from '../../container/posture/posture.js';
import {
  findingsOf,
  type Machine,
  type PostureFinding,
} from '../../container/posture/posture-rules.js';
import type { Judgement } from '../../model/checks/check.js';

export interface SecurityFacts {
  /** Containers of others. */
  readonly running: readonly Posture[];
  readonly byDefault: Posture;
  readonly hardened: Posture;
  readonly machine: Machine;
  /** Without it, postures are what the engine was asked for. */
  readonly seesKernel: boolean;
}

export type SecurityReason =
  | { readonly kind: 'not enforced'; readonly finding: PostureFinding }
  | {
      readonly kind: 'way to the host';
      readonly finding: PostureFinding;
      /** How many others of severity high there are. */
      readonly others: number;
    }
  | {
      readonly kind: 'defence missing';
      readonly finding: PostureFinding;
      /** Findings of severity medium in running containers. */
      readonly count: number;
    }
  | {
      readonly kind: 'nothing above low';
      /** Containers of others. */
      readonly running: number;
      /** Findings in the default container. */
      readonly byDefault: number;
    };

export type SecurityFinding =
  | PostureFinding
  | { readonly id: 'engine-only'; readonly severity: 'info' };

export function judgeSecurity(facts: SecurityFacts): Judgement<SecurityReason, SecurityFinding> {
  const { running, byDefault, hardened, machine, seesKernel } = facts;
  const judged = verdictOf({
    running: findingsOf(running, machine),
    byDefault: findingsOf([byDefault], machine),
    hardened: findingsOf([hardened], machine),
    count: running.length,
  });
  const findings = findingsOf([byDefault, hardened, ...running], machine);
  return {
    ...judged,
    findings: seesKernel ? findings : [...findings, { id: 'engine-only', severity: 'info' }],
  };
}

/** The findings of each, and how many containers run. */
interface Found {
  readonly running: readonly PostureFinding[];
  readonly byDefault: readonly PostureFinding[];
  readonly hardened: readonly PostureFinding[];
  readonly count: number;
}

export function verdictOf({
  running,
  byDefault,
  hardened,
  count,
}: Found): Pick<Judgement<SecurityReason, never>, 'verdict' | 'reason'> {
  const [unenforced] = hardened;
  if (unenforced !== undefined) {
    return { verdict: 'fail', reason: { kind: 'not enforced', finding: unenforced } };
  }
  const high = [...running, ...byDefault].filter(({ severity }) => severity === 'high');
  const [worst] = high;
  if (worst !== undefined) {
    const others = high.length - 1;
    return { verdict: 'fail', reason: { kind: 'way to the host', finding: worst, others } };
  }
  const medium = running.filter(({ severity }) => severity === 'medium');
  const [first] = medium;
  if (first !== undefined) {
    const reason = { kind: 'defence missing', finding: first, count: medium.length } as const;
    return { verdict: 'warn', reason };
  }
  return {
    verdict: 'pass',
    reason: { kind: 'nothing above low', running: count, byDefault: byDefault.length },
  };
}
