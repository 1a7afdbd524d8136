/** By what share a statistic differs between two samples, with an interval. */
import { mean } from './moments.js';
import { randomFrom } from './random.js';
import { type BootstrapOptions, type Interval, quantile, resampledQuantiles } from './summary.js';

/** A quantile from 0 to 1, or the mean. */
export type Statistic = 'mean' | { readonly quantile: number };

export interface Change extends Interval {
  /** 0.05: the second is 5 % higher than the first. */
  readonly share: number;
}

/**
 * (second - first) / first with its percentile bootstrap interval (Efron and Tibshirani, An Introduction to the Bootstrap,
 * 1993, chapter 13), both samples resampled; repeatable by its seed. NaN where a sample is empty; the bounds are NaN too
 * where the first statistic is 0 or negative, or is in a resample: there is no share of that.
 */
export function relativeChange(
  first: readonly number[],
  second: readonly number[],
  statistic: Statistic,
  options: BootstrapOptions = {},
): Change {
  const { resamples = 10_000, confidence = 0.95, seed = 1 } = options;
  const random = randomFrom(seed);
  const drawn = (values: readonly number[]): Float64Array =>
    statistic === 'mean'
      ? resampledMeans(values, resamples, random)
      : resampledQuantiles(values, statistic.quantile, resamples, random);
  const of = (values: readonly number[]): number =>
    statistic === 'mean' ? mean(values) : quantile(values, statistic.quantile);
  if (first.length === 0 || second.length === 0) return NOTHING;
  const before = drawn(first);
  const after = drawn(second);
  const shares = after.map((value, index) => shareOf(before[index] as number, value));
  const tail = (1 - confidence) / 2;
  const share = shareOf(of(first), of(second));
  if (shares.some(Number.isNaN)) return { ...NOTHING, share };
  return { share, low: quantile(shares, tail), high: quantile(shares, 1 - tail) };
}

const NOTHING: Change = { share: Number.NaN, low: Number.NaN, high: Number.NaN };

const shareOf = (before: number, after: number): number =>
  before > 0 ? (after - before) / before : Number.NaN;

function resampledMeans(
  values: readonly number[],
  resamples: number,
  random: () => number,
): Float64Array {
  const { length } = values;
  return new Float64Array(resamples).map(() => {
    let sum = 0;
    for (let i = 0; i < length; i++) sum += values[Math.floor(random() * length)] as number;
    return sum / length;
  });
}
