/** Values that take few different values: the measurement is coarser than what it measures. */
import type { DataFinding } from '../../model/bench/bench-comparison.js';
import { COUNTED, figure, type Rule } from './rule.js';
import { stepOf } from './tautology.js';

const LEAST_VALUES = 10;
/** Of all values; at least 3. */
const DISTINCT_SHARE = 0.15;
/** Memory is mapped by pages: what tells one page from the next is not too coarse for it. */
const PAGE_MB = 4096 / 1e6;

export const findFewDistinct: Rule = (series) =>
  series.flatMap(({ dimension, group, unit, values }): Omit<DataFinding, 'platform'>[] => {
    const distinct = [...new Set(values)].sort((a, b) => a - b);
    const few = Math.max(3, values.length * DISTINCT_SHARE);
    if (values.length < LEAST_VALUES || distinct.length > few) return [];
    if (COUNTED.includes(dimension)) return [];
    const steps = distinct.slice(1).map((value, index) => value - (distinct[index] as number));
    const resolution = steps.length === 0 ? stepOf(values) : Math.min(...steps);
    if (unit === 'MB' && resolution <= PAGE_MB * (1 + 1e-9)) return [];
    const step = steps.length === 0 ? '' : `, ${figure(resolution)} ${unit} apart at least`;
    return [
      {
        id: 'few-distinct',
        severity: 'doubtful',
        dimension,
        groups: [group],
        what: `${values.length} measurements take ${distinct.length} different value${distinct.length === 1 ? '' : 's'}${step}`,
        effect:
          'what is smaller than the step is not seen: deviation and intervals are those of rounding, and ties weaken the rank test',
        remedy: 'measure with more digits, or something larger',
      },
    ];
  });
