/** Whether values rise or fall in the order in which they were taken. */
import { normalTail } from './distributions.js';
import { rank } from './ranks.js';
import { median } from './summary.js';

export interface Trend {
  /** From -1 to 1: later values larger less later values smaller, over all pairs. */
  readonly tau: number;
  /** Two-sided. 1 where nothing can be said. */
  readonly p: number;
  /** Per step from one value to the next: the median of the slopes of all pairs. */
  readonly slope: number;
}

/** Values beyond these are not looked at one by one: all pairs are. */
const MOST_VALUES = 2000;

/**
 * Mann's test of trend (Econometrica 13(3), 1945) with Kendall's correction for ties and a continuity correction, and the
 * slope by Sen (Journal of the American Statistical Association 63, 1968). Of more than 2,000 values every k-th is taken.
 */
export function trend(values: readonly number[]): Trend {
  const every = Math.ceil(values.length / MOST_VALUES);
  const taken = values.filter((_, index) => index % every === 0);
  const n = taken.length;
  let s = 0;
  const slopes: number[] = [];
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      const rise = (taken[j] as number) - (taken[i] as number);
      s += Math.sign(rise);
      slopes.push(rise / ((j - i) * every));
    }
  }
  if (slopes.length === 0) return { tau: 0, p: 1, slope: 0 };
  const { ranks } = rank(taken);
  const sizes = new Map<number, number>();
  for (const each of ranks) sizes.set(each, (sizes.get(each) ?? 0) + 1);
  let variance = n * (n - 1) * (2 * n + 5);
  for (const t of sizes.values()) variance -= t * (t - 1) * (2 * t + 5);
  const deviation = Math.sqrt(variance / 18);
  const z = s === 0 || deviation === 0 ? 0 : (Math.abs(s) - 1) / deviation;
  return { tau: s / slopes.length, p: Math.min(1, 2 * normalTail(z)), slope: median(slopes) };
}
