/** The syscalls of one start, by who made them and by name. Pure. */

import { type Foreign, raw } from '../../base/foreign.js';
import { KIND, SYSCALL_FLAG } from '../../model/recording/event-kinds.js';
import { namespacesOf, type SyscallView, viewSyscall } from '../../model/syscalls/syscall-view.js';
import { isSyscallFor, NAMESPACE_MAKERS } from '../../model/syscalls/syscalls.js';
import type { ActorKind } from '../../model/trace/actor-kind.js';
import { actorLookup } from '../../model/trace/actor-lookup.js';
import type { ContainerRun, Trace } from '../../model/trace/trace.js';

/** Calls of one name by one actor. */
export interface CallCell {
  readonly actor: ActorKind;
  readonly name: Foreign;
  calls: number;
  /** Inside them until the start was over; threads wait beside each other, so the sum exceeds the start. */
  ns: number;
}

export interface CallTotal {
  readonly name: Foreign;
  readonly calls: number;
  readonly ns: number;
}

/** What a start is made of; each must be seen in a whole recording. */
export const STRUCTURAL_CALLS = [
  'processes made',
  'calls that made namespaces',
  'mounts made',
  'roots changed',
] as const;
export type StructuralCall = (typeof STRUCTURAL_CALLS)[number];

export interface StructuralView {
  readonly what: StructuralCall;
  readonly actor: ActorKind;
  readonly pid: number;
  readonly call: SyscallView;
}

export interface SyscallCounts {
  readonly cells: readonly CallCell[];
  /** Successful ones of anybody but the client: what tracing the client alone does not see. */
  readonly structural: readonly StructuralView[];
}

/**
 * Calls that began between the create request and the entrypoint's exec, of the engine's processes and this
 * container's; another container's are left out.
 */
export function countSyscalls(trace: Trace, run: ContainerRun): SyscallCounts {
  const { recording, order } = trace;
  const { events, strings } = recording;
  const { window } = run;
  const cells = new Map<string, CallCell>();
  const structural: StructuralView[] = [];
  if (window === undefined) return { cells: [], structural };
  const lookUp = actorLookup(trace.processes);
  const columns = events.table('syscall').columns;
  for (const row of order) {
    const time = events.time.at(row);
    if (time >= window.end) break;
    if (time < window.start || events.kind.at(row) !== KIND.syscall) continue;
    const pid = events.pid.at(row);
    const span = lookUp(pid, time);
    if (span === undefined) continue;
    if (span.containerId !== undefined && span.containerId !== run.containerId) continue;
    const at = events.row.at(row);
    const name = strings.text(columns.names?.at(at) ?? 0);
    const unfinished = ((columns.flags?.at(at) ?? 0) & SYSCALL_FLAG.unfinished) !== 0;
    const end = unfinished ? window.end : time + (columns.durations_ns?.at(at) ?? 0);
    const key = `${span.actor}\0${raw(name)}`;
    const cell = cells.get(key) ?? { actor: span.actor, name, calls: 0, ns: 0 };
    cell.calls++;
    cell.ns += Math.min(end, window.end) - time;
    cells.set(key, cell);
    if (span.actor === 'client' || !isCandidate(name)) continue;
    const call = viewSyscall(recording, row);
    for (const what of structureOf(call)) structural.push({ what, actor: span.actor, pid, call });
  }
  return { cells: [...cells.values()], structural };
}

const MOUNTS: ReadonlySet<Foreign> = new Set<Foreign>(['mount', 'move_mount']);
const isCandidate = (name: Foreign): boolean =>
  isSyscallFor('clone', name) ||
  isSyscallFor('root', name) ||
  MOUNTS.has(name) ||
  NAMESPACE_MAKERS.has(name);

function structureOf(call: SyscallView): StructuralCall[] {
  if (call.result < 0 || call.duration === undefined) return [];
  const { name } = call;
  const made: StructuralCall[] = [];
  if (isSyscallFor('clone', name) && !makesThread(call)) made.push('processes made');
  if (NAMESPACE_MAKERS.has(name) && namespacesOf(call).length > 0) {
    made.push('calls that made namespaces');
  }
  if (MOUNTS.has(name)) made.push('mounts made');
  if (isSyscallFor('root', name)) made.push('roots changed');
  return made;
}

/** linux/sched.h */
const CLONE_THREAD = 0x10000;

const makesThread = (call: SyscallView): boolean =>
  Math.floor((call.arguments[0] ?? 0) / CLONE_THREAD) % 2 === 1;

/** Sums of cells that have something in common, most calls first. */
export function totalBy(
  cells: readonly CallCell[],
  keyOf: (cell: CallCell) => Foreign,
): CallTotal[] {
  const totals = new Map<Foreign, { name: Foreign; calls: number; ns: number }>();
  for (const cell of cells) {
    const name = keyOf(cell);
    const total = totals.get(name) ?? { name, calls: 0, ns: 0 };
    total.calls += cell.calls;
    total.ns += cell.ns;
    totals.set(name, total);
  }
  return [...totals.values()].sort((a, b) => b.calls - a.calls || (a.name < b.name ? -1 : 1));
}
