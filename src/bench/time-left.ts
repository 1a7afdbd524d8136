/** How long the rest of a benchmark takes, as far as what has been measured tells. */
import type { MeasurementPlan, Step } from './contract/plan.js';

/** How long steps took: by measurement. Their mean counts, for rare long ones are part of what is to come. */
export class StepTimes {
  readonly #guesses: ReadonlyMap<string, number>;
  readonly #seen = new Map<string, { sumMs: number; count: number }>();

  constructor(measurements: readonly MeasurementPlan[]) {
    this.#guesses = new Map(measurements.map(({ name, guessMs }) => [name, guessMs]));
  }

  add(measurement: string, ms: number): void {
    const { sumMs, count } = this.#seen.get(measurement) ?? { sumMs: 0, count: 0 };
    this.#seen.set(measurement, { sumMs: sumMs + ms, count: count + 1 });
  }

  /** @returns ms */
  of(steps: readonly Pick<Step, 'measurement'>[]): number {
    return steps.reduce((sum, { measurement }) => {
      const seen = this.#seen.get(measurement);
      const mean = seen === undefined ? this.#guesses.get(measurement) : seen.sumMs / seen.count;
      return sum + (mean ?? 0);
    }, 0);
  }
}

/** "45 s", "12 min", "3 h 05 min". */
export function formatTimeLeft(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}
