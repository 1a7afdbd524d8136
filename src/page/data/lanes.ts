/** A lane for each actor; in it a row for each thread, while the thread's process plays that part. */
import type { Foreign } from '../../base/foreign.js';
import { ACTORS, type ActorKind } from '../../model/trace/actor-kind.js';
import type { ContainerRun, ProcessLife } from '../../model/trace/trace.js';
import { SLICE_KINDS, type Track } from '../../model/trace/tracks.js';
import type { LoadedTrace } from './decode.js';
import { firstAbove, type SpanList, spanList } from './span-list.js';
import { type indexPath, type TraceIndex, threadKey } from './trace-index.js';

export interface Row {
  readonly track: number;
  readonly actor: ActorKind;
  /** Trace time: the part of the track that this row shows. */
  readonly from: number;
  readonly to: number;
  readonly pid: number;
  readonly tid: number;
  /** Untrusted. */
  readonly name: Foreign;
  readonly isRequests: boolean;
  readonly depths: readonly SpanList[];
  readonly running: SpanList | undefined;
  /** The critical path's segments on this thread; ids are indices of the run's segments. */
  readonly path: SpanList | undefined;
  readonly pathNs: number;
  /** Shown before all threads are asked for. */
  readonly isMain: boolean;
}

export interface Lane {
  readonly actor: ActorKind;
  readonly path: SpanList | undefined;
  readonly pathNs: number;
  /** When any of its threads was on a CPU; in a syscall, where that was not recorded. Ids mean nothing. */
  readonly busy: SpanList;
  readonly rows: readonly Row[];
}

/** A thread with less of the critical path is shown when all threads are. */
const MAIN_SHARE = 0.005;
/** Of a trace without a critical path: so many of the busiest threads of an actor. */
const MAIN_THREADS = 2;
const SYSCALL = SLICE_KINDS.indexOf('syscall');

/** In the order of ACTORS; without the threads of other containers. */
export function lanesOf(
  { tracks, trace }: LoadedTrace,
  run: ContainerRun | undefined,
  index: TraceIndex,
  path: ReturnType<typeof indexPath>,
  lengthNs: number,
): Lane[] {
  const rows: Row[] = [];
  tracks.tracks.forEach((track, id) => {
    if (track.kind === 'schedule') return;
    const life = track.process === undefined ? undefined : index.lives.get(track.process);
    const depths = index.spans[id] ?? [];
    const isRequests = track.kind === 'requests';
    const onPath = isRequests ? undefined : path.byThread.get(threadKey(track.process, track.tid));
    for (const part of partsOf(track, life, depths[0], onPath)) {
      const isOthers =
        part.containerId !== undefined && run !== undefined && part.containerId !== run.containerId;
      if (isOthers) continue;
      const own = clipped(onPath, part);
      const pathNs = own?.lengthBefore[own.length] ?? 0;
      const program = isRequests ? 'requests' : nameIn(part, depths[0], tracks);
      rows.push({
        track: id,
        actor: part.actor,
        from: part.from,
        to: part.to,
        pid: track.pid,
        tid: track.tid,
        name: program || track.name,
        isRequests,
        depths,
        running: index.running.get(id),
        path: pathNs > 0 ? own : undefined,
        pathNs,
        isMain: isRequests || (pathNs > 0 && pathNs >= lengthNs * MAIN_SHARE),
      });
    }
  });
  const starts = new Map(trace.processes.map(({ key, start }) => [key as number, start ?? -1e18]));
  const startOf = ({ track }: Row): number => starts.get(tracks.tracks[track]?.process ?? -1) ?? 0;
  const hasPath = (run?.segments.length ?? 0) > 0;
  return ACTORS.flatMap((actor): Lane[] => {
    const own = rows
      .filter((row) => row.actor === actor)
      .sort(
        (a, b) =>
          Number(b.isRequests) - Number(a.isRequests) ||
          startOf(a) - startOf(b) ||
          a.pid - b.pid ||
          Number(b.tid === b.pid) - Number(a.tid === a.pid) ||
          a.tid - b.tid,
      );
    const strip = path.byActor.get(actor);
    if (own.length === 0 && strip === undefined) return [];
    return [
      {
        actor,
        path: strip,
        pathNs: strip?.lengthBefore[strip.length] ?? 0,
        busy: unionOf(own, index.running.size > 0),
        rows: hasPath ? own : withBusiest(own, tracks),
      },
    ];
  });
}

