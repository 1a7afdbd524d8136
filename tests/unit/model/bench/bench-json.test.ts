/** bench.json: what was written is read, and every field that is not what it should be is named. */
import { describe, expect, it } from 'vitest';
import { readBenchJson } from '../../../../src/model/bench/bench-json.js';
import { benchOf, dimensionOf } from '../../../support/made-benches.js';

const bench = benchOf('a', dimensionOf('startup', { 'alpine/warm': [1, 2] }));
const read = (value: unknown): unknown => readBenchJson(JSON.stringify(value), 'bench.json');

it('is the same after writing and reading', () => {
  const dimensions = bench.dimensions.map((each) => ({
    ...each,
    missing: [{ iteration: 3, group: 'alpine/warm', reason: 'refused' }],
  }));
  expect(read({ ...bench, dimensions, seed: null })).toEqual({ ...bench, dimensions, seed: null });
});

describe('refuses', () => {
  const [dimension] = bench.dimensions;
  const [sample] = dimension?.samples ?? [];
  const withDimension = (change: object): object => ({
    ...bench,
    dimensions: [{ ...dimension, ...change }],
  });
  it.each([
    [[], 'has no object at its top'],
    [{ ...bench, schema: 'dit.bench/2' }, 'is not of the schema dit.bench/1'],
    [{ ...bench, platform: 7 }, 'has no text at platform'],
    [{ ...bench, seed: '7' }, 'has no number at seed'],
    [
      { ...bench, environment: { host: { a: 1 }, engine: {} } },
      'has no text at environment.host.a',
    ],
    [{ ...bench, dimensions: [dimension, dimension] }, 'names a dimension twice'],
    [withDimension({ name: 'a.b' }), 'has no name of a dimension at dimensions[0].name'],
    [withDimension({ unit: 'furlong' }), 'has none of ms, MB/s, Mbit/s, MB, %, ops/s at'],
    [withDimension({ groups: ['a', 'a'] }), 'names a group twice at dimensions[0].groups'],
    [
      withDimension({ samples: [{ ...sample, value: null }] }),
      'has no number at dimensions[0].samples[0].value',
    ],
    [
      withDimension({ samples: [{ ...sample, group: 'b' }] }),
      'has an unknown group at dimensions[0].samples[0].group',
    ],
  ])('%#: %s', (value, message) => {
    expect(() => read(value)).toThrow(`"bench.json" ${message}`);
  });

  it('what is no JSON', () => {
    expect(() => readBenchJson('{', 'bench.json')).toThrow('"bench.json" is no JSON');
  });
});
