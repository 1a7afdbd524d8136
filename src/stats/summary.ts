/** Medians, quantiles and the bootstrap interval of a median. */
import { randomFrom } from './random.js';

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Linear interpolation between order statistics (Hyndman and Fan's type 7); NaN for no values. */
export function quantile(values: readonly number[], p: number): number {
  const sorted = Float64Array.from(values).sort();
  if (sorted.length === 0) return Number.NaN;
  const at = (sorted.length - 1) * p;
  const below = sorted[Math.floor(at)] as number;
  const above = sorted[Math.ceil(at)] as number;
  return below + (above - below) * (at - Math.floor(at));
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

export interface BootstrapOptions {
  readonly resamples?: number;
  readonly confidence?: number;
  readonly seed?: number;
}

/**
 * Percentile bootstrap interval of the median (Efron, Annals of Statistics 7(1), 1979); repeatable by
 * its seed. Default: 95 %, 10,000 resamples.
 */
export function bootstrapMedian(
  values: readonly number[],
  options: BootstrapOptions = {},
): Interval {
  const { resamples = 10_000, confidence = 0.95, seed = 1 } = options;
  if (values.length === 0) return { low: Number.NaN, high: Number.NaN };
  const random = randomFrom(seed);
  const medians: number[] = [];
  const sample = new Array<number>(values.length);
  for (let i = 0; i < resamples; i++) {
    for (let j = 0; j < sample.length; j++) {
      sample[j] = values[Math.floor(random() * values.length)] as number;
    }
    medians.push(median(sample));
  }
  const tail = (1 - confidence) / 2;
  return { low: quantile(medians, tail), high: quantile(medians, 1 - tail) };
}

export interface Summary extends Interval {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** `low` and `high` are the bootstrap interval of the median. All NaN for no values. */
export function summarize(values: readonly number[], options: BootstrapOptions = {}): Summary {
  return {
    median: median(values),
    ...bootstrapMedian(values, options),
    min: quantile(values, 0),
    max: quantile(values, 1),
  };
}
