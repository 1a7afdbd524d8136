/** From forks, execs, renames and exits to the lives of processes and threads. */
import type { Foreign } from '../../base/foreign.js';
import type { ProcessKey } from '../../base/ids.js';
import { firstFrom, lastUpTo } from '../../base/sorted.js';
import type { TraceTime } from '../../base/time.js';
import { EXIT_FLAG, KIND } from '../../model/recording/event-kinds.js';
import type { ProcessRole, Recording } from '../../model/recording/recording.js';
import type { ProcessExec } from '../../model/trace/trace.js';

/** A process's life while it is put together; the actors come later. */
export interface LifeDraft {
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

export interface Lives {
  readonly processes: readonly LifeDraft[];
  /** The life that pid has at a time: pids are reused. */
  at(pid: number, time: TraceTime): LifeDraft | undefined;
  /** The fork that began thread tid's life which includes `time`; undefined: before the recording. */
  threadStart(tid: number, time: TraceTime): ThreadStart | undefined;
  /** The first fork at or after `time` that begins a life of thread tid. */
  nextThreadStart(tid: number, time: TraceTime): ThreadStart | undefined;
  /** Where a thread took over its leader's id in an exec: its former tid, else undefined. */
  formerTid(tid: number, time: TraceTime): { tid: number; until: TraceTime } | undefined;
}

/** @param order rows in time order */
export function buildLives(recording: Recording, order: Uint32Array): Lives {
  const { events, strings } = recording;
  const processes: LifeDraft[] = [];
  const livesOf = new Map<number, LifeDraft[]>();
  const threads = new Map<number, ThreadStart[]>();
  const takeovers = new Map<number, { tid: number; until: TraceTime }[]>();

  const begin = (
    pid: number,
    parent: LifeDraft | undefined,
    start: TraceTime | undefined,
    comm: Foreign,
    role: ProcessRole,
    forkEvent: number | undefined,
  ): LifeDraft => {
    const life: LifeDraft = {
      key: processes.length as ProcessKey,
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
    processes.push(life);
    const lives = livesOf.get(pid);
    if (lives === undefined) livesOf.set(pid, [life]);
    else lives.push(life);
    return life;
  };
  const current = (pid: number): LifeDraft | undefined => livesOf.get(pid)?.at(-1);

  for (const known of recording.processes) {
    begin(known.pid, current(known.parentPid), undefined, known.comm, known.role, undefined);
  }

  for (const row of order) {
    const kind = events.kind.at(row);
    // The bulk of a trace says nothing about lives.
    if (kind === KIND.syscall || kind === KIND.switch || kind === KIND.waking) continue;
    const time = events.time.at(row) as TraceTime;
    const pid = events.pid.at(row);
    if (kind === KIND.fork) {
      const childPid = events.value(row, 'child_pids');
      const childTid = events.value(row, 'child_tids');
      const start: ThreadStart = { time, parentTid: events.tid.at(row), event: row };
      const starts = threads.get(childTid);
      if (starts === undefined) threads.set(childTid, [start]);
      else starts.push(start);
      if (childPid === pid) continue;
      const known = current(childPid);
      // The snapshot of processes may have been taken after this fork.
      if (
        known !== undefined &&
        known.start === undefined &&
        known.end === undefined &&
        known.execs.length === 0
      )
        continue;
      const comm = strings.text(events.value(row, 'child_comms'));
      begin(
        childPid,
        current(pid) ?? begin(pid, undefined, undefined, '', '', undefined),
        time,
        comm,
        '',
        row,
      );
    } else if (kind === KIND.exec) {
      const life = current(pid) ?? begin(pid, undefined, undefined, '', '', undefined);
      life.execs.push({
        time,
        filename: strings.text(events.value(row, 'filenames')),
        argv: events.values(row, 'arguments').map((id) => strings.text(id)),
        event: row,
      });
      const oldTid = events.value(row, 'old_tids');
      const tid = events.tid.at(row);
      if (oldTid !== tid && oldTid !== 0) {
        const list = takeovers.get(tid) ?? [];
        list.push({ tid: oldTid, until: time });
        takeovers.set(tid, list);
      }
    } else if (kind === KIND.rename) {
      const life = current(pid);
      // Threads have names too; a process is called what its leader is called.
      if (life !== undefined && events.tid.at(row) === pid) {
        life.comms.push({ time, comm: strings.text(events.value(row, 'comms')), event: row });
      }
    } else if (kind === KIND.exit) {
      const life = current(pid);
      if (life === undefined) continue;
      // The leader's status is the process's, but the process lives until its last thread ends.
      if (events.tid.at(row) === pid) life.exitCode = events.value(row, 'codes');
      if ((events.value(row, 'flags') & EXIT_FLAG.lastThread) !== 0) {
        life.end = time;
        life.exitEvent = row;
        life.exitCode ??= events.value(row, 'codes');
      }
    }
  }

  return {
    processes,
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

/** Lives begin in the order in which they are made: what was there before the recording comes first. */
const startOf = ({ start }: LifeDraft): number => start ?? Number.NEGATIVE_INFINITY;
const timeOf = ({ time }: ThreadStart): number => time;
