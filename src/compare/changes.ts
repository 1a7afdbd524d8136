/** What differs between platforms, the most important first: what a summary shows. */
import { raw } from '../base/foreign.js';
import {
  type Change,
  type ComparedGroup,
  directionOf,
  type GateOutcome,
  type GateStatistic,
  isSignificant,
  type TestOutcome,
} from '../model/bench/bench-comparison.js';
import { mean } from '../stats/moments.js';
import { quantile } from '../stats/summary.js';
import { valuesOf } from './groups.js';

/**
 * Gates that failed, then tests that are significant after correction in data that are not suspect; in each the largest
 * relative change first. A test of what a failed gate is about already is not there twice.
 */
export function changesOf(
  groups: readonly ComparedGroup[],
  tests: readonly TestOutcome[],
  gates: readonly GateOutcome[],
): Change[] {
  const failed = gates
    .filter(({ verdict }) => verdict === 'failed')
    .map((outcome) => ofGate(outcome, groups));
  const found = tests
    .filter((test) => isSignificant(test) && !test.suspect)
    .map((test) => ofTest(test, groups))
    .filter((change) => !failed.some((gate) => isSame(gate, change)));
  return [...failed.sort(bySize), ...found.sort(bySize)];
}

const isSame = (a: Change, b: Change): boolean =>
  a.dimension === b.dimension &&
  raw(a.group) === raw(b.group) &&
  a.first === b.first &&
  a.second === b.second;

const bySize = (a: Change, b: Change): number => sizeOf(b) - sizeOf(a);

/** Twice as much is as large a change as half as much; from nothing to something is the largest. */
function sizeOf({ from, difference }: Change): number {
  const { by, relative } = difference;
  const start = relative ? 1 : from;
  return Math.abs(by) / Math.max(Math.abs(start), Math.abs(start + by)) || 0;
}

function ofTest(test: TestOutcome, groups: readonly ComparedGroup[]): Change {
  const { dimension, unit, first, second, shift, shiftBounds, magnitude } = test;
  const group = groupOf(groups, dimension, raw(first.group));
  const median = (platform: number): number => group?.summaries[platform]?.median ?? Number.NaN;
  return {
    dimension,
    unit,
    group: first.group,
    first: first.platform,
    second: second.platform,
    from: median(first.platform),
    to: median(second.platform),
    difference: { by: shift, bounds: shiftBounds, relative: false },
    direction: directionOf(group?.better, shift),
    magnitude,
    gate: undefined,
  };
}

function ofGate(outcome: GateOutcome, groups: readonly ComparedGroup[]): Change {
  const { gate, group: name, platform, share, bounds } = outcome;
  const group = groupOf(groups, gate.dimension, raw(name));
  const value = (index: number): number =>
    statisticOf(valuesOf({ samples: group?.summaries[index]?.samples ?? [] }), gate.statistic);
  return {
    dimension: gate.dimension,
    unit: group?.unit ?? '',
    group: name,
    first: 0,
    second: platform,
    from: value(0),
    to: value(platform),
    difference: { by: share, bounds, relative: true },
    direction: directionOf(group?.better, share),
    magnitude: undefined,
    gate,
  };
}

const groupOf = (
  groups: readonly ComparedGroup[],
  dimension: string,
  name: string,
): ComparedGroup | undefined =>
  groups.find((each) => each.dimension === dimension && raw(each.group) === name);

const statisticOf = (values: readonly number[], statistic: GateStatistic): number =>
  statistic === 'mean' ? mean(values) : quantile(values, statistic.quantile);
