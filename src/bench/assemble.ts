/** The benchmark's data, from the lines of its journal. */
import { own } from '../base/own.js';
import {
  BENCH_SCHEMA,
  type Bench,
  type BenchSample,
  CSV_DIMENSION_FACTS,
  type MissingSample,
} from '../model/bench/bench.js';
import { type Given, planLength } from './contract/plan.js';
import type { JournalContent } from './journal.js';

/** A kernel without some kind of namespace, a source that sees no phases. */
const UNTOLD = 'the measurement was taken, but did not report this';

export function assembleBench({ head, steps, notes }: JournalContent): Bench {
  const given = new Map(head.measurements.map(({ name, gives }) => [name, gives]));
  const parts = new Map<string, { samples: BenchSample[]; missing: MissingSample[] }>();
  const groups = groupsOf(head.measurements.flatMap(({ gives }) => gives));
  for (const name of groups.keys()) parts.set(name, { samples: [], missing: [] });
  for (const { place, measurement, iteration, at, readings, failure } of steps) {
    for (const { dimension, group, value } of readings) {
      parts.get(dimension)?.samples.push({ iteration, group, value, order: place, at });
    }
    for (const { dimension, group } of given.get(measurement) ?? []) {
      const told = readings.some((each) => each.dimension === dimension && each.group === group);
      if (told) continue;
      const reason = failure ?? UNTOLD;
      parts.get(dimension)?.missing.push({ iteration, group, reason });
    }
  }
  const complete = steps.length === planLength(head.measurements);
  const last = steps.at(-1);
  return {
    schema: BENCH_SCHEMA,
    platform: head.settings.platform,
    seed: head.settings.seed,
    environment: head.environment,
    started: head.started,
    ended:
      complete && last !== undefined ? new Date(Math.round(last.at + last.ms)).toISOString() : '',
    dimensions: [...parts].flatMap(([name, part]) => {
      const known = own(head.facts, name);
      if (known === undefined) return [];
      return { name, ...known, groups: [...(groups.get(name) ?? [])], ...part };
    }),
    notes,
  };
}

/** Those of the nine first, in their order; each with its groups. */
function groupsOf(given: readonly Given[]): Map<string, Set<string>> {
  const order = Object.keys(CSV_DIMENSION_FACTS);
  const names = [...order, ...given.map(({ dimension }) => dimension)];
  const groups = new Map<string, Set<string>>();
  for (const name of new Set(names)) {
    const own = given.filter(({ dimension }) => dimension === name);
    if (own.length > 0) groups.set(name, new Set(own.map(({ group }) => group)));
  }
  return groups;
}
