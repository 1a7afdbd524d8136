/** What a wake-up says: whose progress the woken thread waited for. */
import type { TraceTime } from '../../base/time.js';
import { WAKE_CONTEXT, WAKE_FLAG } from '../../model/recording/event-kinds.js';
import { isSyscallFor } from '../../model/syscalls/syscalls.js';
import type { PlainCause, WaitCause } from '../../model/trace/wait-cause.js';
import { type RunView, spanOf } from '../view/run-view.js';

/**
 * execve kills the other threads of its process and waits for the last of them (de_thread() in fs/exec.c).
 * What they did before they were killed, it did not wait for.
 */
export function waitsForItsThreads(
  run: RunView,
  tid: number,
  time: number,
  waker: number,
): boolean {
  const { recording, activity, index } = run;
  const row = activity.syscallAt(tid, time);
  if (row === undefined || waker === tid) return false;
  const name = recording.strings.text(recording.events.value(row, 'names'));
  if (!isSyscallFor('exec', name)) return false;
  return index.ownerOf(waker, time) === index.ownerOf(tid, time);
}

/** The waking thread, if it works for this start; else the wait ends the hop. */
export function participantWaker(run: RunView, waking: number): number | undefined {
  const { events } = run.recording;
  if (events.value(waking, 'contexts') !== WAKE_CONTEXT.task) return undefined;
  const span = spanOf(run, events.pid.at(waking), events.time.at(waking) as TraceTime);
  if (span === undefined || span.actor === 'other') return undefined;
  if (span.containerId !== undefined && span.containerId !== run.containerId) return undefined;
  return events.tid.at(waking);
}

/** linux/interrupt.h */
const SOFT_IRQS: readonly PlainCause[] = [
  'tasklet',
  'timer',
  'network',
  'network',
  'block-io',
  'block-io',
  'tasklet',
  'scheduler',
  'timer',
  'rcu',
];

/** What ended a wait, if none of this start's own threads did. */
export function causeOf(run: RunView, waking: number): WaitCause {
  const { events, strings } = run.recording;
  const flags = events.value(waking, 'flags');
  const context = events.value(waking, 'contexts');
  if (context !== WAKE_CONTEXT.task) {
    if ((flags & WAKE_FLAG.blockCompletion) !== 0) return { kind: 'block-io' };
    if ((flags & WAKE_FLAG.hrtimer) !== 0) return { kind: 'timer' };
    if (context === WAKE_CONTEXT.softIrq) {
      return { kind: SOFT_IRQS[events.value(waking, 'vectors')] ?? 'soft-interrupt' };
    }
    return { kind: 'interrupt' };
  }
  const comm = strings.text(events.value(waking, 'waker_comms'));
  if ((flags & WAKE_FLAG.kernelThread) !== 0) return { kind: 'kernel-thread', comm };
  const pid = events.pid.at(waking);
  const span = spanOf(run, pid, events.time.at(waking) as TraceTime);
  if (span?.containerId !== undefined && span.containerId !== run.containerId) {
    return { kind: 'other-container', actor: span.actor, pid };
  }
  return { kind: 'process', comm, pid };
}
