/** Whether containers get the CPU that they were given: what decides, and what is reported of it. */
import { describe, expect, test } from 'vitest';
import { resultOf } from '../../../../src/checks/contract/check.js';
import {
  type CpuFacts,
  cpuSetProblem,
  judgeCpu,
  quotaProblem,
  weightsProblem,
} from '../../../../src/checks/cpu/judge.js';
import { cpuText } from '../../../../src/checks/cpu/text.js';
import type { QuotaMeasurement, WeightMeasurement } from '../../../../src/measure/cpu.js';
import { isStarved } from '../../../../src/measure/cpu-share.js';

const quota = (limit: number, share: number, throttledPeriods = 50): QuotaMeasurement => {
  const measured = { share, intervalMs: 5000, periods: 50, throttledPeriods, throttledNs: 0 };
  const rest = { source: 'cgroup v2', certainty: 'exact', evidence: [] } as const;
  return { ...measured, ...rest, limit, starved: isStarved(measured) };
};

const weights = (first: number, second: number): WeightMeasurement => ({
  weights: [1024, 512],
  shares: [first, second],
  cpus: ['1', '1'],
  intervalMs: 5000,
  source: 'cgroup v1',
  certainty: 'exact',
  evidence: [],
});

describe('a quota', () => {
  test('is kept within one point', () => {
    expect(quotaProblem(quota(0.5, 0.509))).toEqual([]);
    expect(quotaProblem(quota(0.5, 0.491))).toEqual([]);
  });

  test('is not kept when more is used, or when less is although every period was throttled', () => {
    const missed = { verdict: 'fail', kind: 'quota missed', limit: 0.5 };
    expect(quotaProblem(quota(0.5, 0.52))).toEqual([{ ...missed, share: 0.52 }]);
    expect(quotaProblem(quota(0.5, 0.48))).toEqual([{ ...missed, share: 0.48 }]);
  });

  test('says nothing where the machine had no CPU for it', () => {
    expect(quotaProblem(quota(0.5, 0.34, 8))).toMatchObject([
      { verdict: 'warn', kind: 'starved', periods: 50, throttledPeriods: 8 },
    ]);
    expect(quotaProblem(quota(0.5, 0.52, 8))).toMatchObject([{ verdict: 'fail' }]);
  });
});

describe('weights and CPU sets', () => {
  test.each([
    [0.66, 0.33, []],
    // Others took two thirds of the CPU: the ratio holds.
    [0.22, 0.11, []],
    [0.7, 0.3, ['warn']],
    [0.5, 0.5, ['fail']],
  ])('shares of %f and %f: %s', (first, second, verdicts) => {
    expect(weightsProblem(weights(first, second)).map(({ verdict }) => verdict)).toEqual(verdicts);
  });

  test('a process may run only on its set', () => {
    expect(cpuSetProblem(['1', '1'], 1)).toEqual([]);
    expect(cpuSetProblem(['1', '0-1'], 1)).toMatchObject([
      { verdict: 'fail', cpu: 1, allowed: '0-1' },
    ]);
  });
});

describe('the verdict', () => {
  const facts = (more: Partial<CpuFacts> = {}): CpuFacts => ({
    quotas: [quota(0.1, 0.1), quota(0.5, 0.502)],
    weights: weights(0.66, 0.33),
    cpu: 1,
    cpuCount: 2,
    ...more,
  });
  const reasonOf = (more?: Partial<CpuFacts>) =>
    resultOf({ judge: judgeCpu, text: cpuText }, facts(more)).reason;

  test('is pass where all is kept, with the worst deviation', () => {
    expect(judgeCpu(facts())).toMatchObject({ verdict: 'pass', findings: [] });
    expect(reasonOf()).toBe(
      'the shares at 0.1, 0.5 CPUs are within 0.20 points of their quotas; two containers of weights 1024:512 share one CPU 66.0 % to 33.0 %, 2.00:1; the CPU set is kept',
    );
  });

  test('is that of the worst problem, and counts the others', () => {
    const quotas = [quota(0.1, 0.05, 3), quota(0.5, 0.52)];
    expect(judgeCpu(facts({ quotas }))).toMatchObject({
      verdict: 'fail',
      reason: { worst: { kind: 'quota missed' }, others: 1 },
    });
    expect(reasonOf({ quotas })).toBe(
      'at 0.5 CPUs a container gets 52.0 % of one: 2.0 points more than its quota; and 1 more',
    );
    expect(reasonOf({ quotas: quotas.slice(0, 1) })).toMatch(/in only 3 of 50 periods/);
    expect(reasonOf({ weights: weights(0.5, 0.5) })).toMatch(/1\.00:1, which is 50 % off$/);
  });

  test('limits beyond the machine and weights that a runtime translates are findings', () => {
    const translated = { ...weights(0.62, 0.38), weights: [100, 59] as const };
    const { findings } = judgeCpu(facts({ cpuCount: 1, weights: translated }));
    expect(findings).toEqual([
      { severity: 'info', id: 'too-few-cpus', limits: [1, 1.5], cpuCount: 1 },
      { severity: 'info', id: 'weights-translated', weights: [100, 59] },
    ]);
  });

  test('the thresholds are told as they are applied', () => {
    for (const said of ['more than 1 percentage point', '95 % of', '30 % off', '10 % off']) {
      expect(cpuText.thresholds).toContain(said);
    }
  });
});
