/** What must hold of every recorded run, whatever started it. */
import { expect } from 'vitest';
import type { ContainerRun, Trace } from '../../src/model/trace/trace.js';

/** The window is tiled by the segments: no gap, no overlap, to the nanosecond. */
export function expectExactPartition(run: ContainerRun): void {
  const { window, segments } = run;
  if (window === undefined) throw new Error('the run has no window');
  let at: number = window.start;
  for (const { start, end } of segments) {
    expect(start).toBe(at);
    expect(end).toBeGreaterThan(start);
    at = end;
  }
  expect(at).toBe(window.end);
}

/** 0-1: how much of the window goes to an actor with a name. */
export function namedShare({ window, segments }: ContainerRun): number {
  if (window === undefined) return 0;
  const named = segments
    .filter(({ actor }) => actor !== 'other')
    .reduce((sum, { start, end }) => sum + (end - start), 0);
  return named / (window.end - window.start);
}

export function expectNothingLost({ recording }: Trace): void {
  expect(recording.loss?.losses.filter(({ records }) => records > 0)).toEqual([]);
  expect(recording.footer?.malformed).toBe(0);
  expect(recording.problems).toEqual([]);
}

/** Pids of the run's own processes. */
export function pidsOf(trace: Trace, run: ContainerRun): number[] {
  return run.processes.map((key) => trace.processes[key]?.pid ?? 0);
}
