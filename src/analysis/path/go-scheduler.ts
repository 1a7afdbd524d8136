/**
 * Where wake-ups do not tell: Go's monitor thread (sysmon). It naps for 20 µs to 10 ms, then looks after
 * the others: it polls the network if nobody else has for 10 ms, and takes the processor (P) away from a
 * goroutine whose syscall lasts. What it wakes did not wait for its naps but for a message, or for that
 * processor. Go runtime: proc.go, sysmon and retake.
 */

import type { Foreign } from '../../base/foreign.js';
import { lastUpTo } from '../../base/sorted.js';
import type { TraceTime } from '../../base/time.js';
import { syscallsThat } from '../../model/syscalls/syscalls.js';
import type { Inference } from '../../model/trace/inference.js';
import type { WaitCause } from '../../model/trace/wait-cause.js';
import type { RunView } from '../view/run-view.js';
import type { Message } from '../view/trace-index.js';

/** Where the path goes on before the monitor thread. */
export interface MonitorCause {
  readonly tid: number;
  readonly time: number;
  readonly waitsFor: WaitCause | undefined;
  readonly inference: Inference;
}

/** sysmon polls the network when the last poll is 10 ms old; its longest nap comes on top. */
const POLL_REACH_NS = 21_000_000;

/** A processor is taken away at the second look, two naps late at most; busy machines stretch it. */
const HOLD_REACH_NS = 100_000_000;

/** A thread whose place on the CPU the monitor's thread has just taken. */
const PUSHED_OFF_NS = 200_000;

const IDLE_CALLS = syscallsThat(({ idles }) => idles === true);

/** Threads and messages that are looked at for causes, in one start; beyond it, waits stay without one. */
const MOST_LOOKS = 10_000_000;

export class GoScheduler {
  readonly #run: RunView;
  #looks = 0;

  constructor(run: RunView) {
    this.#run = run;
  }

  /** Whether the thread naps: it is blocked in nanosleep at `time`. */
  naps(tid: number, time: number): boolean {
    const row = this.#run.activity.syscallAt(tid, time);
    return row !== undefined && this.#name(row) === 'nanosleep';
  }

  /**
   * What the monitor thread's stay on the CPU in [from, to) was about, if it ended with a wake-up of a
   * thread of its own process; undefined where nothing recorded explains it.
   */
  causeOf(pid: number, tid: number, from: number, to: number): MonitorCause | undefined {
    return (
      this.#pollCause(pid, tid, from, to) ??
      this.#runningCause(pid, tid, from) ??
      this.#processorCause(pid, tid, from)
    );
  }

  /** A thread of the process that ran all the while: the work that was to be shared. */
  #runningCause(pid: number, tid: number, time: number): MonitorCause | undefined {
    const { activity, lives } = this.#run;
    for (const other of this.#othersOf(pid, tid)) {
      const at = time as TraceTime;
      const isUnborn =
        lives.threadStart(other, at) === undefined &&
        lives.nextThreadStart(other, at) !== undefined;
      if (isUnborn) continue;
      const stay = activity.sliceBefore(other, time);
      if (stay === undefined) continue;
      // On a CPU, or pushed off one by the monitor's own thread.
      const runs = stay.to >= time || (stay.preempted && time - stay.to < PUSHED_OFF_NS);
      if (!runs) continue;
      return {
        tid: other,
        time,
        waitsFor: undefined,
        inference: { kind: 'go-shared-work' },
      };
    }
    return undefined;
  }

  #pollCause(pid: number, tid: number, from: number, to: number): MonitorCause | undefined {
    const { activity, recording } = this.#run;
    const poll = activity
      .syscallsIn(tid, from, to)
      .find(
        (row) => this.#name(row).startsWith('epoll_') && recording.events.value(row, 'results') > 0,
      );
    if (poll === undefined) return undefined;
    const polled = recording.events.time.at(poll);
    const message = this.#messageBefore(polled, pid);
    if (message === undefined) return undefined;
    // The monitor is one of the first threads of a program: what came before it, nobody waited for.
    const born = this.#run.lives.threadStart(tid, from as TraceTime)?.time;
    if (born !== undefined && message.end < born) return undefined;
    return {
      tid: message.tid,
      time: message.end,
      waitsFor: { kind: 'go-poller' },
      inference: { kind: 'go-last-message' },
    };
  }

  /** The thread that entered its syscall last: the others' processors were taken away before. */
  #processorCause(pid: number, tid: number, time: number): MonitorCause | undefined {
    const { activity, recording } = this.#run;
    let holder: { tid: number; entry: number; row: number } | undefined;
    for (const other of this.#othersOf(pid, tid)) {
      const row = activity.syscallAt(other, time);
      if (row === undefined || IDLE_CALLS.has(this.#name(row))) continue;
      const entry = recording.events.time.at(row);
      if (entry < time - HOLD_REACH_NS) continue;
      if (holder === undefined || entry > holder.entry) holder = { tid: other, entry, row };
    }
    if (holder === undefined) return undefined;
    return {
      tid: holder.tid,
      time: holder.entry,
      waitsFor: { kind: 'go-scheduler' },
      inference: { kind: 'go-processor', syscall: this.#name(holder.row) },
    };
  }

  /** The other threads of a process, as long as looking at them is worth it. */
  *#othersOf(pid: number, tid: number): Generator<number> {
    for (const other of this.#run.activity.threadsOf(pid)) {
      if (other === tid) continue;
      if (++this.#looks > MOST_LOOKS) return;
      yield other;
    }
  }

  /** The last message that another process had written when the network was polled. */
  #messageBefore(polled: number, pid: number): Message | undefined {
    const messages = this.#run.index.messages();
    for (let at = lastUpTo(messages, polled, ({ end }) => end); at >= 0; at--) {
      const message = messages[at] as Message;
      if (message.end < polled - POLL_REACH_NS || ++this.#looks > MOST_LOOKS) return undefined;
      const { containerId } = message;
      const isAnothers = containerId !== undefined && containerId !== this.#run.containerId;
      if (message.pid !== pid && !isAnothers) return message;
    }
    return undefined;
  }

  #name(row: number): Foreign {
    return this.#run.recording.strings.text(this.#run.recording.events.value(row, 'names'));
  }
}
