/** Medians, quantiles and the bootstrap interval of a median. */
import { randomFrom } from './random.js';

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Linear interpolation between order statistics (Hyndman and Fan's type 7); NaN for no values. */
export function quantile(values: ArrayLike<number>, p: number): number {
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
  const medians = resampledQuantiles(values, 0.5, resamples, randomFrom(seed));
  const tail = (1 - confidence) / 2;
  return { low: quantile(medians, tail), high: quantile(medians, 1 - tail) };
}

/** The quantile of so many resamples with replacement. Resamples are counted and not sorted: the values are, once. */
export function resampledQuantiles(
  values: readonly number[],
  p: number,
  resamples: number,
  random: () => number,
): Float64Array {
  const { length } = values;
  const order = Uint32Array.from(values.keys()).sort(
    (a, b) => (values[a] as number) - (values[b] as number),
  );
  const place = new Uint32Array(length);
  for (const [at, index] of order.entries()) place[index] = at;
  const at = (length - 1) * p;
  const share = at - Math.floor(at);
  const counts = new Uint32Array(length);
  return new Float64Array(resamples).map(() => {
    counts.fill(0);
    for (let i = 0; i < length; i++) {
      const drawn = place[Math.floor(random() * length)] as number;
      counts[drawn] = (counts[drawn] as number) + 1;
    }
    const valueAt = (wanted: number): number => {
      let sorted = 0;
      for (let seen = counts[0] as number; seen <= wanted; seen += counts[sorted] as number)
        sorted++;
      return values[order[sorted] as number] as number;
    };
    const below = valueAt(Math.floor(at));
    return below + (valueAt(Math.ceil(at)) - below) * share;
  });
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
