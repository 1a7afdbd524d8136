/**
 * What the analysis of a container looks up in the whole recording, by the container's id. A recording may hold
 * thousands of containers and a million events: nobody searches the events once for each container.
 */
import { type Foreign, raw } from '../../base/foreign.js';
import { addTo, grouped } from '../../base/grouped.js';
import { bareContainerId, type ContainerId, type ProcessKey } from '../../base/ids.js';
import type { TraceTime } from '../../base/time.js';
import { KIND } from '../../model/recording/event-kinds.js';
import type { ApiMark, Recording } from '../../model/recording/recording.js';
import { viewSyscall } from '../../model/syscalls/syscall-view.js';
import { NAMESPACE_MAKERS, SENDERS } from '../../model/syscalls/syscalls.js';
import type { ActorKind } from '../../model/trace/actor-kind.js';
import type { ActorSpan } from '../../model/trace/trace.js';
import { actorAt } from '../actors/actors.js';
import type { ProcessDraft, ProcessTable } from '../order/process-table.js';
import type { ThreadActivity } from '../order/thread-activity.js';

export interface ActorCall {
  readonly row: number;
  readonly time: TraceTime;
  readonly name: Foreign;
  readonly life: ProcessDraft;
  readonly actor: ActorKind;
  readonly containerId: ContainerId | undefined;
}

/** A mount of an overlay, or a move of a mount, that succeeded. */
export interface RootMount {
  readonly call: ActorCall;
  readonly target: Foreign;
}

/** Something that a part of the engine or its client wrote, perhaps to another part. */
export interface Message {
  /** When the call returned. */
  readonly end: number;
  readonly tid: number;
  readonly pid: number;
  /** The container that its writer works for. */
  readonly containerId: ContainerId | undefined;
}

const TALKERS: ReadonlySet<ActorKind> = new Set(['client', 'dockerd', 'containerd', 'shim']);

export const ENGINES: ReadonlySet<ActorKind> = new Set(['dockerd', 'containerd', 'client']);

interface Indexed {
  readonly recording: Recording;
  readonly order: Uint32Array;
  readonly lives: ProcessTable;
  readonly actors: readonly ActorSpan[][];
  readonly activity: ThreadActivity;
  readonly calls: readonly ActorCall[];
}

const once = <T>(make: () => T): (() => T) => {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
};

/** Each index is made when it is first asked for. */
export class TraceIndex {
  readonly #trace: Indexed;
  /** Every container that anything is about. */
  readonly #ids: ReadonlySet<Foreign>;

  readonly #processes = once(() => this.#processesByContainer());
  readonly #marks = once(() =>
    grouped(this.#trace.recording.marks, ({ containerId }) => containerId),
  );
  readonly #markNumbers = once(
    () => new Map(this.#trace.recording.marks.map((mark, index) => [mark, index])),
  );
  readonly #calls = once(() => this.#callsByContainer());
  readonly #callsByLife = once(() => grouped(this.#trace.calls, ({ life }) => life));
  readonly #naming = once(() => this.#firstNaming());
  readonly #mounts = once(() => this.#rootMounts());
  readonly #cgroupAttaches = once(() => this.#attachesByContainer());
  readonly #copies = once(() => this.#copiesByContainer());
  readonly #messages = once(() => this.#messagesByEnd());
  readonly #owners = once(() => threadOwners(this.#trace));

