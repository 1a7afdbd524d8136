/**
 * What each thread does and when: its syscalls, its time on a CPU, its wake-ups. Columnar, one index a
 * thread, built once; every look-up is a binary search.
 */
import { lastUpTo } from '../../base/sorted.js';
import { KIND, SWITCH_FLAG, SYSCALL_FLAG } from '../../model/recording/event-kinds.js';
import type { EventTable, KindTable, NumberColumn } from '../../model/recording/event-table.js';

/** A sched slice: the time of a thread on a CPU. */
export interface SchedSlice {
  /** Switched in; -Infinity: on the CPU since before the recording. */
  readonly from: number;
  /** Switched out; Infinity: still there at the end. */
  readonly to: number;
  /** Switched out although it could have run on. */
  readonly preempted: boolean;
  /** It left the CPU to wait for block I/O. */
  readonly ioWait: boolean;
}

interface Thread {
  /** Rows of syscall events, by entry. */
  readonly syscalls: number[];
  /** Rows of switch events in which the thread leaves or enters a CPU, by time. */
  readonly switches: number[];
  /** Places in `switches` at which it enters a CPU; made when they are first asked for. */
  entries: readonly number[] | undefined;
  /** Rows of waking events of which it is the target, by time. */
  readonly wakings: number[];
  /** Rows of cache_fill events, by time. */
  readonly fills: number[];
}

const newThread = (): Thread => ({
  syscalls: [],
  switches: [],
  entries: undefined,
  wakings: [],
  fills: [],
});
const NOTHING = newThread();

export class ThreadActivity {
  readonly #events: EventTable;
  readonly #threads = new Map<number, Thread>();
  readonly #threadsOf = new Map<number, Set<number>>();
  readonly #nextTids: NumberColumn;
  readonly #switchFlags: NumberColumn;
  readonly #previousStates: NumberColumn;
  readonly #durations: NumberColumn;
  readonly #flags: NumberColumn;
  readonly #syscalls: KindTable<'syscall'>;

  /** @param order rows in time order */
  constructor(events: EventTable, order: Uint32Array) {
    this.#events = events;
    const switches = events.table('switch');
    this.#nextTids = switches.column('next_tids');
    this.#switchFlags = switches.column('flags');
    this.#previousStates = switches.column('previous_states');
    this.#syscalls = events.table('syscall');
    this.#durations = this.#syscalls.column('durations_ns');
    this.#flags = this.#syscalls.column('flags');
    const targets = events.table('waking').column('target_tids');
    for (const row of order) {
      switch (events.kind.at(row)) {
        case KIND.syscall:
          this.#thread(events.tid.at(row), events.pid.at(row)).syscalls.push(row);
          break;
        case KIND.switch: {
          const next = this.#nextTids.at(events.row.at(row));
          // tid 0 is every CPU's idle task.
          if (events.tid.at(row) !== 0) this.#thread(events.tid.at(row)).switches.push(row);
          if (next !== 0) this.#thread(next).switches.push(row);
          break;
        }
        case KIND.cache_fill:
          this.#thread(events.tid.at(row)).fills.push(row);
          break;
        case KIND.waking:
          this.#thread(targets.at(events.row.at(row))).wakings.push(row);
          break;
      }
    }
  }

  /** Whether switches were recorded at all: without them there is no path to walk. */
  get hasSchedule(): boolean {
    return this.#events.count('switch') > 0;
  }

  /** The last slice on a CPU that began before `time`; undefined: none is known. */
  sliceBefore(tid: number, time: number): SchedSlice | undefined {
    const thread = this.#of(tid);
    const { switches } = thread;
    const index = this.#lastBefore(switches, time);
    if (index < 0) {
      // Never seen switching before: on the CPU all along if the next thing seen is that it leaves.
      const next = switches[0];
      if (next === undefined || this.#events.tid.at(next) !== tid) return undefined;
      return this.#slice(Number.NEGATIVE_INFINITY, next);
    }
    const last = switches[index] as number;
    if (this.#nextTids.at(this.#events.row.at(last)) === tid) {
      return this.#slice(this.#events.time.at(last), switches[index + 1]);
    }
    // It left at `last`: the slice that ended there.
    const entries = this.#entriesOf(thread, tid);
    const entry = entries[lastUpTo(entries, index, (place) => place)];
    const from =
      entry === undefined
        ? Number.NEGATIVE_INFINITY
        : this.#events.time.at(switches[entry] as number);
    return this.#slice(from, last);
  }

  #entriesOf(thread: Thread, tid: number): readonly number[] {
    thread.entries ??= thread.switches.flatMap((row, place) =>
      this.#nextTids.at(this.#events.row.at(row)) === tid ? [place] : [],
    );
    return thread.entries;
  }

