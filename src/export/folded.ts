/**
 * The critical path as folded stacks, for flamegraph.pl, inferno and speedscope: a line for each stack, with the time
 * spent in it, ns. The numbers sum up to the windows exactly.
 *
 *   eager_lamport;runc create;runc;mount;rootfs mount (storage) 1248804
 */
import { lengthOf } from '../model/trace/totals.js';
import type { Trace } from '../model/trace/trace.js';
import { inChunks } from './chunks.js';
import { segmentStacks } from './segment-stack.js';
import { wholeStarts } from './whole-starts.js';

export const leavesOut: readonly string[] = [
  'when: stacks are sums over the start',
  'what is not on the critical path',
  'which parts are inferred, and the warnings',
  'milestones, findings, copy-ups',
];

/** Largest first. Throws a DitError, no-critical-path, without a whole start. */
export function foldedStacks(trace: Trace): Iterable<string> {
  const totals = new Map<string, number>();
  for (const run of wholeStarts(trace, 'folded stacks')) {
    const stackOf = segmentStacks(trace, run);
    for (const segment of run.segments) {
      const stack = stackOf(segment).map(frameText).join(';');
      totals.set(stack, (totals.get(stack) ?? 0) + lengthOf(segment));
    }
  }
  const lines = [...totals].sort(([, a], [, b]) => b - a);
  return inChunks(lines.map(([stack, ns]) => `${stack} ${ns}\n`));
}

/** ";" parts frames, and readers cut a frame at its edges' spaces. */
const frameText = (frame: string): string => frame.replaceAll(';', ':').trim();