  readonly #clientThread = once(
    () => this.#trace.lives.processes.find(({ role }) => role === 'client')?.pid ?? 0,
  );

  constructor(trace: Indexed) {
    this.#trace = trace;
    const ids = new Set<Foreign>(trace.recording.marks.map(({ containerId }) => containerId));
    for (const spans of trace.actors) {
      for (const { containerId } of spans) if (containerId !== undefined) ids.add(containerId);
    }
    ids.delete('');
    this.#ids = ids;
  }

  /** Processes that are, at any time, the container's. */
  processesOf(id: ContainerId): readonly ProcessDraft[] {
    return this.#processes().get(id) ?? [];
  }

  /** Requests and engine events, in the file's order. */
  marksOf(id: ContainerId): readonly ApiMark[] {
    return this.#marks().get(id) ?? [];
  }

  /** dit's own requests are all made on its first thread; 0: it was not recorded. */
  get clientThread(): number {
    return this.#clientThread();
  }

  /** The mark's place in the recording. */
  numberOf(mark: ApiMark): number {
    return this.#markNumbers().get(mark) ?? -1;
  }

  /** Calls of the container's processes; of a container without a runtime those too that may have made it. */
  callsOf(id: ContainerId): readonly ActorCall[] {
    return this.#calls().get(id) ?? [];
  }

  callsOfLife(life: ProcessDraft): readonly ActorCall[] {
    return this.#callsByLife().get(life) ?? [];
  }

  /** The first call of an engine in one of whose paths the id is a component. */
  firstNaming(id: ContainerId): ActorCall | undefined {
    return this.#naming().get(id);
  }

  /** In time order. */
  mountsOn(target: Foreign): readonly RootMount[] {
    return this.#mounts().byTarget.get(target) ?? [];
  }

  /** Those on a target that names the container, in time order. */
  mountsNaming(id: ContainerId): readonly RootMount[] {
    return this.#mounts().naming.get(id) ?? [];
  }

  /** All of the engines', in time order. */
  engineMounts(): readonly RootMount[] {
    return this.#mounts().ofEngines;
  }

  /** Those of the container's own processes, in time order. */
  ownMounts(id: ContainerId): readonly RootMount[] {
    return this.#mounts().own.get(id) ?? [];
  }

  /** Rows of cgroup_attach into a path that names the container, or of one of its processes; in time order. */
  cgroupAttachesOf(id: ContainerId): readonly number[] {
    return this.#cgroupAttaches().get(id) ?? [];
  }

  /** Rows of copy_up and dirty by the container's processes, in time order. */
  copiesOf(id: ContainerId): readonly number[] {
    return this.#copies().get(id) ?? [];
  }

  /** By their end. */
  messages(): readonly Message[] {
    return this.#messages();
  }

  /** Which process a thread belongs to at a time: from its fork, or from the snapshot of processes. */
  ownerOf(tid: number, time: number): number | undefined {
    return this.#owners()(tid, time);
  }

  #processesByContainer(): Map<ContainerId, ProcessDraft[]> {
    const { lives, actors } = this.#trace;
    const found = new Map<ContainerId, ProcessDraft[]>();
    for (const life of lives.processes) {
      const ids = new Set((actors[life.key] ?? []).map(({ containerId }) => containerId));
      for (const id of ids) if (id !== undefined) addTo(found, id, life);
    }
    return found;
  }

  #callsByContainer(): Map<ContainerId, ActorCall[]> {
    const found = new Map<ContainerId, ActorCall[]>();
    for (const call of this.#trace.calls) {
      if (call.containerId !== undefined) addTo(found, call.containerId, call);
      if (call.actor !== 'client' || !NAMESPACE_MAKERS.has(call.name)) continue;
      const bare = bareContainerId(call.life.pid);
      if (bare !== call.containerId) addTo(found, bare, call);
    }
    return found;
  }

  #firstNaming(): Map<ContainerId, ActorCall> {
    const { recording, calls } = this.#trace;
    const found = new Map<ContainerId, ActorCall>();
    const seen = new Set<number>();
    for (const call of calls) {
      if (!ENGINES.has(call.actor)) continue;
      for (const text of recording.events.values(call.row, 'texts')) {
        // A text that was seen before named its containers then.
        if (seen.has(text)) continue;
        seen.add(text);
        for (const id of this.#components(recording.strings.text(text))) {
          if (!found.has(id)) found.set(id, call);
        }
      }
    }
    return found;
  }

  #rootMounts() {
    const byTarget = new Map<Foreign, RootMount[]>();
    const naming = new Map<ContainerId, RootMount[]>();
    const own = new Map<ContainerId, RootMount[]>();
    const ofEngines: RootMount[] = [];
    for (const call of this.#trace.calls) {
      if (call.name !== 'mount' && call.name !== 'move_mount') continue;
      const view = viewSyscall(this.#trace.recording, call.row);
      if (view.result !== 0) continue;
      if (call.name === 'mount' && view.text(2) !== 'overlay') continue;
      const mount = { call, target: call.name === 'mount' ? view.text(1) : view.text(3) };
      addTo(byTarget, mount.target, mount);
      const ids = new Set([...this.#components(mount.target), ...this.#hexIds(mount.target)]);
      for (const id of ids) addTo(naming, id, mount);
      if (ENGINES.has(call.actor)) ofEngines.push(mount);
      else if (call.containerId !== undefined) addTo(own, call.containerId, mount);
    }
    return { byTarget, naming, own, ofEngines };
  }

  #attachesByContainer(): Map<ContainerId, number[]> {
    const { recording, order } = this.#trace;
    const { events, strings } = recording;
    const found = new Map<ContainerId, number[]>();
    if (events.count('cgroup_attach') === 0) return found;
    for (const row of order) {
      if (events.kind.at(row) !== KIND.cgroup_attach) continue;
      const ids = new Set(this.#hexIds(strings.text(events.value(row, 'paths'))));
      const target = events.value(row, 'target_pids');
      const owner = this.#spanOf(target, events.time.at(row))?.containerId;
      if (owner !== undefined) ids.add(owner);
      for (const id of ids) addTo(found, id, row);
    }
    return found;
  }

  #copiesByContainer(): Map<ContainerId, number[]> {
    const { events } = this.#trace.recording;
    const found = new Map<ContainerId, number[]>();
    if (events.count('copy_up') + events.count('dirty') === 0) return found;
    for (const row of this.#trace.order) {
      const kind = events.kind.at(row);
      if (kind !== KIND.copy_up && kind !== KIND.dirty) continue;
      const id = this.#spanOf(events.pid.at(row), events.time.at(row))?.containerId;
      if (id !== undefined) addTo(found, id, row);
    }
    return found;
  }

  #messagesByEnd(): Message[] {
    const { recording, activity, order } = this.#trace;
    const { events, strings } = recording;
    const names = new Set([...SENDERS].map((name): number => strings.find(name)));
    const messages: Message[] = [];
    for (const row of order) {
      if (events.kind.at(row) !== KIND.syscall) continue;
      if (!names.has(events.value(row, 'names')) || events.value(row, 'results') <= 0) continue;
      const pid = events.pid.at(row);
      const span = this.#spanOf(pid, events.time.at(row));
      if (span === undefined || !TALKERS.has(span.actor)) continue;
      const { containerId } = span;
      messages.push({ end: activity.syscallEnd(row), tid: events.tid.at(row), pid, containerId });
    }
    // No difference: a call that never returned ends at Infinity.
    return messages.sort((a, b) => (a.end < b.end ? -1 : a.end > b.end ? 1 : 0));
  }

  /** The containers whose ids are components of a path. */
  #components(path: Foreign): ContainerId[] {
    return raw(path)
      .split(/[/,=:]/)
      .filter((part) => this.#ids.has(part)) as ContainerId[];
  }

  /** The containers whose ids, of 64 hex digits, are anywhere in a path: "docker-ID.scope". */
  #hexIds(path: Foreign): ContainerId[] {
    return (raw(path).match(HEX_ID) ?? []).filter((id) => this.#ids.has(id)) as ContainerId[];
  }

  #spanOf(pid: number, time: number): ActorSpan | undefined {
    const life = this.#trace.lives.at(pid, time as TraceTime);
    const spans = life === undefined ? undefined : this.#trace.actors[life.key as ProcessKey];
    return spans === undefined ? undefined : actorAt(spans, time as TraceTime);
  }
}

const HEX_ID = /[0-9a-f]{64}/g;

function threadOwners({
  recording,
  lives,
}: Indexed): (tid: number, time: number) => number | undefined {
  const known = new Map<number, number>();
  for (const { pid, tids } of recording.processes) {
    known.set(pid, pid);
    for (const tid of tids) known.set(tid, pid);
  }
  return (tid, time) => {
    const start = lives.threadStart(tid, time as TraceTime);
    if (start !== undefined) return recording.events.value(start.event, 'child_pids');
    return known.get(tid) ?? (lives.at(tid, time as TraceTime) === undefined ? undefined : tid);
  };
}
