/**
 * The rank test of two samples by Mann and Whitney (Annals of Mathematical Statistics 18(1), 1947), two-sided.
 *
 * Exact where no two values tie and neither sample has more than EXACT_AT_MOST values. Else the normal
 * approximation with the variance corrected for ties (Hollander, Wolfe and Chicken, Nonparametric Statistical
 * Methods, 3rd ed. 2014, section 4.1) and a continuity correction of 1/2.
 */
import { normalTail } from './distributions.js';
import { rank } from './ranks.js';

const EXACT_AT_MOST = 25;

export interface MannWhitney {
  /** Of the first sample: how many pairs it wins, ties counting half. */
  readonly u: number;
  /** Two-sided; 1 where all values are equal; NaN where a sample is empty. */
  readonly p: number;
  readonly method: 'exact' | 'normal';
}

export function mannWhitney(first: readonly number[], second: readonly number[]): MannWhitney {
  const [n, m] = [first.length, second.length];
  const { ranks, ties } = rank([...first, ...second]);
  let u = (-n * (n + 1)) / 2;
  for (let i = 0; i < n; i++) u += ranks[i] as number;
  const exact = ties === 0 && n <= EXACT_AT_MOST && m <= EXACT_AT_MOST;
  const method = exact ? 'exact' : 'normal';
  if (n === 0 || m === 0) return { u, p: Number.NaN, method };
  const larger = Math.max(u, n * m - u);
  if (exact) return { u, p: Math.min(1, 2 * exactTail(n, m, larger)), method };
  const deviation = rankDeviation(n, m, ties);
  const p =
    deviation === 0 ? 1 : Math.min(1, 2 * normalTail((larger - (n * m) / 2 - 0.5) / deviation));
  return { u, p, method };
}

/** Standard deviation of U where the samples do not differ. @param ties Σ (t³ - t) */
export function rankDeviation(n: number, m: number, ties: number): number {
  const all = n + m;
  if (all < 2) return 0;
  return Math.sqrt(((n * m) / 12) * (all + 1 - ties / (all * (all - 1))));
}

/** P(U >= u) without ties. */
function exactTail(n: number, m: number, u: number): number {
  const shares = exactShares(n, m);
  let tail = 0;
  for (let at = Math.ceil(u); at < shares.length; at++) tail += shares[at] as number;
  return tail;
}

/**
 * P(U = u) for u from 0 to nm, without ties: Mann and Whitney's recurrence, in shares rather than counts, of which
 * doubles hold few exactly. The largest value is of the first sample with n/(n+m), and then beats all m of the other.
 */
export function exactShares(n: number, m: number): Float64Array {
  // row[j]: the shares of i values against j.
  let row = Array.from({ length: m + 1 }, () => Float64Array.of(1));
  for (let i = 1; i <= n; i++) {
    const next = [Float64Array.of(1)];
    for (let j = 1; j <= m; j++) {
      const shares = new Float64Array(i * j + 1);
      const fromFirst = row[j] as Float64Array;
      const fromSecond = next[j - 1] as Float64Array;
      for (const [u, share] of fromFirst.entries()) shares[u + j] = (share * i) / (i + j);
      for (const [u, share] of fromSecond.entries()) {
        shares[u] = (shares[u] as number) + (share * j) / (i + j);
      }
      next.push(shares);
    }
    row = next;
  }
  return row[m] as Float64Array;
}
