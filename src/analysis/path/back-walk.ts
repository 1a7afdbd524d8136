/**
 * The critical path from one anchor, walked back in time from its last thread. Each step looks at that thread just
 * before a time, and either puts what it did there onto the path, or goes on with the thread that it waited for.
 */
import type { TraceTime } from '../../base/time.js';
import type { ThreadStart } from '../order/process-table.js';
import type { SchedSlice } from '../order/thread-activity.js';
import type { RunView } from '../view/run-view.js';
import { GoScheduler } from './go-scheduler.js';
import type { PathSegment } from './path-segment.js';
import { causeOf, participantWaker, waitsForItsThreads } from './waking.js';

/** How long before a switch its wake-up may come: the path from set_current_state() to the switch. */
const OVERTAKEN_NS = 200_000;

/** Hops between threads at one instant, beyond which the records contradict each other. */
const MAX_HOPS_AT_ONCE = 64;

/** The thread that the walk is on, just before the time that it has come to. */
interface Place {
  /** Its last slice on a CPU that began before. */
  readonly slice: SchedSlice | undefined;
  readonly born: ThreadStart | undefined;
}

export class BackWalk {
  readonly #run: RunView;
  readonly #start: number;
  readonly #goScheduler: GoScheduler;
  /** The latest first. */
  readonly #segments: PathSegment[] = [];
  #tid: number;
  #time: number;
  #hops: { at: number; count: number };
  /** The slice on the CPU that was just put, and the process that its end handed over to. */
  #ran = { from: 0, to: 0 };
  #handedOverTo: number | undefined;

  /** @param last the thread that is on the path just before the window's end */
  constructor(
    run: RunView,
    window: { readonly start: number; readonly end: number },
    last: number,
  ) {
    this.#run = run;
    this.#start = window.start;
    this.#goScheduler = new GoScheduler(run);
    this.#tid = last;
    this.#time = window.end;
    this.#hops = { at: window.end, count: 0 };
  }

  /** Segments that tile the window without gap or overlap, in time order. */
  walk(): PathSegment[] {
    while (this.#time > this.#start) {
      if (this.#goesInCircles()) {
        this.#put(this.#start, 'blocked', { inference: { kind: 'contradiction' } });
        break;
      }
      const former = this.#run.lives.formerTid(this.#tid, this.#time as TraceTime);
      const slice = this.#run.activity.sliceBefore(this.#tid, this.#time);
      if (former !== undefined && (slice === undefined || slice.from < former.until)) {
        this.#toFormerId(former);
        continue;
      }
      const born = this.#run.lives.threadStart(this.#tid, this.#time as TraceTime);
      const place = { slice, born };
      if (this.#toParentOfNew(place) || this.#toParentOfUnborn(place)) continue;
      if (slice !== undefined && slice.to >= this.#time) this.#onCpu(slice, born);
      else this.#offCpu(slice);
    }
    return this.#segments.reverse();
  }

  #goesInCircles(): boolean {
    const { at, count } = this.#hops;
    this.#hops = { at: this.#time, count: at === this.#time ? count + 1 : 0 };
    return this.#hops.count > MAX_HOPS_AT_ONCE;
  }

  /** Before its exec this thread had another id. */
  #toFormerId({ tid, until }: { readonly tid: number; readonly until: number }): void {
    if (this.#time > until) this.#put(until, 'running');
    this.#tid = tid;
  }

  /** It is new, and was on no CPU yet: its fork is its wake-up. */
  #toParentOfNew({ slice, born }: Place): boolean {
    if (born === undefined || born.time >= this.#time) return false;
    if (slice !== undefined && slice.to >= born.time) return false;
    this.#put(born.time, 'runnable');
    this.#tid = born.parentTid;
    return true;
  }

  /** It is not there yet: an inferred hand-over came to it before its fork. */
  #toParentOfUnborn({ slice, born }: Place): boolean {
    const isSeen = slice !== undefined && slice.from !== Number.NEGATIVE_INFINITY;
    if (born !== undefined || isSeen) return false;
    const unborn = this.#run.lives.nextThreadStart(this.#tid, this.#time as TraceTime);
    if (unborn === undefined) return false;
    this.#tid = unborn.parentTid;
    return true;
  }

