/** Mean, standard deviation, and intervals of the mean. */
import { studentQuantile } from './distributions.js';
import type { Interval } from './summary.js';

/** NaN for no values. */
export function mean(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

/** Of a sample: divided by n - 1. NaN for fewer than two values. */
export function standardDeviation(values: readonly number[]): number {
  if (values.length < 2) return Number.NaN;
  const centre = mean(values);
  let squares = 0;
  for (const value of values) squares += (value - centre) ** 2;
  return Math.sqrt(squares / (values.length - 1));
}

/** Half of the interval of the mean by Student's t (Biometrika 6(1), 1908). NaN for fewer than two values. */
export function tMargin(values: readonly number[], confidence = 0.95): number {
  const { length } = values;
  if (length < 2) return Number.NaN;
  const t = studentQuantile((1 - confidence) / 2, length - 1);
  return (t * standardDeviation(values)) / Math.sqrt(length);
}

export const around = (centre: number, margin: number): Interval => ({
  low: centre - margin,
  high: centre + margin,
});
