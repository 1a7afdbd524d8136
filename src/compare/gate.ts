/** `--fail-on`: its grammar, and what the data say to it. The interval decides, not the point. */

import { DitError, EXIT } from '../base/errors.js';
import { type Foreign, joinForeign, quoting, raw } from '../base/foreign.js';
import type {
  ComparedGroup,
  Gate,
  GateOutcome,
  GateStatistic,
  GroupSummary,
  Platform,
} from '../model/bench/bench-comparison.js';
import { relativeChange } from '../stats/change.js';
import { isDerived, resamplesOf, valuesOf } from './groups.js';

const GATE_GRAMMAR = 'DIMENSION.GROUP.STATISTIC>N% or <-N%: startup.warm.p50>5%';

/** A bootstrap of fewer values promises more than it knows. */
const LEAST_VALUES = 5;

/**
 * `dimension.group.statistic > N%`, or `< -N%`. The dimension ends at the first dot, the statistic begins after the last:
 * groups may hold dots. Statistics: mean, median, p1 … p99. @throws DitError
 */
export function parseGate(text: string): Gate {
  const [, dimension = '', group = '', name = '', sign = '', limit = ''] =
    /^\s*([a-z][a-z0-9-]*)\.(.+)\.([a-z0-9]+)\s*([<>])\s*([+-]?\d+(?:\.\d+)?)\s*%\s*$/.exec(text) ??
    [];
  const statistic = statisticNamed(name);
  if (statistic === undefined) {
    throw new DitError({
      code: 'option-value',
      exitCode: EXIT.usage,
      message: `invalid value '${text}' for --fail-on`,
      remedy: `use ${GATE_GRAMMAR}; statistics: mean, median, p1 to p99`,
    });
  }
  const beyond = sign === '>' ? 'above' : 'below';
  return { text, dimension, group, statistic, beyond, limit: Number(limit) / 100 };
}

function statisticNamed(name: string): GateStatistic | undefined {
  if (name === 'mean') return name;
  if (name === 'median') return { quantile: 0.5 };
  const [, percentile] = /^p([1-9]\d?)$/.exec(name) ?? [];
  return percentile === undefined ? undefined : { quantile: Number(percentile) / 100 };
}

/**
 * Each group that the gate means, each platform against the first.
 * @throws DitError where a gate means no group, or a platform has no value of it: a gate is never passed by absence
 */
export function judge(
  gates: readonly Gate[],
  groups: readonly ComparedGroup[],
  platforms: readonly Platform[],
): GateOutcome[] {
  if (gates.length > 0 && platforms.length < 2) {
    throw refused(
      '--fail-on compares with the first directory, and there is only one',
      'name two: dit compare BEFORE AFTER --fail-on …',
    );
  }
  return gates.flatMap((gate) => {
    const meant = groups.filter((each) => isMeant(gate, each));
    if (meant.length === 0) {
      const known = groups.map(({ dimension, group }) => quoting`${dimension}.${group}`);
      throw refused(
        `--fail-on '${gate.text}' means no group of the data`,
        quoting`these are there: ${joinForeign(known, ', ')}; a part of a group's name does`,
      );
    }
    return meant.flatMap(({ group, dimension, summaries }) => {
      const [first, ...others] = summaries.map((summary, platform) => {
        if (summary !== undefined && summary.samples.length > 0) return summary;
        throw refused(
          quoting`"${platforms[platform]?.path ?? ''}" holds no value of ${dimension} "${group}", which --fail-on asks for`,
          `measure it: dit bench ${dimension}`,
        );
      });
      return others.map((other, index) => ({
        gate,
        group,
        platform: index + 1,
        ...decide(gate, first as GroupSummary, other),
      }));
    });
  });
}

/** Who sets a limit to a group has not set it to what is derived from that. */
const isMeant = (gate: Gate, { dimension, group }: ComparedGroup): boolean =>
  gate.dimension === dimension &&
  (group === gate.group || (!isDerived(group) && raw(group).split('/').includes(gate.group)));

function decide(
  { statistic, beyond, limit }: Gate,
  first: GroupSummary,
  second: GroupSummary,
): Pick<GateOutcome, 'verdict' | 'share' | 'bounds' | 'reason'> {
  const { share, low, high } = relativeChange(valuesOf(first), valuesOf(second), statistic, {
    resamples: resamplesOf(Math.max(first.samples.length, second.samples.length)),
  });
  const outcome = { share, bounds: { low, high } };
  const undecided = (reason: string) => ({ ...outcome, verdict: 'undecided' as const, reason });
  const tail = statistic === 'mean' ? 0.5 : Math.min(statistic.quantile, 1 - statistic.quantile);
  const needed = Math.max(LEAST_VALUES, Math.ceil(1 / tail - 1e-9));
  const least = Math.min(first.samples.length, second.samples.length);
  if (least < needed) return undecided(`${least} values are too few: ${needed} are needed`);
  if (Number.isNaN(low)) return undecided('there is no share of 0');
  const [all, none] =
    beyond === 'above' ? [low > limit, high <= limit] : [high < limit, low >= limit];
  if (all) return { ...outcome, verdict: 'failed', reason: '' };
  if (none) return { ...outcome, verdict: 'held', reason: '' };
  return undecided('the limit lies within the interval: more iterations would tell');
}

function refused(message: Foreign, remedy: Foreign): DitError {
  return new DitError({ code: 'gate', exitCode: EXIT.usage, message, remedy });
}
