/** Every statistic against an independent implementation: tests/fixtures/stats/reference.py says which. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { normalTail, studentQuantile, studentTail } from '../../../src/stats/distributions.js';
import { cliffsDelta, hodgesLehmann } from '../../../src/stats/effect-size.js';
import { falseDiscovery } from '../../../src/stats/false-discovery.js';
import { mannWhitney } from '../../../src/stats/mann-whitney.js';
import { around, mean, standardDeviation, tMargin } from '../../../src/stats/moments.js';
import { trend } from '../../../src/stats/trend.js';

interface Reference {
  readonly sets: readonly {
    readonly first: readonly number[];
    readonly second: readonly number[];
    readonly ties: boolean;
    readonly method: 'exact' | 'normal';
    readonly u: number;
    readonly p: number;
    readonly delta: number;
    readonly shift: number;
    readonly mean: number;
    readonly sd: number;
    readonly t_interval: readonly [number, number];
  }[];
  readonly false_discovery: readonly number[];
  readonly normal_tail: readonly (readonly [number, number])[];
  readonly student_tail: readonly (readonly [number, number, number])[];
  readonly student_quantile: readonly (readonly [number, number, number])[];
  readonly trends: readonly {
    readonly values: readonly number[];
    readonly tau: number;
    readonly p: number;
    readonly slope: number;
  }[];
}

const reference: Reference = JSON.parse(
  readFileSync(new URL('../../fixtures/stats/reference.json', import.meta.url), 'utf8'),
);
const near = (actual: number, expected: number, relative = 1e-9): void =>
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(relative * Math.abs(expected));

describe('20 pairs of samples', () => {
  it('have ties and have none, and take both methods', () => {
    expect(reference.sets).toHaveLength(20);
    expect(new Set(reference.sets.map(({ ties }) => ties)).size).toBe(2);
    expect(new Set(reference.sets.map(({ method }) => method)).size).toBe(2);
  });

  it.each(
    reference.sets.map((set) => [`${set.first.length} and ${set.second.length}`, set] as const),
  )('%s', (_, set) => {
    const { u, p, method } = mannWhitney(set.first, set.second);
    expect({ u, method }).toEqual({ u: set.u, method: set.method });
    near(p, set.p);
    expect(cliffsDelta(set.first, set.second)).toBeCloseTo(set.delta, 12);
    expect(hodgesLehmann(set.first, set.second).shift).toBeCloseTo(set.shift, 9);
    near(mean(set.first), set.mean, 1e-12);
    near(standardDeviation(set.first), set.sd, 1e-12);
    const { low, high } = around(mean(set.first), tMargin(set.first));
    near(low, set.t_interval[0]);
    near(high, set.t_interval[1]);
  });

  it('are corrected for their number', () => {
    const corrected = falseDiscovery(reference.sets.map(({ p }) => p));
    corrected.forEach((value, index) => {
      near(value, reference.false_discovery[index] as number);
    });
  });
});

it.each(reference.normal_tail)('the normal tail from %d on', (z, tail) => {
  near(normalTail(z), tail, 1e-12);
});

it.each(reference.student_tail)("Student's tail from %d on, %d degrees", (t, degrees, tail) => {
  near(studentTail(t, degrees), tail, 1e-11);
});

it.each(reference.student_quantile)("Student's quantile of %d, %d degrees", (tail, degrees, t) => {
  near(studentQuantile(tail, degrees), t);
});

it.each(reference.trends)('a trend', ({ values, tau, p, slope }) => {
  const found = trend(values);
  near(found.tau, tau, 1e-12);
  near(found.p, p);
  near(found.slope, slope);
});
