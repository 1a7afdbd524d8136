/** Zeros that stand for something else: a difference of two noisy measurements that came out negative. */
import { byDimension, COUNTED, figure, percent, type Rule, type Series } from './rule.js';

/** Of a dimension whose value may honestly be 0. */
const MAY_BE_ZERO: readonly string[] = ['cpu', ...COUNTED];
/** One in ten changes a mean; a single one says what the others are. */
const WRONG_SHARE = 0.1;

export const findCensored: Rule = (series) =>
  [...byDimension(series).values()].flatMap((dimension) =>
    dimension.flatMap((each) => {
      const { dimension: name, group, unit, values, summary } = each;
      const zeros = values.filter((value) => value === 0).length;
      if (zeros === 0 || MAY_BE_ZERO.includes(name)) return [];
      const share = zeros / values.length;
      const least = values.reduce((a, b) => (b > 0 && b < a ? b : a), Number.POSITIVE_INFINITY);
      const rest = Number.isFinite(least)
        ? `; the smallest other value is ${figure(least)} ${unit}`
        : '';
      return [
        {
          id: 'censored' as const,
          severity: share >= WRONG_SHARE ? ('wrong' as const) : ('doubtful' as const),
          dimension: name,
          groups: [group],
          what: `${zeros} of ${values.length} values ${zeros === 1 ? 'is' : 'are'} exactly 0 (${percent(share)})${rest}: what was negative or not measured was set to 0, because nothing takes no time`,
          effect: `the mean of ${figure(summary.mean)} ${unit} is too high by what was cut off and the deviation too small${summary.median === 0 ? '; the median of 0 means that half of the runs measured noise' : ''}${pairEffect(each, dimension)}`,
          remedy:
            'keep the negative values, and measure inside the container so that no start has to be subtracted',
        },
      ];
    }),
  );

function pairEffect(each: Series, dimension: readonly Series[]): string {
  const [first, second] = dimension;
  if (first === undefined || second === undefined || dimension.length !== 2) return '';
  const change = first.summary.mean / second.summary.mean - 1;
  if (!Number.isFinite(change)) return '';
  const other = each === first ? second : first;
  const sign = change > 0 ? '+' : '-';
  return `; "${first.group}" against "${second.group}", ${sign}${percent(Math.abs(change))} by the means, rests on it${other.values.includes(0) ? ' on both sides' : ''}`;
}
