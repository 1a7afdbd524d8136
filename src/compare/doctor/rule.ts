/** What a rule of the data doctor is given and answers, and how it speaks of numbers. */
import { formatCount } from '../../base/count.js';
import type { BenchUnit } from '../../model/bench/bench.js';
import type { DataFinding, GroupSummary } from '../../model/bench/bench-comparison.js';

/** The values of one group on one platform, at least one. */
export interface Series {
  readonly dimension: string;
  readonly unit: BenchUnit;
  readonly group: string;
  readonly summary: GroupSummary;
  readonly values: readonly number[];
}

/** Given all series of one platform. */
export type Rule = (series: readonly Series[]) => Omit<DataFinding, 'platform'>[];

/**
 * Dimensions of dit's own that count what the kernel counts (periods, pages), or are parts of a whole: 0 and equal values
 * are what there was.
 */
export const COUNTED: readonly string[] = [
  'cpu-throttled-periods',
  'memory-charged',
  'pull-parts',
  'startup-phases',
];

/** Series by their dimension, in order. */
export function byDimension(series: readonly Series[]): Map<string, Series[]> {
  const dimensions = new Map<string, Series[]>();
  for (const each of series) {
    const list = dimensions.get(each.dimension) ?? [];
    list.push(each);
    dimensions.set(each.dimension, list);
  }
  return dimensions;
}

/** "21.4", "1,070", "0.0163": three significant digits and all before the point. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return '-';
  if (Math.abs(value) < 100) return String(Number(value.toPrecision(3)));
  return formatCount(value);
}

/** 0.112 → "11 %". */
export const percent = (share: number): string =>
  `${Math.abs(share) < 0.0995 ? Number((100 * share).toPrecision(2)) : Math.round(100 * share)} %`;
