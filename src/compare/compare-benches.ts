/** Benchmark directories side by side. */

import { DitError, EXIT } from '../base/errors.js';
import { quoting } from '../base/foreign.js';
import type { BenchComparison, Gate, Platform } from '../model/bench/bench-comparison.js';
import { changesOf } from './changes.js';
import { examine } from './doctor.js';
import { judge } from './gate.js';
import { compareGroups, withDeviations } from './groups.js';
import { testModes, testPlatforms } from './rank-tests.js';

/** @throws DitError where platforms have one name or measure in different units, and where a gate cannot be judged */
export function compareBenches(
  platforms: readonly Platform[],
  gates: readonly Gate[],
): BenchComparison {
  checkNames(platforms);
  checkUnits(platforms);
  const groups = compareGroups(platforms.map(({ bench }) => withDeviations(bench)));
  const findings = examine(platforms, groups);
  const tests = testPlatforms(groups, findings);
  const outcomes = judge(gates, groups, platforms);
  return {
    platforms,
    findings,
    groups,
    tests,
    modes: testModes(groups, findings),
    gates: outcomes,
    changes: changesOf(groups, tests, outcomes),
  };
}

function checkNames(platforms: readonly Platform[]): void {
  for (const [index, { name, path }] of platforms.entries()) {
    const same = platforms.slice(0, index).find((other) => other.name === name);
    if (same === undefined) continue;
    throw new DitError({
      code: 'platform-clash',
      exitCode: EXIT.usage,
      message: quoting`"${same.path}" and "${path}" are both of the platform "${name}"`,
      remedy: `name one: dit compare "${same.path}" "other=${path}"`,
    });
  }
}

function checkUnits(platforms: readonly Platform[]): void {
  const units = new Map<string, { unit: string; path: string }>();
  for (const { bench, path } of platforms) {
    for (const { name, unit } of bench.dimensions) {
      const before = units.get(name) ?? { unit, path };
      units.set(name, before);
      if (before.unit === unit) continue;
      throw new DitError({
        code: 'unit-clash',
        exitCode: EXIT.usage,
        message: `"${before.path}" measures ${name} in ${before.unit}, "${path}" in ${unit}`,
        remedy: 'measure both with the same release of dit',
      });
    }
  }
}
