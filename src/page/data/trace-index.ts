/** What the timeline looks up in a trace: slices by track and depth, wake-ups by track, segments by thread. */
import type { ContainerRun, ProcessLife } from '../../model/trace/trace.js';
import type { LoadedTrace } from './decode.js';
import { type SpanList, spanList } from './span-list.js';

export interface TraceIndex {
  /** By track, then by depth. */
  readonly spans: readonly (readonly SpanList[])[];
  /** By a thread's track: when it was on a CPU. */
  readonly running: ReadonlyMap<number, SpanList>;
  /** Indices of wake-ups by the track that they came to, and by the track that they came from. */
  readonly wakeUpsTo: ReadonlyMap<number, readonly number[]>;
  readonly wakeUpsFrom: ReadonlyMap<number, readonly number[]>;
  readonly lives: ReadonlyMap<number, ProcessLife>;
}

export function indexTrace({ trace, tracks }: LoadedTrace): TraceIndex {
  const ids: number[][][] = tracks.tracks.map(() => []);
  const { slices, wakeUps } = tracks;
  for (let slice = 0; slice < slices.length; slice++) {
    const byDepth = ids[slices.track[slice] as number] as number[][];
    const depth = slices.depth[slice] as number;
    while (byDepth.length <= depth) byDepth.push([]);
    byDepth[depth]?.push(slice);
  }
  const spans = ids.map((byDepth) =>
    byDepth.map((own) =>
      spanList(own.length, (index) => {
        const id = own[index] as number;
        return { start: slices.start[id] as number, end: slices.end[id] as number, id };
      }),
    ),
  );
  const running = new Map<number, SpanList>();
  tracks.tracks.forEach(({ kind, parent }, track) => {
    const list = spans[track]?.[0];
    if (kind === 'schedule' && parent !== undefined && list !== undefined)
      running.set(parent, list);
  });
  const wakeUpsTo = new Map<number, number[]>();
  const wakeUpsFrom = new Map<number, number[]>();
  for (let index = 0; index < wakeUps.length; index++) {
    push(wakeUpsTo, wakeUps.to[index] as number, index);
    push(wakeUpsFrom, wakeUps.from[index] as number, index);
  }
  const lives = new Map(trace.processes.map((life): [number, ProcessLife] => [life.key, life]));
  return { spans, running, wakeUpsTo, wakeUpsFrom, lives };
}

/** The critical path's segments on each thread, by "process.tid", and by actor. */
export function indexPath({ segments }: Pick<ContainerRun, 'segments'>): {
  readonly byThread: ReadonlyMap<string, SpanList>;
  readonly byActor: ReadonlyMap<string, SpanList>;
  readonly whole: SpanList;
} {
  const byThread = new Map<string, number[]>();
  const byActor = new Map<string, number[]>();
  segments.forEach(({ process, tid, actor }, index) => {
    push(byThread, threadKey(process, tid), index);
    push(byActor, actor, index);
  });
  const lists = (groups: ReadonlyMap<string, readonly number[]>): Map<string, SpanList> =>
    new Map([...groups].map(([key, ids]) => [key, listOf(ids)]));
  const listOf = (ids: readonly number[]): SpanList =>
    spanList(ids.length, (index) => {
      const id = ids[index] as number;
      return { start: segments[id]?.start ?? 0, end: segments[id]?.end ?? 0, id };
    });
  return {
    byThread: lists(byThread),
    byActor: lists(byActor),
    whole: listOf(segments.map((_, index) => index)),
  };
}

export const threadKey = (process: number | undefined, tid: number): string =>
  `${process ?? ''}.${tid}`;

function push<K>(groups: Map<K, number[]>, key: K, value: number): void {
  const group = groups.get(key);
  if (group === undefined) groups.set(key, [value]);
  else group.push(value);
}
