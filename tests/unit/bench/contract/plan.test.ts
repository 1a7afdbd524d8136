import { describe, expect, it } from 'vitest';
import { type MeasurementPlan, makePlan } from '../../../../src/bench/contract/plan.js';

const measurement = (name: string, iterations: number): MeasurementPlan => ({
  name,
  dimension: 'startup',
  iterations,
  guessMs: 1,
  gives: [],
});
const MEASUREMENTS = [measurement('warm', 50), measurement('cold', 20), measurement('pull', 10)];

describe('the plan of a benchmark', () => {
  const plan = makePlan(MEASUREMENTS, 7);

  it('takes every iteration of every measurement once, in their order', () => {
    for (const { name, iterations } of MEASUREMENTS) {
      const own = plan.filter((step) => step.measurement === name);
      expect(own.map(({ iteration }) => iteration)).toEqual(
        Array.from({ length: iterations }, (_, index) => index + 1),
      );
    }
  });

  it('numbers the steps', () => {
    expect(plan.map(({ place }) => place)).toEqual([...plan.keys()]);
  });

  it('takes each at most once a block, and spreads the rare ones evenly', () => {
    const blocksOf = (name: string): number[] =>
      plan.filter((step) => step.measurement === name).map(({ block }) => block);
    expect(blocksOf('warm')).toEqual([...Array(50).keys()]);
    expect(blocksOf('pull')).toEqual([4, 9, 14, 19, 24, 29, 34, 39, 44, 49]);
    expect(new Set(blocksOf('cold')).size).toBe(20);
    expect(Math.max(...blocksOf('cold').map((block, index) => block - index * 2.5))).toBeLessThan(
      3,
    );
  });

  it('is the same for the same seed, and another for another', () => {
    expect(makePlan(MEASUREMENTS, 7)).toEqual(plan);
    expect(makePlan(MEASUREMENTS, 8)).not.toEqual(plan);
  });

  it('puts each measurement at each place of a block about equally often', () => {
    const six = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => measurement(name, 3000));
    const firsts = makePlan(six, 1).filter(({ place }) => place % 6 === 0);
    for (const { name } of six) {
      const share = firsts.filter((step) => step.measurement === name).length / 3000;
      expect(share).toBeGreaterThan(1 / 6 - 0.03);
      expect(share).toBeLessThan(1 / 6 + 0.03);
    }
  });

  it('is empty where nothing is measured', () => {
    expect(makePlan([], 1)).toEqual([]);
    expect(makePlan([measurement('pull', 0)], 1)).toEqual([]);
  });
});
