/** From forks, execs, renames and exits to the lives of processes and threads. */
import type { Foreign } from '../../base/foreign.js';
import type { ProcessKey } from '../../base/ids.js';
import { firstFrom, lastUpTo } from '../../base/sorted.js';
import type { TraceTime } from '../../base/time.js';
import { EXIT_FLAG, KIND } from '../../model/recording/event-kinds.js';
import type { KnownProcess, ProcessRole, Recording } from '../../model/recording/recording.js';
import type { ProcessExec } from '../../model/trace/trace.js';

/** A process's life while it is put together; the actors come later. */
export interface ProcessDraft {
  readonly key: ProcessKey;
  readonly pid: number;
  /** Its key is smaller than the child's: no chain of parents has a circle, whatever the file says. */
  readonly parent: ProcessKey | undefined;
  readonly role: ProcessRole;
  readonly start: TraceTime | undefined;
  readonly forkEvent: number | undefined;
  end: TraceTime | undefined;
  exitCode: number | undefined;
  exitEvent: number | undefined;
  readonly execs: ProcessExec[];
  readonly comms: { time: TraceTime; comm: Foreign; event: number | undefined }[];
}

export interface ThreadStart {
  readonly time: TraceTime;
  readonly parentTid: number;
  readonly event: number;
}

export interface ProcessTable {
  readonly processes: readonly ProcessDraft[];
  /** The life that pid has at a time: pids are reused. */
  at(pid: number, time: TraceTime): ProcessDraft | undefined;
  /** The fork that began thread tid's life which includes `time`; undefined: before the recording. */
  threadStart(tid: number, time: TraceTime): ThreadStart | undefined;
  /** The first fork at or after `time` that begins a life of thread tid. */
  nextThreadStart(tid: number, time: TraceTime): ThreadStart | undefined;
  /** Where a thread took over its leader's id in an exec: its former tid, else undefined. */
  formerTid(tid: number, time: TraceTime): Takeover | undefined;
}

interface Takeover {
  readonly tid: number;
  readonly until: TraceTime;
}

/** @param order rows in time order */
export function buildLives(recording: Recording, order: Uint32Array): ProcessTable {
  const builder = new LivesBuilder(recording);
  for (const known of recording.processes) builder.addKnown(known);
  const { kind } = recording.events;
  for (const row of order) {
    switch (kind.at(row)) {
      case KIND.fork:
        builder.fork(row);
        break;
      case KIND.exec:
        builder.exec(row);
        break;
      case KIND.rename:
        builder.rename(row);
        break;
      case KIND.exit:
        builder.exit(row);
        break;
    }
  }
  return builder.lives();
}

/** Takes in what happens to processes, in the order in which it happens. Methods are given rows of events. */
class LivesBuilder {
  readonly #events: Recording['events'];
  readonly #strings: Recording['strings'];
  readonly #processes: ProcessDraft[] = [];
  readonly #livesOf = new Map<number, ProcessDraft[]>();
  readonly #threads = new Map<number, ThreadStart[]>();
  readonly #takeovers = new Map<number, Takeover[]>();

  constructor({ events, strings }: Recording) {
    this.#events = events;
    this.#strings = strings;
  }

  /** A process that was there before the recording. */
  addKnown({ pid, parentPid, comm, role }: KnownProcess): void {
    this.#begin(pid, this.#current(parentPid), undefined, comm, role, undefined);
  }