  #onCpu(slice: SchedSlice, born: ThreadStart | undefined): void {
    // Its first switch onto a CPU may not be recorded: it runs since its fork at most.
    const from = Math.max(slice.from, born?.time ?? slice.from);
    this.#ran = { from: Math.max(from, this.#start), to: this.#time };
    this.#put(from, 'running');
    if (born !== undefined && from > slice.from) this.#tid = born.parentTid;
  }

  /** Since it left its CPU, or since before the recording. */
  #offCpu(slice: SchedSlice | undefined): void {
    const left = slice?.to ?? Number.NEGATIVE_INFINITY;
    if (slice?.preempted === true) {
      this.#put(left, 'runnable');
      return;
    }
    const waking = this.#run.activity.wakingIn(this.#tid, left, this.#time);
    if (waking === undefined) this.#withoutWaking(slice, left);
    else this.#wokenBy(waking, slice, left);
  }

  /**
   * A wake-up on another CPU may overtake the switch: the thread had said that it would block and was woken before it
   * had left its CPU.
   */
  #withoutWaking(slice: SchedSlice | undefined, left: number): void {
    const from = Math.max(slice?.from ?? left, left - OVERTAKEN_NS);
    const overtaken = this.#run.activity.lastWakingIn(this.#tid, from, left);
    if (overtaken !== undefined) this.#put(left, 'runnable', { wokenBy: overtaken });
    else this.#put(left, 'blocked', { inference: { kind: 'wake-up-missing' } });
  }

  #wokenBy(waking: number, slice: SchedSlice | undefined, left: number): void {
    this.#put(this.#run.recording.events.time.at(waking), 'runnable', { wokenBy: waking });
    const waker = participantWaker(this.#run, waking);
    if (waker !== undefined && waitsForItsThreads(this.#run, this.#tid, left, waker)) {
      this.#put(left, 'blocked', { wokenBy: waking, waitsFor: { kind: 'own-threads' } });
    } else if (waker !== undefined && waker !== this.#tid) {
      this.#handedOverTo = this.#pidOf(this.#tid);
      this.#tid = waker;
    } else if (!this.#toWhatGoWaitedFor(waking, left)) {
      const waitsFor =
        slice?.ioWait === true ? ({ kind: 'block-io' } as const) : causeOf(this.#run, waking);
      this.#put(left, 'blocked', { wokenBy: waking, waitsFor });
    }
  }

  /** Go's monitor handed over, and had only napped before. @returns false where it is not that, or is not known */
  #toWhatGoWaitedFor(waking: number, left: number): boolean {
    const pid = this.#pidOf(this.#tid);
    if (pid === undefined || this.#handedOverTo !== pid) return false;
    if (!this.#goScheduler.naps(this.#tid, left)) return false;
    const cause = this.#goScheduler.causeOf(pid, this.#tid, this.#ran.from, this.#ran.to);
    if (cause === undefined) return false;
    this.#put(Math.min(cause.time, this.#time), 'blocked', { wokenBy: waking, ...cause });
    this.#tid = cause.tid;
    this.#handedOverTo = undefined;
    return true;
  }

  #pidOf(thread: number): number | undefined {
    return this.#run.index.ownerOf(thread, this.#time);
  }

  /** From there to where the walk is, which goes on from there; nothing where it is there already. */
  #put(
    from: number,
    state: PathSegment['state'],
    more: Partial<Pick<PathSegment, 'wokenBy' | 'waitsFor' | 'inference'>> = {},
  ): void {
    const start = Math.max(from, this.#start);
    if (start >= this.#time) return;
    this.#segments.push({
      start,
      end: this.#time,
      tid: this.#tid,
      state,
      wokenBy: more.wokenBy,
      waitsFor: more.waitsFor,
      inference: more.inference,
    });
    this.#time = start;
  }
}
