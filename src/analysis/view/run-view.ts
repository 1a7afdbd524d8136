/** What the milestones and rules of one container's run look at, found once. */
import type { ContainerId } from '../../base/ids.js';
import type { TraceTime } from '../../base/time.js';
import { KIND, SYSCALL_FLAG } from '../../model/recording/event-kinds.js';
import type { ApiMark, Recording } from '../../model/recording/recording.js';
import { type SyscallView, viewSyscall } from '../../model/syscalls/syscall-view.js';
import type { ActorKind } from '../../model/trace/actor-kind.js';
import type { ActorSpan } from '../../model/trace/trace.js';
import { actorAt } from '../actors/actors.js';
import type { ProcessDraft, ProcessTable } from '../order/process-table.js';
import type { ThreadActivity } from '../order/thread-activity.js';
import type { ActorCall, TraceIndex } from './trace-index.js';

/** A decoded trace with its indexes. */
export interface TraceView {
  readonly recording: Recording;
  readonly order: Uint32Array;
  readonly lives: ProcessTable;
  readonly actors: readonly ActorSpan[][];
  readonly activity: ThreadActivity;
  /** Syscalls whose arguments were recorded, in time order of their entry. */
  readonly calls: readonly ActorCall[];
  readonly index: TraceIndex;
}

export interface RunView extends TraceView {
  readonly containerId: ContainerId;
  /** Processes that are, at any time, the run's. */
  readonly processes: readonly ProcessDraft[];
  /** Of dit's own requests for this container; the create request too. */
  readonly marks: readonly ApiMark[];
}

/** Who the process of an event is at that time. */
export function spanOf(view: TraceView, pid: number, time: TraceTime): ActorSpan | undefined {
  const life = view.lives.at(pid, time);
  const spans = life === undefined ? undefined : view.actors[life.key];
  return spans === undefined ? undefined : actorAt(spans, time);
}

export function collectCalls(
  recording: Recording,
  order: Uint32Array,
  lives: ProcessTable,
  actors: readonly ActorSpan[][],
): ActorCall[] {
  const { events, strings } = recording;
  const syscalls = events.table('syscall');
  const flags = syscalls.column('flags');
  const names = syscalls.column('names');
  const calls: ActorCall[] = [];
  for (const row of order) {
    if (events.kind.at(row) !== KIND.syscall) continue;
    const own = events.row.at(row);
    if ((flags.at(own) & SYSCALL_FLAG.hasArguments) === 0) continue;
    const time = events.time.at(row) as TraceTime;
    const life = lives.at(events.pid.at(row), time);
    if (life === undefined) continue;
    const { actor, containerId } = actorAt(actors[life.key] as ActorSpan[], time);
    calls.push({ row, time, name: strings.text(names.at(own)), life, actor, containerId });
  }
  return calls;
}

export function viewRun(view: TraceView, containerId: ContainerId): RunView {
  return {
    ...view,
    containerId,
    processes: view.index.processesOf(containerId),
    marks: view.index.marksOf(containerId).filter(({ wallClock }) => !wallClock),
  };
}

/** The run's processes that play `actor` at some time, with the time from which they do. */
export function processesAs(
  run: RunView,
  actor: ActorKind,
): { readonly life: ProcessDraft; readonly from: TraceTime }[] {
  return run.processes.flatMap((life) => {
    const span = run.actors[life.key]?.find(
      (candidate) => candidate.actor === actor && candidate.containerId === run.containerId,
    );
    return span === undefined ? [] : [{ life, from: span.from }];
  });
}

export const viewCall = (run: TraceView, call: ActorCall): SyscallView =>
  viewSyscall(run.recording, call.row);

/** When the call returned; undefined: it had not. */
export function callEnd(run: TraceView, call: ActorCall): TraceTime | undefined {
  const end = run.activity.syscallEnd(call.row);
  return Number.isFinite(end) ? (end as TraceTime) : undefined;
}
