/** Values of two units in one column: "1.1 GB/s" and "194 MB/s" read as 1.1 and 194. */
import { mean } from '../../stats/moments.js';
import { median } from '../../stats/summary.js';
import { byDimension, figure, percent, type Rule, type Series } from './rule.js';

/** Units of one kind are 1000 or 1024 apart; values of one thing in one unit seldom are. */
const FACTOR = 1000;
const LEAST_FACTOR = 500;
const MOST_FACTOR = 2000;
/** Between the clusters; each is narrower than that. */
const LEAST_GAP = 20;

/** Both ascend. */
interface Clusters {
  readonly low: readonly number[];
  readonly high: readonly number[];
}

export const findMixedUnits: Rule = (series) =>
  [...byDimension(series).values()].flatMap((dimension) => {
    const split = dimension.map((each) => ({ each, clusters: clustersOf(each.values) }));
    const sure = split.filter(({ clusters }) => clusters !== undefined && isThousand(clusters));
    if (sure.length === 0) return [];
    const lows = sure.flatMap(({ clusters }) => clusters?.low ?? []).sort((a, b) => a - b);
    const mixed = split.flatMap(({ each, clusters }) =>
      clusters !== undefined && (isThousand(clusters) || isAmong(clusters.low, lows))
        ? [{ each, clusters }]
        : [],
    );
    return mixed.map(({ each, clusters: { low, high } }) => {
      const { dimension: name, group, unit } = each;
      const all = each.values.length;
      const repaired = repairedMean(each, low);
      return {
        id: 'mixed-units' as const,
        severity: 'wrong' as const,
        dimension: name,
        groups: [group],
        what: `${low.length} of ${all} values ${lie(low.length)} ${span(low)} ${unit}, the other ${high.length} ${span(high)}: a factor of ${figure(median(high) / median(low))} apart, with nothing between`,
        effect: `if the low ${low.length === 1 ? 'one is' : 'ones are'} of a unit ${FACTOR} times larger (GB/s read as MB/s), the mean of ${figure(mean(each.values))} ${unit} is ${figure(repaired)} ${unit} in truth${ratioEffect(each, dimension, mixed)}; mean, deviation and every test of this group say nothing`,
        remedy:
          'read the unit of each value where it was measured; nothing is corrected here, and no value dropped',
      };
    });
  });

const lie = (count: number): string => (count === 1 ? 'lies' : 'lie');

/** "at 1.1", "from 1 to 1.4". */
function span(sorted: readonly number[]): string {
  const [least = 0, most = 0] = [sorted[0], sorted.at(-1)];
  return least === most ? `at ${figure(least)}` : `from ${figure(least)} to ${figure(most)}`;
}

/** The widest gap between neighbours, if both sides are narrower. */
function clustersOf(values: readonly number[]): Clusters | undefined {
  const sorted = values.filter((value) => value > 0).sort((a, b) => a - b);
  let at = 0;
  let gap = 0;
  for (let i = 1; i < sorted.length; i++) {
    const ratio = (sorted[i] as number) / (sorted[i - 1] as number);
    if (ratio > gap) [at, gap] = [i, ratio];
  }
  const low = sorted.slice(0, at);
  const high = sorted.slice(at);
  if (gap < LEAST_GAP || spread(low) > gap || spread(high) > gap) return undefined;
  return { low, high };
}

const spread = (sorted: readonly number[]): number => (sorted.at(-1) ?? 1) / (sorted[0] ?? 1);

function isThousand({ low, high }: Clusters): boolean {
  const factor = median(high) / median(low);
  return factor >= LEAST_FACTOR && factor <= MOST_FACTOR;
}

/** In a neighbour of a column with the fault, the same low values are the same fault. Both ascend. */
const isAmong = (low: readonly number[], lows: readonly number[]): boolean =>
  (low[0] ?? 0) >= (lows[0] ?? 0) / 2 && (low.at(-1) ?? 0) <= (lows.at(-1) ?? 0) * 2;

function repairedMean({ values }: Series, low: readonly number[]): number {
  const most = low.at(-1) ?? 0;
  return mean(values.map((value) => (value > 0 && value <= most ? value * FACTOR : value)));
}

/** What becomes of the ratio that the dimension is measured for: of the group to the other one, or of the other to it. */
function ratioEffect(
  each: Series,
  dimension: readonly Series[],
  mixed: readonly { readonly each: Series; readonly clusters: Clusters }[],
): string {
  const [first, second] = dimension;
  if (first === undefined || second === undefined || dimension.length !== 2) return '';
  if (each !== first) return '';
  const repaired = (series: Series): number =>
    repairedMean(series, mixed.find((one) => one.each === series)?.clusters.low ?? []);
  const ratio = mean(first.values) / mean(second.values);
  const inTruth = repaired(first) / repaired(second);
  const turned = ratio < 1 !== inTruth < 1 ? ', the other way round' : '';
  return `, and "${first.group}" is ${percent(inTruth)} of "${second.group}", not ${percent(ratio)}${turned}`;
}
