/** Intervals that claim what cannot be, or more than the data hold. */
import type { DataFinding } from '../../model/bench/bench-comparison.js';
import { COUNTED, figure, percent, type Rule, type Series } from './rule.js';

/** Half of the interval, of the mean. */
const TIGHT = 0.02;
const LEAST_VALUES = 20;

/** A symmetric interval of the mean that reaches below 0, of what is never negative. */
export const findImpossibleIntervals: Rule = (series) =>
  series.flatMap((each): Omit<DataFinding, 'platform'>[] => {
    const { dimension, group, unit, summary } = each;
    if (!(summary.meanBounds.low < 0) || summary.min < 0) return [];
    if (COUNTED.includes(dimension)) return [];
    return [
      {
        id: 'impossible-interval',
        severity: 'doubtful',
        dimension,
        groups: [group],
        what: `the 95 % interval of the mean is [${figure(summary.meanBounds.low)}, ${figure(summary.meanBounds.high)}] ${unit}, and no value is below 0`,
        effect: `the mean of ${figure(summary.mean)} ${unit} follows a few values (the median is ${figure(summary.median)}), and its interval does not hold`,
        remedy: 'use the median and its interval, and look at the outliers',
      },
    ];
  });

/** One note a platform: the interval tells how well one machine was measured on one day, and no more. */
export const findTightIntervals: Rule = (series) => {
  const tight = series.filter(
    ({ values, summary }) => values.length >= LEAST_VALUES && widthOf(summary) < TIGHT,
  );
  const [first] = tight;
  if (first === undefined) return [];
  const tightest = tight.reduce((a, b) => (widthOf(b.summary) < widthOf(a.summary) ? b : a));
  return [
    {
      id: 'tight-interval',
      severity: 'note',
      dimension: tightest.dimension,
      groups: [tightest.group],
      what: `${tight.length} of ${series.length} groups ${tight.length === 1 ? 'has' : 'have'} an interval of less than ±${percent(TIGHT)} of their mean, ${tightest.dimension} "${tightest.group}" ±${percent(widthOf(tightest.summary))}, from one run on one machine`,
      effect:
        'they say how well this machine was measured that day; of other machines of its kind, other days and other loads they say nothing, so a difference of platforms may be one of machines',
      remedy: 'measure several machines, or on several days, and compare those',
    },
  ];
};

const widthOf = ({ meanBounds, mean }: Series['summary']): number =>
  mean > 0 ? (meanBounds.high - mean) / mean : Number.POSITIVE_INFINITY;
