/** Two starts side by side: what grew, what shrank, what is new and what is gone, by actor and category. */
import type { Comparison, Difference } from '../../model/trace/summaries.js';
import type { ContainerRun } from '../../model/trace/trace.js';

/** The changes sum up to the difference of the windows, exactly. */
export function compareRuns(before: ContainerRun, after: ContainerRun): Comparison {
  const differences = new Map<string, { -readonly [K in keyof Difference]: Difference[K] }>();
  for (const [side, run] of [
    ['before', before],
    ['after', after],
  ] as const) {
    for (const { actor, phase, category, start, end } of run.segments) {
      const key = `${actor}\0${category}`;
      const entry = differences.get(key) ?? { actor, phase, category, before: 0, after: 0 };
      entry[side] += end - start;
      differences.set(key, entry);
    }
  }
  return {
    differences: [...differences.values()].sort((a, b) => change(b) - change(a)),
    before: lengthOf(before),
    after: lengthOf(after),
  };
}

const change = ({ before, after }: Difference): number => Math.abs(after - before);

const lengthOf = ({ window }: ContainerRun): number =>
  window === undefined ? 0 : window.end - window.start;
