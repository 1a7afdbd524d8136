/** From a Trace to the tracks and nested slices that pictures and exports draw. */

import { type Foreign, quoting } from '../../base/foreign.js';
import { MinHeap } from '../../base/min-heap.js';
import type { TraceTime } from '../../base/time.js';
import { KIND, SYSCALL_FLAG } from '../../model/recording/event-kinds.js';
import type { ColumnData } from '../../model/recording/event-table.js';
import { NumberColumn } from '../../model/recording/event-table.js';
import type { ApiMark } from '../../model/recording/recording.js';
import { StringInterner } from '../../model/recording/strings.js';
import type { ProcessLife, Trace } from '../../model/trace/trace.js';
import { SLICE_KINDS, type SliceKind, type Track, type Tracks } from '../../model/trace/tracks.js';

const kindNumber = (kind: SliceKind): number => SLICE_KINDS.indexOf(kind);
const PROGRAM = kindNumber('program');
const THREAD = kindNumber('thread');
const SYSCALL = kindNumber('syscall');
const COPY_UP = kindNumber('copy-up');
const RUNNING = kindNumber('running');
const REQUEST = kindNumber('request');

/** A thread while its slices are put together. */
interface ThreadDraft {
  readonly track: number;
  /** undefined: nothing but its events is known of the process. */
  readonly life: ProcessLife | undefined;
  readonly pid: number;
  readonly tid: number;
  /** Its 'schedule' track, made when it is first seen on a CPU. */
  schedule: number;
  /** When it came onto the CPU it is on; NaN: it is on none. */
  onCpuSince: number;
  onCpuEvent: number;
  /** The outermost slice: the program of a main thread, else the thread. */
  outer: number;
  /** The newest syscall's slice, and the newest copy-up's in it; -1. */
  call: number;
  copyUp: number;
  /** Wake-ups that wait for the thread to come onto a CPU. */
  readonly wakeUps: number[];
}

/** A track of requests, and until when it is taken. */
interface Lane {
  readonly track: number;
  end: number;
}

/** Everything in the recording, not one run alone. Pure; linear but for the final sort by track. */
export function buildTracks(trace: Trace): Tracks {
  return new TrackBuilder(trace).build();
}

