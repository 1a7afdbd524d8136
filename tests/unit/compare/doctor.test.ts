/** Each rule of the data doctor on data made to have the fault, and on data that have none. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compareBenches } from '../../../src/compare/compare-benches.js';
import type { BenchDimension } from '../../../src/model/bench/bench.js';
import { type DataFinding, FINDING_IDS } from '../../../src/model/bench/bench-comparison.js';
import { packagePath } from '../../../src/platform/package-files.js';
import { dimensionOf, platformOf, valuesAround } from '../../support/made-benches.js';

const examined = (...dimensions: readonly BenchDimension[]): readonly DataFinding[] =>
  compareBenches([platformOf('one', ...dimensions)], []).findings;
const ids = (...dimensions: readonly BenchDimension[]): string[] =>
  examined(...dimensions).map(({ id }) => id);

it('is documented, rule by rule', () => {
  const table = readFileSync(packagePath('docs/bench.md'), 'utf8');
  expect([...table.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, id]) => id).sort()).toEqual(
    [...FINDING_IDS].sort(),
  );
});

it('says nothing of sound data', () => {
  const values = valuesAround(500, 12, 1);
  expect(ids(dimensionOf('startup', { 'alpine/warm': values }))).toEqual([]);
});

describe('mixed units', () => {
  const write = (values: readonly number[]): BenchDimension =>
    dimensionOf('write', { overlayfs: values, volume: valuesAround(200, 20, 2) }, 'MB/s');

  it('are two clusters a factor of about 1000 apart', () => {
    const mixed = [...valuesAround(1.2, 18, 3), ...valuesAround(980, 2, 4)];
    expect(examined(write(mixed))[0]).toMatchObject({
      id: 'mixed-units',
      severity: 'wrong',
      groups: ['overlayfs'],
      what: expect.stringMatching(/^18 of 20 values lie from /),
      effect: expect.stringContaining('the other way round'),
    });
  });

  it('are not a factor of 30, and not a wide distribution', () => {
    const factor30 = [...valuesAround(10, 10, 3), ...valuesAround(300, 10, 4)];
    const wide = Array.from({ length: 20 }, (_, index) => 2 ** index);
    expect(ids(write(factor30))).not.toContain('mixed-units');
    expect(ids(write(wide))).not.toContain('mixed-units');
  });
});

describe('zeros', () => {
  const metadata = (values: readonly number[]): BenchDimension =>
    dimensionOf('metadata', { 'overlayfs/500': values });

  it('are wrong where they are many, doubtful where they are few', () => {
    expect(examined(metadata([0, 0, 0, ...valuesAround(50, 9, 1)]))[0]).toMatchObject({
      id: 'censored',
      severity: 'wrong',
    });
    expect(examined(metadata([...valuesAround(50, 30, 1), 0]))[0]).toMatchObject({
      id: 'censored',
      severity: 'doubtful',
    });
  });

  it('are what there was where the kernel counts, as equal values are', () => {
    const counted = [0, 0, 0, 0, 0, 0, 0, 0, 0, 100];
    expect(ids(dimensionOf('cpu-throttled-periods', { '150%': counted }, '%'))).toEqual([]);
    expect(ids(dimensionOf('startup', { 'a/warm': counted }))).toEqual(
      expect.arrayContaining(['censored', 'few-distinct', 'impossible-interval']),
    );
  });

  it('are missed where negative values were kept', () => {
    expect(ids(metadata([-3, 2, -1, 4, 1, 3, -2, 5]))).not.toContain('censored');
  });
});

describe('memory', () => {
  const memory = (each: readonly number[], total: readonly number[]): BenchDimension =>
    dimensionOf('memory', { '3/per-container': each, '3/total': total }, 'MB');
  const each = [3.25, 3.3, 3.27, 3.31, 3.24];

  it('that is counted by multiplying is a tautology, rounded or cut off', () => {
    const rounded = each.map((value) => 3 * value + 0.012);
    const cut = each.map((value) => Number((3 * value + 0.027).toFixed(3)));
    expect(
      ids(
        memory(
          each,
          rounded.map((value) => Number(value.toFixed(3))),
        ),
      ),
    ).toEqual(['tautology']);
    expect(ids(memory(each, cut))).toEqual(['tautology']);
  });

  it('that was measured on its own is not', () => {
    expect(
      ids(
        memory(
          each,
          each.map((value) => Number((2.2 * value).toFixed(3))),
        ),
      ),
    ).toEqual([]);
    const last = each.map((value, index) => 3 * value + (index === 4 ? 0.2 : 0));
    expect(
      ids(
        memory(
          each,
          last.map((value) => Number(value.toFixed(3))),
        ),
      ),
    ).toEqual([]);
  });
});

it('an interval below 0 of what is never negative is doubtful', () => {
  const values = [1, 2, 1.5, 1.2, 1.7, 90, 1.1, 1.4];
  expect(ids(dimensionOf('write', { volume: values }, 'MB/s'))).toEqual(['impossible-interval']);
});

describe('time', () => {
  it('is seen in a drift, by the order in which values were taken', () => {
    const noise = valuesAround(10, 20, 5);
    const rising = noise.map((value, index) => Number((value + index * 0.4).toFixed(2)));
    const [finding] = examined(dimensionOf('startup', { 'alpine/warm': rising }));
    expect(finding).toMatchObject({ id: 'drift', severity: 'doubtful' });
    expect(finding?.what).toContain('rise over the run');
    const shuffled = dimensionOf('startup', { 'alpine/warm': rising });
    const order = shuffled.samples.map((sample, index) => ({ ...sample, order: (index * 7) % 20 }));
    expect(ids({ ...shuffled, samples: order })).not.toContain('drift');
  });

  it('is seen in a first value that stands alone', () => {
    const values = [900, ...valuesAround(500, 14, 6)];
    expect(ids(dimensionOf('startup', { 'alpine/warm': values }))).toEqual(['warm-up']);
  });
});

it('few different values are a coarse measurement', () => {
  const values = Array.from({ length: 20 }, (_, index) => 5 + ((index * 7) % 3) / 10);
  expect(ids(dimensionOf('network', { bridge: values }))).toContain('few-distinct');
});

describe('memory in few different values', () => {
  const memory = (values: readonly number[]): string[] =>
    ids(dimensionOf('memory', { '1/per-container': values }, 'MB'));
  const pages = (...counts: readonly number[]): number[] =>
    counts.map((count) => (count * 4096) / 1e6);

  it('is what there was where they are pages, or parts of them', () => {
    expect(memory(pages(344, 345, 344, 346, 344, 345, 344, 344, 345, 344))).toEqual([]);
    expect(memory(pages(344.9, 345, 344.8, 345, 345, 344.9, 345, 345, 344.9, 345))).toEqual([]);
    expect(memory(pages(...new Array<number>(10).fill(344)))).toEqual([]);
  });

  it('is coarse where they are more than a page apart', () => {
    expect(memory([3.25, 3.26, 3.25, 3.25, 3.26, 3.27, 3.25, 3.26, 3.25, 3.25])).toEqual([
      'few-distinct',
    ]);
    expect(memory(new Array<number>(10).fill(3.25))).toEqual(['few-distinct']);
  });
});

it('a tight interval on one machine is noted, once', () => {
  const startup = dimensionOf('startup', {
    'alpine/warm': valuesAround(500, 50, 1),
    'nginx/warm': valuesAround(600, 50, 2),
  });
  const tight = examined(startup).filter(({ id }) => id === 'tight-interval');
  expect(tight).toMatchObject([
    { severity: 'note', what: expect.stringMatching(/^2 of 2 groups/) },
  ]);
});

it('what is wrong comes first', () => {
  const severities = examined(
    dimensionOf('startup', { 'alpine/warm': valuesAround(500, 50, 1) }),
    dimensionOf('metadata', { volume: [0, 0, 0, ...valuesAround(50, 9, 1)] }),
  ).map(({ severity }) => severity);
  expect(severities).toEqual(['wrong', 'note']);
});
