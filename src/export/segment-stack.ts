/**
 * The stack of a piece of the critical path, the outermost frame first, as folded files, speedscope and pprof show it:
 *
 *   eager_lamport / runc create / runc / mount / rootfs mount (storage)
 *   eager_lamport / shim / containerd-shim-runc-v2 / blocked in futex / waits for a timer / shim (runtime)
 */

import { escapeText } from '../base/escape.js';
import type { Foreign } from '../base/foreign.js';
import { processName } from '../model/trace/process-name.js';
import { phaseOf } from '../model/trace/totals.js';
import type { ContainerRun, Segment, Trace } from '../model/trace/trace.js';
import { waitText } from '../words/wait-text.js';
import { startName } from './whole-starts.js';

/** A function from a segment of `run` to its frames: start, actor, program, what it does, category. Safe to print. */
export function segmentStacks(trace: Trace, run: ContainerRun): (segment: Segment) => string[] {
  const start = escapeText(startName(trace, run));
  return (segment) => [
    start,
    segment.actor,
    escapeText(programOf(trace, segment)),
    ...doing(trace, segment),
    `${escapeText(segment.category)} (${phaseOf(segment)})`,
  ];
}

function programOf(trace: Trace, { process, start }: Segment): Foreign {
  const life = process === undefined ? undefined : trace.processes[process];
  return (life === undefined ? '' : processName(life, start)) || '(unknown program)';
}

function doing(trace: Trace, { state, syscall, waitsFor }: Segment): string[] {
  const call = syscall === undefined ? '' : escapeText(syscallName(trace, syscall));
  if (state === 'user code') return [state];
  if (state === 'syscall') return [call || '(unknown syscall)'];
  const off = call === '' ? state : `${state} in ${call}`;
  const cause = waitText(waitsFor);
  return state === 'blocked' && cause !== '' ? [off, `waits for ${escapeText(cause)}`] : [off];
}

/** Untrusted text; '' for an event that the trace does not hold. */
export function syscallName({ recording: { events, strings } }: Trace, row: number): Foreign {
  return row < events.length && events.kindName(row) === 'syscall'
    ? strings.text(events.value(row, 'names'))
    : '';
}