class TrackBuilder {
  readonly #trace: Trace;
  readonly #tracks: Track[] = [];
  readonly #names = new StringInterner();
  readonly #slices = {
    track: new NumberColumn(new Int32Array(1024)),
    start: new NumberColumn(new Float64Array(1024)),
    end: new NumberColumn(new Float64Array(1024)),
    depth: new NumberColumn(new Uint8Array(1024)),
    kind: new NumberColumn(new Uint8Array(1024)),
    name: new NumberColumn(new Int32Array(1024)),
    event: new NumberColumn(new Int32Array(1024)),
    cut: new NumberColumn(new Uint8Array(1024)),
  };
  readonly #instants = {
    track: new NumberColumn(new Int32Array(64)),
    time: new NumberColumn(new Float64Array(64)),
    event: new NumberColumn(new Int32Array(64)),
  };
  readonly #wakeUps = {
    from: new NumberColumn(new Int32Array(64)),
    fromTime: new NumberColumn(new Float64Array(64)),
    to: new NumberColumn(new Int32Array(64)),
    toTime: new NumberColumn(new Float64Array(64)),
    event: new NumberColumn(new Int32Array(64)),
  };
  /** The life that each pid has at the row that is looked at. */
  readonly #lives = new Map<number, ProcessLife>();
  readonly #livesByFork = new Map<number, ProcessLife>();
  /** By tid: the thread that has it at the row that is looked at. */
  readonly #threads = new Map<number, ThreadDraft>();
  readonly #trackOf = new Map<string, number>();
  /** Who is on each CPU, as far as it is followed. */
  readonly #onCpu = new Map<number, ThreadDraft>();
  readonly #callNames = new Map<number, number>();
  #from = 0;
  #to = 0;

  constructor(trace: Trace) {
    this.#trace = trace;
    const { events, footer } = trace.recording;
    const first = trace.order[0];
    const last = trace.order.at(-1);
    this.#from = first === undefined ? 0 : events.time.at(first);
    this.#to = Math.max(footer?.end ?? 0, last === undefined ? 0 : events.time.at(last));
    for (const { start, end } of trace.recording.marks) {
      this.#from = Math.min(this.#from, start);
      this.#to = Math.max(this.#to, end ?? start);
    }
    for (const life of trace.processes) {
      if (life.forkEvent === undefined) {
        if (!this.#lives.has(life.pid)) this.#lives.set(life.pid, life);
      } else {
        this.#livesByFork.set(life.forkEvent, life);
      }
    }
  }

  build(): Tracks {
    const { recording, order } = this.#trace;
    for (const { pid, tids } of recording.processes) {
      const life = this.#lives.get(pid);
      if (life === undefined) continue;
      for (const tid of new Set([pid, ...tids])) this.#begin(life, pid, tid, this.#from, -1);
    }
    for (const row of order) this.#take(row);
    for (const thread of this.#threads.values()) this.#finish(thread, this.#to, true);
    this.#takeRequests();
    const slices = this.#sorted();
    return {
      span: { start: this.#from as TraceTime, end: this.#to as TraceTime },
      tracks: this.#tracks,
      names: Array.from({ length: this.#names.size }, (_, id) => this.#names.text(id)),
      slices,
      instants: { length: this.#instants.time.length, ...views(this.#instants) } as never,
      wakeUps: { length: this.#wakeUps.event.length, ...views(this.#wakeUps) } as never,
      threadTrack: (process, tid) => this.#trackOf.get(`${process ?? ''}.${tid}`),
    };
  }

  #take(row: number): void {
    const { events } = this.#trace.recording;
    const time = events.time.at(row);
    const own = events.row.at(row);
    switch (events.kind.at(row)) {
      case KIND.syscall:
        this.#takeSyscall(row, own, time);
        return;
      case KIND.copy_up:
        this.#takeCopyUp(row, own, time);
        return;
      case KIND.switch: {
        const table = events.table('switch');
        const cpu = events.cpu.at(row);
        this.#leaveCpu(this.#threads.get(events.tid.at(row)), time);
        // Where a switch is missing: the CPU shows another thread, so whoever was there has left by now.
        this.#leaveCpu(this.#onCpu.get(cpu), time);
        this.#onCpu.delete(cpu);
        const next = this.#threads.get(table.column('next_tids').at(own));
        if (next !== undefined) {
          this.#enterCpu(next, time, row);
          this.#onCpu.set(cpu, next);
        }
        return;
      }
      case KIND.waking:
        this.#takeWaking(row, own, time);
        return;
    }
    const thread = this.#threadOf(row);
    if (thread !== undefined) {
      this.#instants.track.push(thread.track);
      this.#instants.time.push(time);
      this.#instants.event.push(row);
    }
    switch (events.kind.at(row)) {
      case KIND.fork:
        this.#takeFork(row, own, time);
        break;
      case KIND.exec:
        this.#takeExec(row, time);
        break;
      case KIND.exit:
        if (thread !== undefined) {
          this.#finish(thread, time, false);
          this.#threads.delete(thread.tid);
        }
        break;
    }
  }

  #takeSyscall(row: number, own: number, time: number): void {
    const thread = this.#threadOf(row);
    if (thread === undefined) return;
    const table = this.#trace.recording.events.table('syscall');
    this.#endCall(thread, time);
    const unfinished = (table.column('flags').at(own) & SYSCALL_FLAG.unfinished) !== 0;
    const end = unfinished ? Number.POSITIVE_INFINITY : time + table.column('durations_ns').at(own);
    const name = this.#callName(table.column('names').at(own));
    thread.call = this.#push(thread.track, time, end, 1, SYSCALL, name, row);
  }

  #takeCopyUp(row: number, own: number, time: number): void {
    const thread = this.#threadOf(row);
    if (thread === undefined) return;
    const { events, strings } = this.#trace.recording;
    const table = events.table('copy_up');
    const { end, depth, start } = this.#slices;
    if (thread.copyUp >= 0 && end.at(thread.copyUp) > time) end.set(thread.copyUp, time);
    const path = strings.text(table.column('paths').at(own));
    const finish = time + table.column('durations_ns').at(own);
    const within = thread.call >= 0 && start.at(thread.call) <= time && end.at(thread.call) > time;
    const last = within ? Math.min(finish, end.at(thread.call)) : finish;
    const inner = within ? depth.at(thread.call) + 1 : 1;
    const slice = this.#push(
      thread.track,
      time,
      last,
      inner,
      COPY_UP,
      this.#names.intern(quoting`copy-up ${path}`),
      row,
    );
    if (last < finish) this.#slices.cut.set(slice, 1);
    if (within) thread.copyUp = slice;
    else thread.call = slice;
  }

  #takeWaking(row: number, own: number, time: number): void {
    const { events } = this.#trace.recording;
    const target = this.#threads.get(events.table('waking').column('target_tids').at(own));
    if (target === undefined) return;
    const inTask = events.table('waking').column('contexts').at(own) === 0;
    const waker = inTask ? this.#threads.get(events.tid.at(row)) : undefined;
    target.wakeUps.push(this.#wakeUps.event.length);
    this.#wakeUps.from.push(waker?.track ?? -1);
    this.#wakeUps.fromTime.push(time);
    this.#wakeUps.to.push(target.track);
    this.#wakeUps.toTime.push(time);
    this.#wakeUps.event.push(row);
  }

  #takeFork(row: number, own: number, time: number): void {
    const { events } = this.#trace.recording;
    const forked = this.#livesByFork.get(row);
    if (forked !== undefined) this.#lives.set(forked.pid, forked);
    const tid = events.table('fork').column('child_tids').at(own);
    const life = this.#lives.get(events.table('fork').column('child_pids').at(own));
    if (life === undefined) return;
    const known = this.#threads.get(tid);
    // The snapshot of processes may have been taken after this fork.
    if (known !== undefined && known.life === life) return;
    if (known !== undefined) this.#finish(known, time, true);
    this.#begin(life, life.pid, tid, time, row);
  }

  /** The program changes when its execve returns, so that the call lies in the old one. */
  #takeExec(row: number, time: number): void {
    const { events, strings } = this.#trace.recording;
    const pid = events.pid.at(row);
    const formerTid = events.value(row, 'old_tids');
    const former = formerTid === 0 || formerTid === pid ? undefined : this.#threads.get(formerTid);
    if (former !== undefined) {
      this.#finish(former, time, false);
      this.#threads.delete(formerTid);
    }
    const thread = this.#threads.get(pid);
    if (thread === undefined) return;
    const { end } = this.#slices;
    const callEnd = thread.call < 0 ? time : end.at(thread.call);
    const at = Number.isFinite(callEnd) ? Math.max(time, callEnd) : time;
    this.#endCall(thread, at);
    end.set(thread.outer, at);
    const filename = strings.text(events.value(row, 'filenames'));
    const name = this.#names.intern(programName(filename));
    thread.outer = this.#push(thread.track, at, Number.POSITIVE_INFINITY, 0, PROGRAM, name, row);
  }

  #threadOf(row: number): ThreadDraft | undefined {
    const { events } = this.#trace.recording;
    const tid = events.tid.at(row);
    const known = this.#threads.get(tid);
    if (known !== undefined || tid === 0) return known;
    const pid = events.pid.at(row);
    return this.#begin(this.#lives.get(pid), pid, tid, this.#from, -1);
  }

  #begin(
    life: ProcessLife | undefined,
    pid: number,
    tid: number,
    time: number,
    event: number,
  ): ThreadDraft {
    const isMain = tid === pid;
    const { strings, events } = this.#trace.recording;
    const forkedName = event < 0 ? '' : strings.text(events.value(event, 'child_comms'));
    const lastName = life?.comms.at(-1)?.comm ?? '';
    const first = isMain ? (life?.comms[0]?.comm ?? '') : forkedName || lastName;
    const track = this.#tracks.length;
    // The part that it plays last tells most: a shim is containerd before its exec.
    const part = life?.actors.at(-1);
    this.#tracks.push({
      kind: 'thread',
      parent: undefined,
      process: life?.key,
      pid,
      tid,
      name: isMain ? lastName : first,
      actor: part?.actor ?? 'other',
      containerId: part?.containerId,
    });
    this.#trackOf.set(`${life?.key ?? ''}.${tid}`, track);
    const kind = isMain ? PROGRAM : THREAD;
    const name = this.#names.intern(first || '(unknown)');
    const outer = this.#push(track, time, Number.POSITIVE_INFINITY, 0, kind, name, event);
    const thread: ThreadDraft = {
      track,
      life,
      pid,
      tid,
      schedule: -1,
      onCpuSince: Number.NaN,
      onCpuEvent: -1,
      outer,
      call: -1,
      copyUp: -1,
      wakeUps: [],
    };
    this.#threads.set(tid, thread);
    return thread;
  }

  /** @param cut the end is not the thread's own */
  #finish(thread: ThreadDraft, time: number, cut: boolean): void {
    this.#endCall(thread, time);
    this.#leaveCpu(thread, time);
    this.#slices.end.set(thread.outer, Math.max(time, this.#slices.start.at(thread.outer)));
    if (cut) this.#slices.cut.set(thread.outer, 1);
  }

  /** A call that is not over at `time`, or has no end, ends there. */
  #endCall(thread: ThreadDraft, time: number): void {
    const { end, cut, start } = this.#slices;
    if (thread.call >= 0 && end.at(thread.call) > time) {
      end.set(thread.call, Math.max(time, start.at(thread.call)));
      cut.set(thread.call, 1);
      if (thread.copyUp >= 0 && end.at(thread.copyUp) > time) {
        end.set(thread.copyUp, Math.max(time, start.at(thread.copyUp)));
        cut.set(thread.copyUp, 1);
      }
    }
    thread.copyUp = -1;
    thread.call = -1;
  }

  #enterCpu(thread: ThreadDraft, time: number, row: number): void {
    // It cannot be on two: the switch away from the other one is missing.
    this.#leaveCpu(thread, time);
    for (const wakeUp of thread.wakeUps) this.#wakeUps.toTime.set(wakeUp, time);
    thread.wakeUps.length = 0;
    thread.onCpuSince = time;
    thread.onCpuEvent = row;
  }

  #leaveCpu(thread: ThreadDraft | undefined, time: number): void {
    if (thread === undefined || Number.isNaN(thread.onCpuSince)) return;
    if (thread.schedule < 0) {
      thread.schedule = this.#tracks.length;
      const owner = this.#tracks[thread.track] as Track;
      this.#tracks.push({ ...owner, kind: 'schedule', parent: thread.track });
    }
    const name = this.#names.intern('running');
    const { onCpuSince, onCpuEvent } = thread;
    this.#push(thread.schedule, onCpuSince, time, 0, RUNNING, name, onCpuEvent);
    thread.onCpuSince = Number.NaN;
  }

  #takeRequests(): void {
    const { marks } = this.#trace.recording;
    const requests = marks
      .map((mark, index) => ({ mark, index }))
      .filter(({ mark }) => !mark.wallClock)
      .sort((a, b) => a.mark.start - b.mark.start || a.index - b.index);
    // A request goes onto the first lane that is free by then.
    const busy = new MinHeap<Lane>(({ end }) => end);
    const free = new MinHeap<Lane>(({ track }) => track);
    for (const { mark, index } of requests) {
      const end = mark.end ?? this.#to;
      while (busy.first !== undefined && busy.first.end <= mark.start) {
        free.push(busy.pop() as Lane);
      }
      let lane = free.pop();
      if (lane === undefined) {
        lane = { track: this.#tracks.length, end };
        this.#tracks.push(requestTrack());
      }
      lane.end = end;
      busy.push(lane);
      const name = this.#names.intern(mark.name);
      const slice = this.#push(lane.track, mark.start, end, 0, REQUEST, name, index);
      if (isOpen(mark)) this.#slices.cut.set(slice, 1);
    }
  }

  #callName(id: number): number {
    let name = this.#callNames.get(id);
    if (name === undefined) {
      name = this.#names.intern(this.#trace.recording.strings.text(id) || '(unknown)');
      this.#callNames.set(id, name);
    }
    return name;
  }

  #push(
    track: number,
    start: number,
    end: number,
    depth: number,
    kind: number,
    name: number,
    event: number,
  ): number {
    const { length } = this.#slices.track;
    this.#slices.track.push(track);
    this.#slices.start.push(start);
    this.#slices.end.push(Math.max(end, start));
    this.#slices.depth.push(depth);
    this.#slices.kind.push(kind);
    this.#slices.name.push(name);
    this.#slices.event.push(event);
    this.#slices.cut.push(0);
    return length;
  }

  /** By track, start, depth. Within a track they were made in the order of their starts but for the runs on a CPU's. */
  #sorted(): Tracks['slices'] {
    const { track, start, depth } = this.#slices;
    const order = Uint32Array.from({ length: track.length }, (_, index) => index);
    order.sort(
      (a, b) =>
        track.at(a) - track.at(b) ||
        start.at(a) - start.at(b) ||
        depth.at(a) - depth.at(b) ||
        a - b,
    );
    const sorted = Object.fromEntries(
      Object.entries(this.#slices).map(([name, column]) => {
        const from = column.view();
        const to = new (from.constructor as new (length: number) => ColumnData)(order.length);
        for (let index = 0; index < order.length; index++) {
          to[index] = from[order[index] as number] as number;
        }
        return [name, to];
      }),
    );
    return { length: order.length, ...sorted } as never;
  }
}

const views = (columns: Readonly<Record<string, NumberColumn>>): Record<string, ColumnData> =>
  Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, column.view()]));

const isOpen = ({ end }: ApiMark): boolean => end === undefined;

function requestTrack(): Track {
  return {
    kind: 'requests',
    parent: undefined,
    process: undefined,
    pid: 0,
    tid: 0,
    name: 'requests to the engine',
    actor: 'client',
    containerId: undefined,
  };
}

/** "/usr/bin/runc" as "runc". */
const programName = (filename: Foreign): Foreign =>
  filename.slice(filename.lastIndexOf('/') + 1) || filename || '(unknown)';
