/** How large the difference of two samples is: Cliff's delta, and Hodges and Lehmann's shift with its interval. */
import { normalQuantile } from './distributions.js';
import { exactShares, mannWhitney, rankDeviation } from './mann-whitney.js';
import { rank } from './ranks.js';
import type { Interval } from './summary.js';

/**
 * P(second > first) - P(second < first) (N. Cliff, Psychological Bulletin 114(3), 1993): 1 where every value of the
 * second sample is larger. NaN where a sample is empty.
 */
export function cliffsDelta(first: readonly number[], second: readonly number[]): number {
  const pairs = first.length * second.length;
  return pairs === 0 ? Number.NaN : (pairs - 2 * mannWhitney(first, second).u) / pairs;
}

export type Magnitude = 'negligible' | 'small' | 'medium' | 'large';

/** The usual names of sizes of delta (Romano et al., Florida Association of Institutional Research, 2006). */
export function magnitudeOf(delta: number): Magnitude {
  const size = Math.abs(delta);
  if (size < 0.147) return 'negligible';
  if (size < 0.33) return 'small';
  return size < 0.474 ? 'medium' : 'large';
}

export interface Shift extends Interval {
  /** The median of all differences second - first. */
  readonly shift: number;
}

/**
 * By how much the second sample lies higher (Hodges and Lehmann, Annals of Mathematical Statistics 34(2), 1963). The
 * interval holds the shifts that the rank test would not reject (Hollander, Wolfe and Chicken 2014, section 4.3), by the
 * same choice of exact and normal. NaN where a sample is empty; an interval that the data are too few for is infinite.
 */
export function hodgesLehmann(
  first: readonly number[],
  second: readonly number[],
  confidence = 0.95,
): Shift {
  const pairs = first.length * second.length;
  if (pairs === 0) return { shift: Number.NaN, low: Number.NaN, high: Number.NaN };
  const differences = orderedDifferences(first, second);
  const middle = (differences(Math.ceil(pairs / 2)) + differences(Math.floor(pairs / 2) + 1)) / 2;
  const left = leftOut(first, second, (1 - confidence) / 2);
  return {
    shift: middle,
    low: left < 1 ? Number.NEGATIVE_INFINITY : differences(left),
    high: left < 1 ? Number.POSITIVE_INFINITY : differences(pairs + 1 - left),
  };
}

/** The bounds are the k-th smallest and the k-th largest difference; 0: there are none. */
function leftOut(first: readonly number[], second: readonly number[], tail: number): number {
  const [n, m] = [first.length, second.length];
  if (mannWhitney(first, second).method === 'exact') {
    const shares = exactShares(n, m);
    let below = 0;
    let k = 0;
    // The largest k with P(U <= k - 1) <= tail.
    while (below + (shares[k] as number) <= tail) below += shares[k++] as number;
    return k;
  }
  const { ties } = rank([...first, ...second]);
  const margin = normalQuantile(tail) * rankDeviation(n, m, ties);
  return Math.max(0, Math.floor((n * m) / 2 - margin));
}

/**
 * The k-th smallest of all differences, k from 1. There are n·m of them: they are counted, not made. The smallest
 * double that is not exceeded by k differences is the k-th difference itself.
 */
function orderedDifferences(
  first: readonly number[],
  second: readonly number[],
): (k: number) => number {
  const a = Float64Array.from(first).sort();
  const b = Float64Array.from(second).sort();
  const atMost = (limit: number): number => {
    let count = 0;
    let from = 0;
    for (const value of b) {
      while (from < a.length && value - (a[from] as number) > limit) from++;
      count += a.length - from;
    }
    return count;
  };
  const least = (b[0] as number) - (a[a.length - 1] as number);
  const most = (b[b.length - 1] as number) - (a[0] as number);
  return (k) => {
    if (atMost(least) >= k) return least;
    let low = least;
    let high = most;
    for (;;) {
      const middle = low + (high - low) / 2;
      if (middle <= low || middle >= high) return high;
      if (atMost(middle) >= k) high = middle;
      else low = middle;
    }
  };
}
