/**
 * Whole commands on mutated files, from a seed. DIT_MUTATIONS=100000 tries more, DIT_SEED=N others; a seed that fails
 * is tried again by: npx tsx tests/fuzz/fuzz.ts 1 SEED
 */
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DIT } from '../support/run-dit.js';
import { runCases } from './run-cases.js';

/** About a minute on two CPUs. */
const COUNT = Number(process.env.DIT_MUTATIONS ?? 1_500);
const FIRST = Number(process.env.DIT_SEED ?? 1);
/** Per case, with all the time that a busy machine may need: what hangs is ended long before. */
const BOUND_MS = 600_000 + COUNT * 1_000;

it(`keeps what is promised on ${COUNT} mutated files`, { timeout: BOUND_MS }, async () => {
  const { cases, byExit, faults } = await runCases({
    first: FIRST,
    count: COUNT,
    workers: Math.min(4, availableParallelism()),
    program: DIT,
    keepIn: join(tmpdir(), 'dit-fuzz-faults'),
  });
  expect(faults).toEqual([]);
  expect(cases).toBe(COUNT);
  // Nothing is tried where everything is refused.
  expect(byExit.get(0) ?? 0).toBeGreaterThan(cases / 4);
});
