/** What the statistics do where data are few, equal or absent, and what their intervals hold. */
import { describe, expect, it } from 'vitest';
import { relativeChange } from '../../../src/stats/change.js';
import { cliffsDelta, hodgesLehmann, magnitudeOf } from '../../../src/stats/effect-size.js';
import { falseDiscovery } from '../../../src/stats/false-discovery.js';
import { exactShares, mannWhitney } from '../../../src/stats/mann-whitney.js';
import { tMargin } from '../../../src/stats/moments.js';
import { outliers } from '../../../src/stats/outliers.js';
import { randomFrom } from '../../../src/stats/random.js';
import { studyMargin, studyMedian } from '../../../src/stats/study.js';
import { trend } from '../../../src/stats/trend.js';

const drawn = (seed: number, n: number, shift = 0): number[] => {
  const random = randomFrom(seed);
  return Array.from({ length: n }, () => shift + 10 * (random() + random() + random()));
};

describe('the rank test', () => {
  it('counts every order of values as equally likely', () => {
    // Of 5 over 2 = 10 orders, U = 0 … 6 has 1, 1, 2, 2, 2, 1, 1 (Mann and Whitney, table I).
    const counts = [...exactShares(2, 3)].map((share) => Math.round(share * 10));
    expect(counts).toEqual([1, 1, 2, 2, 2, 1, 1]);
  });

  it('says nothing of equal values, and nothing is not a number', () => {
    expect(mannWhitney([1, 1, 1], [1, 1])).toEqual({ u: 3, p: 1, method: 'normal' });
    expect(mannWhitney([], [1, 2]).p).toBeNaN();
    expect(cliffsDelta([], [1])).toBeNaN();
    expect(hodgesLehmann([], [1]).shift).toBeNaN();
  });

  it('is the same whichever sample comes first', () => {
    const [a, b] = [drawn(1, 12), drawn(2, 15, 3)];
    expect(mannWhitney(a, b).p).toBe(mannWhitney(b, a).p);
    expect(cliffsDelta(a, b)).toBe(-cliffsDelta(b, a));
  });
});

describe('the shift', () => {
  it('has an interval that leaves out 0 when the test rejects, and only then', () => {
    for (let seed = 1; seed <= 60; seed++) {
      const n = seed % 2 === 0 ? 10 : 40;
      const [a, b] = [drawn(seed, n), drawn(seed + 1000, n, (seed % 5) * 1.5)];
      const { low, high } = hodgesLehmann(a, b);
      const { p } = mannWhitney(a, b);
      // The normal approximation of p has a continuity correction, that of the bounds is rounded down.
      if (p < 0.045) expect(low > 0 || high < 0, `seed ${seed}`).toBe(true);
      if (p > 0.055) expect(low <= 0 && high >= 0, `seed ${seed}`).toBe(true);
    }
  });

  it('has no bounds where the samples are too small for any', () => {
    expect(hodgesLehmann([1, 2], [3, 4])).toEqual({
      shift: 2,
      low: Number.NEGATIVE_INFINITY,
      high: Number.POSITIVE_INFINITY,
    });
  });

  it('counts pairs of large samples without making them', () => {
    const a = drawn(3, 20_000);
    const b = a.map((value) => value + 0.25);
    expect(hodgesLehmann(a, b).shift).toBeCloseTo(0.25, 2);
  });
});

it('magnitudes begin at their thresholds', () => {
  expect([0.146, 0.147, -0.33, 0.474].map(magnitudeOf)).toEqual([
    'negligible',
    'small',
    'medium',
    'large',
  ]);
});

it('intervals of one value are not numbers', () => {
  expect(tMargin([5])).toBeNaN();
  expect(studyMargin([5])).toBeNaN();
  expect(studyMedian([])).toBeNaN();
});

describe('outliers', () => {
  it('are far from the median, on either side', () => {
    expect(outliers([10, 11, 12, 11, 10, 90, 11, -70]).map(({ index }) => index)).toEqual([5, 7]);
  });

  it('are found where most values are equal; of equal values there are none', () => {
    expect(outliers([5, 5, 5, 5, 5, 5, 5, 5, 5, 90]).map(({ index }) => index)).toEqual([9]);
    expect(outliers([5, 5, 5])).toEqual([]);
    expect(outliers([])).toEqual([]);
  });
});

it('tests that say nothing do not count among the many', () => {
  expect(falseDiscovery([0.01, Number.NaN, 0.04])).toEqual([0.02, Number.NaN, 0.04]);
});

it('a trend of one value, or of equal ones, is none', () => {
  expect(trend([1])).toEqual({ tau: 0, p: 1, slope: 0 });
  expect(trend([2, 2, 2])).toMatchObject({ tau: 0, p: 1, slope: 0 });
});

describe('the relative change', () => {
  it.each(['mean', { quantile: 0.5 }] as const)('of %o: interval around it, repeatable', (what) => {
    const [a, b] = [drawn(5, 40), drawn(6, 40, 9)];
    const change = relativeChange(a, b, what);
    expect(change.low).toBeLessThan(change.share);
    expect(change.high).toBeGreaterThan(change.share);
    expect(change.low).toBeGreaterThan(0);
    expect(relativeChange(a, b, what)).toEqual(change);
  });

  it('is none against 0, and none of nothing', () => {
    expect(relativeChange([0, 0, 0], [1, 2, 3], 'mean').share).toBeNaN();
    expect(relativeChange([0, 0, 1, 1, 1], [1, 2, 3], { quantile: 0.5 }).low).toBeNaN();
    expect(relativeChange([], [1], 'mean').share).toBeNaN();
  });
});
