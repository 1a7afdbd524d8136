/**
 * The data doctor: what is wrong with the values themselves, before any statistic is believed. It changes nothing; each
 * rule says what it saw, what that does to a conclusion, and what to do.
 */
import { raw } from '../base/foreign.js';
import type { ComparedGroup, DataFinding, Platform } from '../model/bench/bench-comparison.js';
import { findCensored } from './doctor/censored.js';
import { findDrift } from './doctor/drift.js';
import { findImpossibleIntervals, findTightIntervals } from './doctor/intervals.js';
import { findMixedUnits } from './doctor/mixed-units.js';
import { findOtherMethods } from './doctor/other-method.js';
import { findFewDistinct } from './doctor/resolution.js';
import type { Rule, Series } from './doctor/rule.js';
import { findTautologies } from './doctor/tautology.js';
import { isDerived } from './groups.js';

/** In the order of what they do to conclusions. */
const RULES: readonly Rule[] = [
  findMixedUnits,
  findCensored,
  findTautologies,
  findImpossibleIntervals,
  findDrift,
  findFewDistinct,
  findTightIntervals,
];

/** In the order of severity, then of the rules, then of the platforms. */
export function examine(
  platforms: readonly Platform[],
  groups: readonly ComparedGroup[],
): DataFinding[] {
  const found = [
    ...findOtherMethods(platforms, groups),
    ...RULES.flatMap((rule) =>
      platforms.flatMap((_, platform) =>
        rule(seriesOf(groups, platform)).map((finding) => ({ ...finding, platform })),
      ),
    ),
  ];
  return (['wrong', 'doubtful', 'note'] as const).flatMap((severity) =>
    found.filter((finding) => finding.severity === severity),
  );
}

function seriesOf(groups: readonly ComparedGroup[], platform: number): Series[] {
  return groups
    .filter(({ group }) => !isDerived(group))
    .flatMap(({ dimension, unit, group, summaries }) => {
      const summary = summaries[platform];
      return summary === undefined || summary.samples.length === 0
        ? []
        : [
            {
              dimension,
              unit,
              group: raw(group),
              summary,
              values: summary.samples.map(({ value }) => value),
            },
          ];
    });
}
