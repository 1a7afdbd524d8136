/** What is measured in which order: blocks of one iteration of everything, each block in a random order. */
import type { CsvDimension } from '../../model/bench/bench.js';
import { randomFrom } from '../../stats/random.js';

/** A group of a dimension that a measurement gives a value of. */
export interface Given {
  /** One of the nine, or a finer one that is only in bench.json. */
  readonly dimension: string;
  readonly group: string;
}

/** What is measured at once, again and again. */
export interface MeasurementPlan {
  /** "startup/warm": of all measurements of a benchmark, only this one's. */
  readonly name: string;
  /** The dimension that was asked for. */
  readonly dimension: CsvDimension;
  readonly iterations: number;
  /** How long one takes, before that is known; ms. */
  readonly guessMs: number;
  readonly gives: readonly Given[];
}

export interface Step {
  /** In the whole run, from 0. */
  readonly place: number;
  /** From 0. */
  readonly block: number;
  readonly measurement: string;
  /** From 1. */
  readonly iteration: number;
}

/**
 * As many blocks as the most frequent measurement has iterations; rarer ones are spread evenly over them. What drifts
 * during the run (a disk that fills, a machine that warms up) thereby meets all of them alike. The same measurements
 * and seed give the same steps.
 */
export function makePlan(measurements: readonly MeasurementPlan[], seed: number): Step[] {
  const random = randomFrom(seed);
  const blocks = Math.max(0, ...measurements.map(({ iterations }) => iterations));
  const steps: Step[] = [];
  for (let block = 0; block < blocks; block++) {
    const reached = (iterations: number, after: number): number =>
      Math.floor((after * iterations) / blocks);
    const due = measurements.filter(
      ({ iterations }) => reached(iterations, block + 1) > reached(iterations, block),
    );
    for (const { name, iterations } of shuffled(due, random)) {
      const iteration = reached(iterations, block + 1);
      steps.push({ place: steps.length, block, measurement: name, iteration });
    }
  }
  return steps;
}

/** How many steps the plan of these measurements has. */
export const planLength = (measurements: readonly MeasurementPlan[]): number =>
  measurements.reduce((sum, { iterations }) => sum + iterations, 0);

/** Fisher and Yates's shuffle (Durstenfeld, CACM 7(7), 1964). */
function shuffled<T>(values: readonly T[], random: () => number): T[] {
  const order = [...values];
  for (let last = order.length - 1; last > 0; last--) {
    const drawn = Math.floor(random() * (last + 1));
    [order[last], order[drawn]] = [order[drawn] as T, order[last] as T];
  }
  return order;
}
