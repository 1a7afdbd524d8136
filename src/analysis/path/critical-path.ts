/**
 * The critical path: from the entrypoint's exec backwards along wake-ups to the create request. At each
 * instant it is on the thread whose progress the start was waiting for.
 *
 * A thread that blocks from a to b and is woken by W at b puts the path on W before b. Where W is outside
 * the engine (a kernel thread, an interrupt, another container's process) the wait itself is on the path and
 * is named by W. The method is wait analysis of kernel traces: Giraldeau and Dagenais, "Wait analysis of
 * distributed systems using kernel tracing", IEEE TPDS 27(8), 2016.
 */
import type { TraceTime } from '../../base/time.js';
import { WAKE_CONTEXT, WAKE_FLAG } from '../../model/recording/event-kinds.js';
import { isSyscallFor } from '../../model/syscalls/syscalls.js';
import type { Inference } from '../../model/trace/inference.js';
import type { PlainCause, WaitCause } from '../../model/trace/wait-cause.js';
import { type RunView, spanOf } from '../view/run-view.js';
import { GoScheduler } from './go-scheduler.js';

/** What a thread does on the path, before syscalls are looked at. */
export interface PathPiece {
  readonly start: number;
  readonly end: number;
  readonly tid: number;
  readonly state: 'running' | 'runnable' | 'blocked';
  /** Row of the wake-up that ended a wait. */
  readonly wokenBy: number | undefined;
  /** undefined where it does not wait, or it is not known. */
  readonly waitsFor: WaitCause | undefined;
  /** Why this is inferred; undefined where the evidence is whole. */
  readonly inference: Inference | undefined;
}

/** How long before a switch its wake-up may come: the path from set_current_state() to the switch. */
const OVERTAKEN_NS = 200_000;

/** Hops between threads at one instant, beyond which the records contradict each other. */
const MAX_HOPS_AT_ONCE = 64;

/** A moment at which it is known who the start was waiting for: the client, when it wrote a request. */
export interface PathAnchor {
  readonly time: number;
  readonly tid: number;
}

/**
 * Pieces that tile [window.start, window.end) without gap or overlap, in time order.
 * @param last the thread that is on the path just before the window's end
 * @param anchors in time order; where wake-ups lead elsewhere, as in an engine that serves many clients, they
 * bring the path back
 */
export function walkCriticalPath(
  run: RunView,
  window: { readonly start: number; readonly end: number },
  last: number,
  anchors: readonly PathAnchor[] = [],
): PathPiece[] {
  let { end } = window;
  let tid = last;
  const stretches: PathPiece[][] = [];
  for (const anchor of [...anchors].reverse()) {
    if (anchor.time <= window.start || anchor.time >= end) continue;
    stretches.push(walkBack(run, { start: anchor.time, end }, tid));
    end = anchor.time;
    tid = anchor.tid;
  }
  stretches.push(walkBack(run, { start: window.start, end }, tid));
  return stretches.reverse().flat();
}

/**
 * One stretch of the path.
 * @param last the thread that is on the path just before the window's end
 */
