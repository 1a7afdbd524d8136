/** The nine CSV files: the same values after writing and reading, and every line that is broken named. */
import { describe, expect, it } from 'vitest';
import { CSV_DIMENSIONS, type CsvDimension } from '../../../../src/model/bench/bench.js';
import { benchCsv, CSV_SHAPES, readBenchCsv } from '../../../../src/model/bench/bench-csv.js';
import { dimensionOf } from '../../../support/made-benches.js';

const GROUPS: Readonly<Record<CsvDimension, readonly string[]>> = {
  startup: ['registry:5000/alpine:3.20/warm', 'nginx/cold'],
  copyup: ['1MB', '100MB'],
  cpu: ['50%', '150%'],
  write: ['overlayfs', 'volume'],
  metadata: ['overlayfs/500', 'volume/500'],
  pull: ['alpine'],
  namespaces: ['namespace_create', 'pid'],
  network: ['bridge', 'host'],
  memory: ['3/per-container', '3/total', '10/per-container', '10/total'],
};

const values = (seed: number): number[] => [seed + 0.125, -seed / 3, 0];

describe.each(CSV_DIMENSIONS)('%s', (name) => {
  const dimension = dimensionOf(
    name,
    Object.fromEntries(GROUPS[name].map((group, index) => [group, values(index + 1)])),
  );

  it('is the same after writing and reading', () => {
    const read = readBenchCsv(name, benchCsv(name, dimension), 'x.csv');
    const key = ({ group, iteration, value }: (typeof read.samples)[number]): string =>
      `${group} ${iteration} ${value}`;
    expect(read.samples.map(key).sort()).toEqual(dimension.samples.map(key).sort());
    expect([...read.groups].sort()).toEqual([...dimension.groups].sort());
    expect(read.missing).toEqual([]);
  });

  it('keeps what gave nothing', () => {
    const [group = ''] = GROUPS[name];
    const missing = [{ iteration: 9, group, reason: 'refused' }];
    const text = benchCsv(name, { ...dimension, samples: [], missing });
    const read = readBenchCsv(name, text, 'x.csv');
    expect(read.samples).toEqual([]);
    expect(read.missing?.map((each) => [each.iteration, each.group])).toContainEqual([9, group]);
  });
});

it('derives the distance from the limit', () => {
  expect(benchCsv('cpu', dimensionOf('cpu', { '50%': [57.96] }, '%'))).toBe(
    'iteration,target_pct,measured_pct,variance_pct\n1,50.00,57.96,7.96\n',
  );
});

it('leaves out what a file has no column for, and what would break a line', () => {
  const metadata = dimensionOf('metadata', { 'stat-only': [1], 'a,b/500': [2], 'c/500': [3] });
  expect(benchCsv('metadata', metadata)).toBe('iteration,mode,file_count,duration_ms\n1,c,500,3\n');
});

describe('a broken file', () => {
  const head = 'iteration,mode,avg_rtt_ms';
  it.each([
    ['mode,avg_rtt_ms\n', 'line 1 does not begin with the columns "iteration,mode,avg_rtt_ms"'],
    ['', 'line 1 does not begin with the columns'],
    [`${head}\n1,bridge,2\n2,bridge\n`, 'line 3 has 2 columns, not 3'],
    [`${head}\n1,bridge,\n`, 'line 2 has nothing in the column "avg_rtt_ms"'],
    [`${head}\n1,,2\n`, 'line 2 has nothing in the column "mode"'],
    [`${head}\n1,bridge,2 ms\n`, 'line 2 has no number in the column "avg_rtt_ms": "2 ms"'],
    [`${head}\n1,bridge,0x10\n`, 'line 2 has no number in the column "avg_rtt_ms": "0x10"'],
    [`${head}\n1,bridge,1e999\n`, 'line 2 has no number in the column "avg_rtt_ms": "1e999"'],
    [`${head}\none,bridge,2\n`, 'line 2 has no whole number in the column "iteration": "one"'],
  ])('%j', (text, message) => {
    expect(() => readBenchCsv('network', text, 'net.csv')).toThrow(`"net.csv" ${message}`);
  });

  it('is none for a byte order mark, carriage returns and empty lines', () => {
    const read = readBenchCsv('network', `\ufeff${head}\r\n1,bridge,2.5\r\n\r\n`, 'x.csv');
    expect(read.samples).toEqual([{ iteration: 1, group: 'bridge', value: 2.5, order: 0 }]);
  });
});

it('every file has its own name', () => {
  const files = CSV_DIMENSIONS.map((name) => CSV_SHAPES[name].file);
  expect(new Set(files).size).toBe(9);
  expect(files[0]).toBe('01-startup-latency.csv');
  expect(files[8]).toBe('09-memory-efficiency.csv');
});
