/** Values far from the others, to be named; nothing is ever dropped. */
import { mean } from './moments.js';
import { median } from './summary.js';

export interface Outlier {
  readonly index: number;
  /** Signed: how many robust standard deviations from the median. */
  readonly score: number;
}

const LIMIT = 3.5;

/**
 * Modified z-scores above 3.5 (Iglewicz and Hoaglin, How to Detect and Handle Outliers, 1993): distance from the
 * median over the median of distances. Where more than half of the values are equal, the mean distance
 * takes that one's place, with their factor for it.
 */
export function outliers(values: readonly number[]): Outlier[] {
  const centre = median(values);
  const distances = values.map((value) => Math.abs(value - centre));
  const typical = median(distances);
  const scale = typical > 0 ? typical / 0.6745 : 1.253314 * mean(distances);
  if (!(scale > 0)) return [];
  return values
    .map((value, index) => ({ index, score: (value - centre) / scale }))
    .filter(({ score }) => Math.abs(score) > LIMIT);
}
