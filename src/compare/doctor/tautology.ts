/** Two columns of which one is computed from the other: comparing them answers nothing. */
import type { DataFinding } from '../../model/bench/bench-comparison.js';
import { mean } from '../../stats/moments.js';
import type { Rule, Series } from './rule.js';

const PER_CONTAINER = '/per-container';
const TOTAL = '/total';
const LEAST_ROWS = 3;

/** Memory: in every line the total is the count times each, as far as the digits tell. */
export const findTautologies: Rule = (series) => {
  const memory = series.filter(({ dimension }) => dimension === 'memory');
  return memory.flatMap((each): Omit<DataFinding, 'platform'>[] => {
    if (!each.group.endsWith(PER_CONTAINER)) return [];
    const name = each.group.slice(0, -PER_CONTAINER.length);
    const count = Number(name);
    const total = memory.find(({ group }) => group === name + TOTAL);
    if (total === undefined || !(count > 1)) return [];
    const rows = rowsOf(each, total);
    // Digits are rounded or cut off: the study's are cut, so that 9.774 / 3 reads 3.25.
    const open = count * stepOf(each.values) + stepOf(total.values);
    const same = rows.filter(
      ([one, all]) => Math.abs(count * one - all) <= open * (1 + 1e-9),
    ).length;
    if (same < LEAST_ROWS || same < rows.length) return [];
    const saved = (1 - mean(total.values) / (count * mean(each.values))) * 100;
    return [
      {
        id: 'tautology',
        severity: 'wrong',
        dimension: 'memory',
        groups: [each.group, total.group],
        what: `in all ${rows.length} lines the total is ${count} × the value per container within ±${Number(open.toPrecision(2))} MB, which is what its last digit leaves open: one column is computed from the other`,
        effect: `a sharing of memory computed from them (${saved.toFixed(1)} %) is the rounding of one column, and comes out as 0 % on any machine: nothing follows about shared pages`,
        remedy:
          'measure the total on its own: the sum of PSS, or the memory of a cgroup that holds all containers',
      },
    ];
  });
};

function rowsOf(each: Series, total: Series): [number, number][] {
  const totals = new Map(
    total.summary.samples.map(({ iteration, value }) => [iteration, value] as const),
  );
  return each.summary.samples.flatMap(({ iteration, value }): [number, number][] => {
    const all = totals.get(iteration);
    return all === undefined ? [] : [[value, all]];
  });
}

/** What the last printed digit stands for: 0.01 of 3.25. */
export function stepOf(values: readonly number[]): number {
  let decimals = 0;
  for (const value of values) {
    const [, fraction = '', exponent = '0'] = /(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(`${value}`) ?? [];
    decimals = Math.max(decimals, fraction.length - Number(exponent));
  }
  return 10 ** -decimals;
}