interface Part {
  readonly actor: ActorKind;
  readonly containerId: Track['containerId'];
  readonly from: number;
  readonly to: number;
}

/** The parts that a thread's process plays while the thread lives, and while its exit holds the path up. */
function partsOf(
  track: Track,
  life: ProcessLife | undefined,
  outer: SpanList | undefined,
  onPath: SpanList | undefined,
): readonly Part[] {
  if (outer === undefined || outer.length === 0) return [];
  const from = outer.start[0] as number;
  const to = Math.max(
    outer.end[outer.length - 1] as number,
    onPath?.end[onPath.length - 1] ?? from,
  );
  const { actor, containerId } = track;
  if (life === undefined) return [{ actor, containerId, from, to }];
  const parts: Part[] = [];
  life.actors.forEach((part, index) => {
    const begin = Math.max(from, part.from);
    const end = Math.min(to, life.actors[index + 1]?.from ?? to);
    const before = parts.at(-1);
    if (end < begin || (end === begin && parts.length > 0)) return;
    if (before?.actor === part.actor && before.containerId === part.containerId) {
      parts[parts.length - 1] = { ...before, to: end };
    } else {
      parts.push({ actor: part.actor, containerId: part.containerId, from: begin, to: end });
    }
  });
  return parts;
}

function clipped(list: SpanList | undefined, { from, to }: Part): SpanList | undefined {
  if (list === undefined) return undefined;
  const first = firstAbove(list.end, from, 0, list.length);
  const last = firstAbove(list.start, to, first, list.length);
  return spanList(last - first, (index) => ({
    start: Math.max(from, list.start[first + index] as number),
    end: Math.min(to, list.end[first + index] as number),
    id: list.id[first + index] as number,
  }));
}

function unionOf(rows: readonly Row[], isScheduleKnown: boolean): SpanList {
  const spans: { start: number; end: number }[] = [];
  for (const { running, depths, from, to } of rows) {
    const list = isScheduleKnown ? running : depths[1];
    if (list === undefined) continue;
    for (let index = firstAbove(list.end, from, 0, list.length); index < list.length; index++) {
      const start = Math.max(from, list.start[index] as number);
      if (start >= to) break;
      spans.push({ start, end: Math.min(to, list.end[index] as number) });
    }
  }
  spans.sort((a, b) => a.start - b.start);
  const union: { start: number; end: number; id: number }[] = [];
  for (const { start, end } of spans) {
    const last = union.at(-1);
    if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end);
    else union.push({ start, end, id: -1 });
  }
  return spanList(union.length, (index) => union[index] as (typeof union)[number]);
}

/** Of the last program in that part. */
function nameIn(
  { to }: Part,
  outer: SpanList | undefined,
  { slices, names }: LoadedTrace['tracks'],
): Foreign {
  if (outer === undefined) return '';
  const last = Math.max(0, firstAbove(outer.start, to - 1, 0, outer.length) - 1);
  return names[slices.name[outer.id[last] as number] as number] ?? '';
}

function withBusiest(rows: readonly Row[], { slices }: LoadedTrace['tracks']): Row[] {
  const calls = ({ depths }: Row): number => {
    const inner = depths[1];
    return inner !== undefined && slices.kind[inner.id[0] as number] === SYSCALL ? inner.length : 0;
  };
  const busiest = new Set([...rows].sort((a, b) => calls(b) - calls(a)).slice(0, MAIN_THREADS));
  return rows.map((row) => ({ ...row, isMain: row.isMain || busiest.has(row) }));
}
