/** Which part of a start is measured. */
import type { Milestone, MilestoneName, Window } from '../../model/trace/trace.js';

/** The first of these that is known begins it: whatever is nearest to the wish for a container. */
const BEGINNINGS: readonly MilestoneName[] = [
  'command exec',
  'create requested',
  'shim exec',
  'runc exec',
  'first namespace',
];
const ENDS: readonly MilestoneName[] = ['entrypoint exec', 'start answered'];

/** undefined: nothing that begins it or nothing that ends it was seen. */
export function windowOf(milestones: readonly Milestone[]): Window | undefined {
  const firstOf = (names: readonly MilestoneName[]): Milestone | undefined =>
    names
      .map((name) => milestones.find((milestone) => milestone.name === name))
      .find((found) => found !== undefined);
  const from = firstOf(BEGINNINGS);
  const to = firstOf(ENDS);
  if (from === undefined || to === undefined || to.time <= from.time) return undefined;
  return { start: from.time, end: to.time, from: from.name, to: to.name };
}
