import { describe, expect, it } from 'vitest';
import { assembleBench } from '../../../src/bench/assemble.js';
import { benchCsv } from '../../../src/model/bench/bench-csv.js';
import { readBenchJson } from '../../../src/model/bench/bench-json.js';
import { failedStep, HEAD, measuredStep, PLAN } from '../../support/benches.js';

const all = PLAN.map(({ place }) => measuredStep(place));

describe('a benchmark assembled from its journal', () => {
  const bench = assembleBench({ head: HEAD, steps: all, notes: ['a note'] });

  it('is what comparisons read', () => {
    expect(readBenchJson(JSON.stringify(bench), 'f')).toEqual(bench);
  });

  it('has the dimensions of files first, then the finer ones', () => {
    expect(bench.dimensions.map(({ name, unit }) => [name, unit])).toEqual([
      ['startup', 'ms'],
      ['network', 'ms'],
      ['teardown', 'ms'],
    ]);
  });

  it('has every value, with its place in the run', () => {
    for (const { measurement, iteration, place } of PLAN) {
      const dimension = measurement.split('/')[0];
      const samples = bench.dimensions.find(({ name }) => name === dimension)?.samples ?? [];
      expect(samples.find((sample) => sample.order === place)).toMatchObject({
        iteration,
        value: place + 0.5,
      });
    }
  });

  it('ends with its last step, and not before', () => {
    expect(bench.ended).toBe('2026-01-01T00:00:03.900Z');
    expect(assembleBench({ head: HEAD, steps: all.slice(1), notes: [] }).ended).toBe('');
  });

  it('neither rounds nor clamps', () => {
    const odd = [measuredStep(0, -0.1 - 0.2), measuredStep(1, 1e-12), measuredStep(2, 1 / 3)];
    const values = assembleBench({ head: HEAD, steps: odd, notes: [] }).dimensions.flatMap(
      ({ samples }) => samples.map(({ value }) => value),
    );
    expect(new Set(values)).toEqual(new Set([-0.1 - 0.2, 1e-12, 1 / 3]));
  });

  it('names what a failed measurement would have given, and why it is missing', () => {
    const failed = PLAN.find(({ measurement }) => measurement === 'startup/warm')?.place as number;
    const steps = all.map((step) => (step.place === failed ? failedStep(failed, 'no luck') : step));
    const missing = assembleBench({ head: HEAD, steps, notes: [] }).dimensions.flatMap(
      ({ name, missing: own }) => (own ?? []).map((each) => [name, each.group, each.reason]),
    );
    expect(missing).toEqual([
      ['startup', 'busybox/warm', 'no luck'],
      ['teardown', 'busybox/warm', 'no luck'],
    ]);
  });

  it('names what a measurement did not tell', () => {
    const steps = all.map((step) => ({
      ...step,
      readings: step.readings.filter(({ dimension }) => dimension !== 'teardown'),
    }));
    const teardown = assembleBench({ head: HEAD, steps, notes: [] }).dimensions.find(
      ({ name }) => name === 'teardown',
    );
    expect(teardown?.samples).toEqual([]);
    expect(teardown?.missing).toHaveLength(2);
  });

  it("writes the lines of the study's files", () => {
    const [startup] = bench.dimensions;
    const [first, second] = startup?.samples ?? [];
    expect(startup && benchCsv('startup', startup)).toBe(
      `iteration,image,mode,startup_ms\n1,busybox,warm,${first?.value}\n2,busybox,warm,${second?.value}\n`,
    );
  });
});
