/** Values that depend on when they were taken: a trend over the run, or a first one that stands alone. */
import type { DataFinding } from '../../model/bench/bench-comparison.js';
import { trend } from '../../stats/trend.js';
import { figure, percent, type Rule, type Series } from './rule.js';

const LEAST_VALUES = 10;
/** Of dozens of groups a few trend by chance. */
const TREND_P = 0.01;
const TREND_TAU = 0.3;

export const findDrift: Rule = (series) => [...series.flatMap(drift), ...warmUp(series)];

function drift({
  dimension,
  group,
  unit,
  values,
  summary,
}: Series): Omit<DataFinding, 'platform'>[] {
  if (values.length < LEAST_VALUES) return [];
  const { tau, p, slope } = trend(values);
  if (p >= TREND_P || Math.abs(tau) < TREND_TAU) return [];
  const whole = slope * (values.length - 1);
  return [
    {
      id: 'drift',
      severity: 'doubtful',
      dimension,
      groups: [group],
      what: `the values ${tau > 0 ? 'rise' : 'fall'} over the run: by ${figure(Math.abs(whole))} ${unit} from the first to the last of ${values.length}${summary.median > 0 ? `, ${percent(Math.abs(whole) / summary.median)} of the median` : ''} (Kendall's tau ${tau.toFixed(2)}, p ${p < 0.0001 ? 'below 0.0001' : p.toFixed(4)})`,
      effect:
        'the values are not drawn from one distribution: the intervals are too narrow, and what was measured later is compared with what was measured earlier',
      remedy: 'measure in random order (dit bench does), and find what changes with time',
    },
  ];
}

const NAMED = 3;

/**
 * First values are outliers more often than the others are (by three standard deviations of a count). One note a platform:
 * it is the way of measuring.
 */
function warmUp(series: readonly Series[]): Omit<DataFinding, 'platform'>[] {
  const enough = series.filter(({ values }) => values.length >= LEAST_VALUES);
  const first = enough
    .flatMap((each) => {
      const { iteration } = each.summary.samples[0] ?? {};
      const outlier = each.summary.outliers.find((one) => one.iteration === iteration);
      return outlier === undefined ? [] : [{ each, outlier }];
    })
    .sort((a, b) => Math.abs(b.outlier.score) - Math.abs(a.outlier.score));
  const [worst] = first;
  const sum = (of: (each: Series) => number): number =>
    enough.reduce((total, each) => total + of(each), 0);
  const others = sum(({ summary }) => summary.outliers.length) - first.length;
  const expected = (enough.length * others) / sum(({ values }) => values.length - 1);
  if (worst === undefined || first.length <= expected + 3 * Math.sqrt(expected)) return [];
  const named = first.slice(0, NAMED).map(({ each, outlier: { value } }) => {
    const { dimension, group, unit, summary } = each;
    return `${dimension} "${group}" with ${figure(value)} ${unit} (median ${figure(summary.median)})`;
  });
  const rest = first.length > NAMED ? ` and ${first.length - NAMED} more` : '';
  return [
    {
      id: 'warm-up',
      severity: 'note',
      dimension: worst.each.dimension,
      groups: [worst.each.group],
      what: `${first.length} of ${series.length} groups ${first.length === 1 ? 'begins' : 'begin'} with an outlier: ${named.join(', ')}${rest}`,
      effect: 'there was no warm-up, or too little: the means hold what only a first run takes',
      remedy: 'look at the medians, or measure with a longer warm-up: dit bench --warmup',
    },
  ];
}
