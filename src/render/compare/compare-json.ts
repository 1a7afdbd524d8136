/** A comparison as one JSON document: every figure unrounded, every value in it; what is no number is null. */

import { safeJson } from '../../base/escape.js';
import type { Foreign } from '../../base/foreign.js';
import {
  type BenchComparison,
  type Bounds,
  SIGNIFICANT,
  type Side,
  type TestOutcome,
} from '../../model/bench/bench-comparison.js';

export function compareJson(comparison: BenchComparison): string {
  const { platforms, findings, groups, tests, modes, gates } = comparison;
  const nameOf = (platform: number): Foreign => platforms[platform]?.name ?? '';
  const side = ({ platform, group }: Side): Record<string, unknown> => ({
    platform: nameOf(platform),
    group,
  });
  const test = (outcome: TestOutcome): Record<string, unknown> => ({
    dimension: outcome.dimension,
    unit: outcome.unit,
    first: side(outcome.first),
    second: side(outcome.second),
    u: outcome.u,
    p: outcome.p,
    method: outcome.method,
    p_corrected: outcome.corrected,
    significant: outcome.corrected < SIGNIFICANT,
    suspect: outcome.suspect,
    cliffs_delta: outcome.delta,
    magnitude: outcome.magnitude,
    shift: outcome.shift,
    shift_95: pair(outcome.shiftBounds),
  });
  const document = {
    schema: 'dit.compare/1',
    platforms: platforms.map(({ name, path, bench }) => ({
      name,
      path,
      started: bench.started,
      ended: bench.ended,
      seed: bench.seed,
      environment: bench.environment,
      notes: bench.notes,
    })),
    findings: findings.map(({ platform, ...finding }) => ({
      ...finding,
      platform: nameOf(platform),
    })),
    groups: groups.flatMap(({ dimension, unit, better, group, summaries }) =>
      summaries.flatMap((summary, platform) =>
        summary === undefined
          ? []
          : [
              {
                dimension,
                group,
                platform: nameOf(platform),
                unit,
                better,
                n: summary.samples.length,
                missing: summary.missing,
                mean: summary.mean,
                mean_95: pair(summary.meanBounds),
                median: summary.median,
                median_95: pair(summary.medianBounds),
                sd: summary.sd,
                min: summary.min,
                max: summary.max,
                study: {
                  median: summary.study.median,
                  margin_95: summary.study.margin,
                },
                outliers: summary.outliers,
                values: summary.samples.map(({ iteration, value }) => ({ iteration, value })),
              },
            ],
      ),
    ),
    tests: tests.map(test),
    modes: modes.map(test),
    gates: gates.map(({ gate, group, platform, verdict, share, bounds, reason }) => ({
      gate: gate.text,
      group,
      first: nameOf(0),
      second: nameOf(platform),
      verdict,
      change: share,
      change_95: pair(bounds),
      reason,
    })),
  };
  return `${safeJson(document, 2)}\n`;
}

const pair = ({ low, high }: Bounds): readonly number[] => [low, high];
