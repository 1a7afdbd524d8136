/** Benchmarks made of numbers, for tests of the comparison. */
import type { Bench, BenchDimension } from '../../src/model/bench/bench.js';
import type { Platform } from '../../src/model/bench/bench-comparison.js';
import { randomFrom } from '../../src/stats/random.js';

/** Values by group; every sample in the order of the groups' turns. */
export function dimensionOf(
  name: string,
  values: Readonly<Record<string, readonly number[]>>,
  unit: BenchDimension['unit'] = 'ms',
): BenchDimension {
  const groups = Object.keys(values);
  const samples = groups.flatMap((group, turn) =>
    (values[group] ?? []).map((value, index) => ({
      iteration: index + 1,
      group,
      value,
      order: index * groups.length + turn,
    })),
  );
  return { name, unit, better: 'lower', groups, samples };
}

export function benchOf(platform: string, ...dimensions: readonly BenchDimension[]): Bench {
  return {
    schema: 'dit.bench/1',
    platform,
    seed: 7,
    environment: { host: { kernel: '6.8.0' }, engine: { version: '28.5.0' } },
    started: '2026-02-15T00:48:41Z',
    ended: '2026-02-15T01:48:41Z',
    dimensions,
    notes: [],
  };
}

export const platformOf = (name: string, ...dimensions: readonly BenchDimension[]): Platform => ({
  name,
  path: `/benches/${name}`,
  source: 'bench.json',
  bench: benchOf(name, ...dimensions),
});

/** Bell-shaped, around `centre` with a deviation of about 3 % of it; two decimals. */
export function valuesAround(centre: number, n: number, seed: number): number[] {
  const random = randomFrom(seed);
  return Array.from({ length: n }, () => {
    const bell = random() + random() + random() + random() - 2;
    return Math.round(centre * (1 + 0.05 * bell) * 100) / 100;
  });
}
