import { describe, expect, it } from 'vitest';
import { bootstrapMedian, median, quantile, summarize } from '../../../src/stats/summary.js';

describe('quantile', () => {
  it('interpolates as type 7 does', () => {
    // R: quantile(c(1, 2, 4, 8), c(0.1, 0.25, 0.5, 0.9), type = 7)
    const values = [8, 1, 4, 2];
    const expected = [1.3, 1.75, 3, 6.8];
    for (const [index, p] of [0.1, 0.25, 0.5, 0.9].entries()) {
      expect(quantile(values, p)).toBeCloseTo(expected[index] as number, 12);
    }
  });

  it('has no value for none', () => {
    expect(median([])).toBeNaN();
  });
});

describe('bootstrapMedian', () => {
  const values = Array.from({ length: 101 }, (_, index) => index + index ** 2 / 1e4);

  it('holds the median and is repeated by its seed', () => {
    const interval = bootstrapMedian(values, { seed: 7 });
    expect(interval.low).toBeLessThan(median(values));
    expect(interval.high).toBeGreaterThan(median(values));
    expect(bootstrapMedian(values, { seed: 7 })).toEqual(interval);
    const other = bootstrapMedian(values, { seed: 8, resamples: 99 });
    expect(other).not.toEqual(bootstrapMedian(values, { seed: 7, resamples: 99 }));
  });

  it('covers the true median about as often as it says', () => {
    let covered = 0;
    for (let trial = 0; trial < 200; trial++) {
      // Values around 0: each trial its own fixed sample.
      const sample = Array.from(
        { length: 41 },
        (_, i) => (Math.sin(trial * 97.3 + i * 12.9898) * 43758.5453) % 1,
      );
      const { low, high } = bootstrapMedian(sample, { resamples: 400, seed: trial + 1 });
      if (low <= 0 && high >= 0) covered++;
    }
    expect(covered / 200).toBeGreaterThan(0.88);
  });
});

describe('summarize', () => {
  it('has the median, its interval and the extremes', () => {
    const values = [9, 1, 5, 3, 7];
    expect(summarize(values)).toEqual({ median: 5, ...bootstrapMedian(values), min: 1, max: 9 });
    expect(summarize([4])).toEqual({ median: 4, low: 4, high: 4, min: 4, max: 4 });
    expect(summarize([]).median).toBeNaN();
  });
});