  #slice(from: number, out: number | undefined): SchedSlice {
    if (out === undefined) {
      return { from, to: Number.POSITIVE_INFINITY, preempted: false, ioWait: false };
    }
    const row = this.#events.row.at(out);
    const flags = this.#switchFlags.at(row);
    return {
      from,
      to: this.#events.time.at(out),
      preempted: (flags & SWITCH_FLAG.preempted) !== 0 || this.#previousStates.at(row) === 0,
      ioWait: (flags & SWITCH_FLAG.ioWait) !== 0,
    };
  }

  /** The threads that made syscalls as threads of process `pid`. */
  threadsOf(pid: number): Iterable<number> {
    return this.#threadsOf.get(pid) ?? [];
  }

  /** Row of the first wake-up of the thread in (from, to]. */
  wakingIn(tid: number, from: number, to: number): number | undefined {
    const { wakings } = this.#of(tid);
    const row = wakings[this.#lastUpTo(wakings, from) + 1];
    return row !== undefined && this.#events.time.at(row) <= to ? row : undefined;
  }

  /** Row of the last wake-up of the thread in [from, to). */
  lastWakingIn(tid: number, from: number, to: number): number | undefined {
    const { wakings } = this.#of(tid);
    const row = wakings[this.#lastBefore(wakings, to)];
    return row !== undefined && this.#events.time.at(row) >= from ? row : undefined;
  }

  /** Row of the syscall that the thread is in at `time`: entered at or before it, left after it. */
  syscallAt(tid: number, time: number): number | undefined {
    const { syscalls } = this.#of(tid);
    const row = syscalls[this.#lastUpTo(syscalls, time)];
    return row !== undefined && this.syscallEnd(row) > time ? row : undefined;
  }

  /** Rows of the syscalls of the thread that overlap [from, to), by entry. */
  syscallsIn(tid: number, from: number, to: number): number[] {
    const { syscalls } = this.#of(tid);
    const rows: number[] = [];
    for (let i = Math.max(0, this.#lastUpTo(syscalls, from)); i < syscalls.length; i++) {
      const row = syscalls[i] as number;
      if (this.#events.time.at(row) >= to) break;
      if (this.syscallEnd(row) > from) rows.push(row);
    }
    return rows;
  }

  /** Rows of the syscalls that the thread entered from `time` on, by entry; so many at most. */
  syscallsFrom(tid: number, time: number, most: number): number[] {
    const { syscalls } = this.#of(tid);
    const first = this.#lastBefore(syscalls, time) + 1;
    return syscalls.slice(first, first + most);
  }

  /** Rows of the syscalls that the thread entered up to `time`, the last one first; so many at most. */
  syscallsBefore(tid: number, time: number, most: number): number[] {
    const { syscalls } = this.#of(tid);
    const end = this.#lastUpTo(syscalls, time) + 1;
    return syscalls.slice(Math.max(0, end - most), end).reverse();
  }

  /** When the thread read into the page cache within [from, to), in time order. */
  cacheFillsIn(tid: number, from: number, to: number): { from: number; to: number }[] {
    const { fills } = this.#of(tid);
    const found: { from: number; to: number }[] = [];
    for (let i = Math.max(0, this.#lastUpTo(fills, from)); i < fills.length; i++) {
      const row = fills[i] as number;
      const start = this.#events.time.at(row);
      if (start >= to) break;
      const end = start + this.#events.value(row, 'last_offset_ns');
      if (end >= from) found.push({ from: Math.max(start, from), to: Math.min(end, to) });
    }
    return found;
  }

  /** When a syscall returned; Infinity: not while it was recorded. */
  syscallEnd(row: number): number {
    const own = this.#events.row.at(row);
    const unfinished = (this.#flags.at(own) & SYSCALL_FLAG.unfinished) !== 0;
    return unfinished
      ? Number.POSITIVE_INFINITY
      : this.#events.time.at(row) + this.#durations.at(own);
  }

  /** Index of the last row with time <= `time`; -1. */
  #lastUpTo(rows: readonly number[], time: number): number {
    let low = 0;
    let high = rows.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#events.time.at(rows[middle] as number) <= time) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** Index of the last row with time < `time`; -1. */
  #lastBefore(rows: readonly number[], time: number): number {
    let low = 0;
    let high = rows.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#events.time.at(rows[middle] as number) < time) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  #of(tid: number): Thread {
    return this.#threads.get(tid) ?? NOTHING;
  }

  #thread(tid: number, pid?: number): Thread {
    let thread = this.#threads.get(tid);
    if (thread === undefined) {
      thread = newThread();
      this.#threads.set(tid, thread);
    }
    if (pid !== undefined && thread.syscalls.length === 0) {
      const tids = this.#threadsOf.get(pid);
      if (tids === undefined) this.#threadsOf.set(pid, new Set([tid]));
      else tids.add(tid);
    }
    return thread;
  }
}