function walkBack(
  run: RunView,
  window: { readonly start: number; readonly end: number },
  last: number,
): PathPiece[] {
  const { activity } = run;
  const pidOf = (thread: number, at: number): number | undefined => run.index.ownerOf(thread, at);
  const pieces: PathPiece[] = [];
  const goScheduler = new GoScheduler(run);
  let tid = last;
  let time = window.end;
  /** The stay on the CPU that was just put, and the process that its end handed over to. */
  let ran = { from: 0, to: 0 };
  let handedOverTo: number | undefined;

  const put = (
    from: number,
    state: PathPiece['state'],
    more: Partial<Pick<PathPiece, 'wokenBy' | 'waitsFor' | 'inference'>> = {},
  ): void => {
    const start = Math.max(from, window.start);
    if (start >= time) return;
    pieces.push({
      start,
      end: time,
      tid,
      state,
      wokenBy: more.wokenBy,
      waitsFor: more.waitsFor,
      inference: more.inference,
    });
    time = start;
  };

  let hops = { at: time, count: 0 };
  while (time > window.start) {
    hops = { at: time, count: hops.at === time ? hops.count + 1 : 0 };
    if (hops.count > MAX_HOPS_AT_ONCE) {
      put(window.start, 'blocked', { inference: { kind: 'contradiction' } });
      break;
    }
    const former = run.lives.formerTid(tid, time as TraceTime);
    const stay = activity.stayBefore(tid, time);
    if (former !== undefined && (stay === undefined || stay.from < former.until)) {
      // Before its exec this thread had another id.
      if (time > former.until) put(former.until, 'running');
      tid = former.tid;
      continue;
    }
    const born = run.lives.threadStart(tid, time as TraceTime);
    if (born !== undefined && born.time < time && (stay === undefined || stay.to < born.time)) {
      // New, and not on a CPU yet: its fork is its wake-up.
      put(born.time, 'runnable');
      tid = born.parentTid;
      continue;
    }
    if (born === undefined && (stay === undefined || stay.from === Number.NEGATIVE_INFINITY)) {
      // Not there yet: an inferred hand-over came to it before its fork.
      const unborn = run.lives.nextThreadStart(tid, time as TraceTime);
      if (unborn !== undefined) {
        tid = unborn.parentTid;
        continue;
      }
    }
    if (stay !== undefined && stay.to >= time) {
      // Its first switch onto a CPU may not be recorded: it runs since its fork at most.
      const from = Math.max(stay.from, born?.time ?? stay.from);
      ran = { from: Math.max(from, window.start), to: time };
      put(from, 'running');
      if (born !== undefined && from > stay.from) tid = born.parentTid;
      continue;
    }

    // Off the CPU until `time`: since it left it, or since before the recording.
    const left = stay?.to ?? Number.NEGATIVE_INFINITY;
    if (stay?.preempted === true) {
      put(left, 'runnable');
      continue;
    }
    const waking = activity.wakingIn(tid, left, time);
    if (waking === undefined) {
      // A wake-up on another CPU may overtake the switch: the thread had said that it would block and
      // was woken before it had left its CPU.
      const from = Math.max(stay?.from ?? left, left - OVERTAKEN_NS);
      const overtaken = activity.lastWakingIn(tid, from, left);
      if (overtaken !== undefined) put(left, 'runnable', { wokenBy: overtaken });
      else put(left, 'blocked', { inference: { kind: 'wake-up-missing' } });
      continue;
    }
    put(run.recording.events.time.at(waking), 'runnable', { wokenBy: waking });
    const waker = participantWaker(run, waking);
    if (waker !== undefined && waitsForItsThreads(run, tid, left, waker)) {
      put(left, 'blocked', { wokenBy: waking, waitsFor: { kind: 'own-threads' } });
      continue;
    }
    if (waker !== undefined && waker !== tid) {
      handedOverTo = pidOf(tid, time);
      tid = waker;
      continue;
    }
    const pid = pidOf(tid, time);
    if (pid !== undefined && handedOverTo === pid && goScheduler.naps(tid, left)) {
      const cause = goScheduler.causeOf(pid, tid, ran.from, ran.to);
      if (cause !== undefined) {
        put(Math.min(cause.time, time), 'blocked', { wokenBy: waking, ...cause });
        tid = cause.tid;
        handedOverTo = undefined;
        continue;
      }
    }
    put(left, 'blocked', {
      wokenBy: waking,
      waitsFor: stay?.ioWait === true ? { kind: 'block-io' } : causeOf(run, waking),
    });
  }
  return pieces.reverse();
}

/**
 * execve kills the other threads of its process and waits for the last of them (de_thread() in fs/exec.c).
 * What they did before they were killed, it did not wait for.
 */
function waitsForItsThreads(run: RunView, tid: number, time: number, waker: number): boolean {
  const { recording, activity, index } = run;
  const row = activity.syscallAt(tid, time);
  if (row === undefined || waker === tid) return false;
  const name = recording.strings.text(recording.events.value(row, 'names'));
  if (!isSyscallFor('exec', name)) return false;
  return index.ownerOf(waker, time) === index.ownerOf(tid, time);
}

/** The waking thread, if it works for this start; else the wait ends the hop. */
function participantWaker(run: RunView, waking: number): number | undefined {
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
function causeOf(run: RunView, waking: number): WaitCause {
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
