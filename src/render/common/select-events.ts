/** Which events a reader asked for, in time order, one at a time. */
import type { Foreign } from '../../base/foreign.js';
import { type EventKindName, KIND } from '../../model/recording/event-kinds.js';
import type { ActorKind } from '../../model/trace/actor-kind.js';
import { actorLookup } from '../../model/trace/actor-lookup.js';
import type { ActorSpan, Trace } from '../../model/trace/trace.js';

/** Absent fields select everything. Times are trace time, ns. */
export interface EventSelection {
  readonly kinds?: ReadonlySet<EventKindName>;
  readonly actors?: ReadonlySet<ActorKind>;
  readonly syscalls?: ReadonlySet<Foreign>;
  readonly pid?: number;
  readonly from?: number;
  /** Exclusive. */
  readonly to?: number;
  readonly limit?: number;
}

export interface SelectedEvent {
  readonly row: number;
  /** Who acted; undefined where the process is unknown. */
  readonly actor: ActorSpan | undefined;
}

export function* selectEvents(trace: Trace, selection: EventSelection): Generator<SelectedEvent> {
  const { events, strings } = trace.recording;
  const actorAt = actorLookup(trace.processes);
  const { pid, from = -Infinity, to = Infinity, limit = Infinity, actors } = selection;
  const kinds =
    selection.kinds === undefined
      ? undefined
      : new Set([...selection.kinds].map((name): number => KIND[name]));
  const { syscalls } = selection;
  const syscallNames = events.table('syscall').column('names');
  let count = 0;
  for (const row of trace.order) {
    if (count >= limit) return;
    const time = events.time.at(row);
    if (time < from || time >= to) continue;
    const kind = events.kind.at(row);
    if (kinds !== undefined && !kinds.has(kind)) continue;
    const eventPid = events.pid.at(row);
    if (pid !== undefined && eventPid !== pid) continue;
    if (syscalls !== undefined) {
      if (kind !== KIND.syscall) continue;
      if (!syscalls.has(strings.text(syscallNames.at(events.row.at(row))))) continue;
    }
    const actor = actorAt(eventPid, time);
    if (actors !== undefined && (actor === undefined || !actors.has(actor.actor))) continue;
    count++;
    yield { row, actor };
  }
}

/** What event times are told from: the create request, or the recording's beginning without one. */
export function originOf(trace: Trace): number {
  const first = trace.runs[0]?.milestones.find(({ name }) => name === 'create requested');
  return first?.time ?? 0;
}
