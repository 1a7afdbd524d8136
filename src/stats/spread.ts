/** What a list of figures comes to: median, its interval, extremes. */
import { type BootstrapOptions, bootstrapMedian, type Interval, median } from './summary.js';

export interface Summary extends Interval {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** NaN for no values; `low` and `high` are the bootstrap interval of the median. */
export function summarize(values: readonly number[], options: BootstrapOptions = {}): Summary {
  return {
    median: median(values),
    ...bootstrapMedian(values, options),
    min: values.length === 0 ? Number.NaN : Math.min(...values),
    max: values.length === 0 ? Number.NaN : Math.max(...values),
  };
}