  fork(row: number): void {
    const events = this.#events;
    const time = events.time.at(row) as TraceTime;
    const pid = events.pid.at(row);
    const childPid = events.value(row, 'child_pids');
    const start: ThreadStart = { time, parentTid: events.tid.at(row), event: row };
    append(this.#threads, events.value(row, 'child_tids'), start);
    if (childPid === pid || isUntouched(this.#current(childPid))) return;
    const comm = this.#strings.text(events.value(row, 'child_comms'));
    this.#begin(childPid, this.#currentOrUnknown(pid), time, comm, '', row);
  }

  exec(row: number): void {
    const events = this.#events;
    const strings = this.#strings;
    const time = events.time.at(row) as TraceTime;
    this.#currentOrUnknown(events.pid.at(row)).execs.push({
      time,
      filename: strings.text(events.value(row, 'filenames')),
      argv: events.values(row, 'arguments').map((id) => strings.text(id)),
      event: row,
    });
    const oldTid = events.value(row, 'old_tids');
    const tid = events.tid.at(row);
    if (oldTid !== tid && oldTid !== 0) append(this.#takeovers, tid, { tid: oldTid, until: time });
  }

  rename(row: number): void {
    const events = this.#events;
    const pid = events.pid.at(row);
    // Threads have names too; a process is called what its leader is called.
    if (events.tid.at(row) !== pid) return;
    this.#current(pid)?.comms.push({
      time: events.time.at(row) as TraceTime,
      comm: this.#strings.text(events.value(row, 'comms')),
      event: row,
    });
  }

  exit(row: number): void {
    const events = this.#events;
    const pid = events.pid.at(row);
    const life = this.#current(pid);
    if (life === undefined) return;
    // The leader's status is the process's, but the process lives until its last thread ends.
    if (events.tid.at(row) === pid) life.exitCode = events.value(row, 'codes');
    if ((events.value(row, 'flags') & EXIT_FLAG.lastThread) === 0) return;
    life.end = events.time.at(row) as TraceTime;
    life.exitEvent = row;
    life.exitCode ??= events.value(row, 'codes');
  }

  lives(): ProcessTable {
    const [livesOf, threads, takeovers] = [this.#livesOf, this.#threads, this.#takeovers];
    return {
      processes: this.#processes,
      at(pid, time) {
        const lives = livesOf.get(pid);
        if (lives === undefined) return undefined;
        return lives[Math.max(0, lastUpTo(lives, time, startOf))];
      },
      threadStart(tid, time) {
        const starts = threads.get(tid);
        return starts?.[lastUpTo(starts, time, timeOf)];
      },
      nextThreadStart(tid, time) {
        const starts = threads.get(tid);
        return starts?.[firstFrom(starts, time, timeOf)];
      },
      formerTid(tid, time) {
        const own = takeovers.get(tid);
        return own?.[lastUpTo(own, time, ({ until }) => until)];
      },
    };
  }

  #begin(
    pid: number,
    parent: ProcessDraft | undefined,
    start: TraceTime | undefined,
    comm: Foreign,
    role: ProcessRole,
    forkEvent: number | undefined,
  ): ProcessDraft {
    const life: ProcessDraft = {
      key: this.#processes.length as ProcessKey,
      pid,
      parent: parent?.key,
      role,
      start,
      forkEvent,
      end: undefined,
      exitCode: undefined,
      exitEvent: undefined,
      execs: [],
      comms: [{ time: start ?? (Number.NEGATIVE_INFINITY as TraceTime), comm, event: forkEvent }],
    };
    this.#processes.push(life);
    append(this.#livesOf, pid, life);
    return life;
  }

  #current(pid: number): ProcessDraft | undefined {
    return this.#livesOf.get(pid)?.at(-1);
  }

  /** What acts was there, whether or not a snapshot or a fork of it was recorded. */
  #currentOrUnknown(pid: number): ProcessDraft {
    return this.#current(pid) ?? this.#begin(pid, undefined, undefined, '', '', undefined);
  }
}

/** Known from the snapshot of processes, which may have been taken after the fork that begins it. */
const isUntouched = (life: ProcessDraft | undefined): boolean =>
  life !== undefined &&
  life.start === undefined &&
  life.end === undefined &&
  life.execs.length === 0;

function append<T>(lists: Map<number, T[]>, key: number, item: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}

/** Lives begin in the order in which they are made: what was there before the recording comes first. */
const startOf = ({ start }: ProcessDraft): number => start ?? Number.NEGATIVE_INFINITY;
const timeOf = ({ time }: ThreadStart): number => time;
