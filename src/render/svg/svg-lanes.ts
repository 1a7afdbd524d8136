/** What each lane of a picture shows, column by column: who was on the critical path, who was there beside it. */

import type { ActorKind } from '../../model/trace/actor-kind.js';
import { actorLookup } from '../../model/trace/actor-lookup.js';
import { isWaiting, lengthOf, phaseOf } from '../../model/trace/totals.js';
import type { ContainerRun, Segment, Span, Trace } from '../../model/trace/trace.js';
import { FILLS, type Fill } from './svg-paint.js';

/** Neighbouring columns that are filled alike. */
interface Bar {
  readonly from: number;
  readonly columns: number;
  readonly fill: Fill;
}

export interface Lane {
  readonly name: 'path' | ActorKind;
  /** On the critical path, ns. */
  readonly total: number;
  /** In order, none over another. */
  readonly stretches: readonly Bar[];
}

export interface Presence {
  readonly alive: readonly Columns[];
  readonly busy: readonly Columns[];
}

interface Columns {
  readonly from: number;
  readonly columns: number;
}

export interface Raster {
  readonly span: Span;
  readonly columns: number;
}

const columnNs = ({ span, columns }: Raster): number => (span.end - span.start) / columns;

function columnOf(raster: Raster, time: number): number {
  const column = Math.floor((time - raster.span.start) / columnNs(raster));
  return Math.min(Math.max(column, 0), raster.columns - 1);
}

/** A slice is drawn where it fills this share of a column, or where nothing is larger there. */
const VISIBLE_SHARE = 1 / 8;

/** The path's lane, then each actor's that is on it, in the order of their first time. */
export function pathLanes(run: ContainerRun, raster: Raster): Lane[] {
  const size = columnNs(raster);
  const lanes = new Map<Lane['name'], { total: number; ns: Float64Array[] }>();
  const laneOf = (name: Lane['name']): { total: number; ns: Float64Array[] } => {
    let lane = lanes.get(name);
    if (lane === undefined) {
      lane = { total: 0, ns: FILLS.map(() => new Float64Array(raster.columns)) };
      lanes.set(name, lane);
    }
    return lane;
  };
  for (const segment of run.segments) {
    const fill = FILLS.indexOf(fillOf(segment));
    for (const name of ['path', segment.actor] as const) {
      const lane = laneOf(name);
      lane.total += lengthOf(segment);
      const cells = lane.ns[fill] as Float64Array;
      const last = columnOf(raster, segment.end);
      for (let column = columnOf(raster, segment.start); column <= last; column++) {
        const begin = raster.span.start + column * size;
        const ns = Math.min(segment.end, begin + size) - Math.max(segment.start, begin);
        if (ns > 0) cells[column] = (cells[column] ?? 0) + ns;
      }
    }
  }
  const most = new Float64Array(raster.columns);
  for (const [name, { ns }] of lanes) {
    if (name === 'path') continue;
    for (let column = 0; column < raster.columns; column++) {
      most[column] = Math.max(most[column] as number, inColumn(ns, column));
    }
  }
  return [...lanes].map(([name, { total, ns }]) => {
    const fills = Array.from({ length: raster.columns }, (_, column) => {
      const own = inColumn(ns, column);
      const isSeen = name === 'path' || own === most[column] || own >= size * VISIBLE_SHARE;
      return own > 0 && isSeen ? largest(ns, column) : undefined;
    });
    return { name, total, stretches: stretchesOf(fills) };
  });
}

/** Waiting for the kernel or the disk is what these are made of; of the runtime it is worth telling. */
function fillOf(segment: Segment): Fill {
  const phase = phaseOf(segment);
  return phase === 'runtime' && isWaiting(segment) ? 'waiting' : phase;
}

const inColumn = (ns: readonly Float64Array[], column: number): number =>
  ns.reduce((sum, cells) => sum + (cells[column] ?? 0), 0);

function largest(ns: readonly Float64Array[], column: number): Fill | undefined {
  const values = ns.map((cells) => cells[column] ?? 0);
  return FILLS[values.indexOf(Math.max(...values))];
}

function stretchesOf(fills: readonly (Fill | undefined)[]): Bar[] {
  const stretches: Bar[] = [];
  for (let from = 0; from < fills.length; ) {
    const fill = fills[from];
    let to = from + 1;
    while (to < fills.length && fills[to] === fill) to++;
    if (fill !== undefined) stretches.push({ from, columns: to - from, fill });
    from = to;
  }
  return stretches;
}

/** When processes of each part were there, and when they did something. */
export function presenceOf(
  trace: Trace,
  run: ContainerRun,
  raster: Raster,
): Map<ActorKind, Presence> {
  const { start, end } = raster.span;
  const alive = new Map<ActorKind, Uint8Array>();
  const busy = new Map<ActorKind, Uint8Array>();
  const mark = (
    cells: Map<ActorKind, Uint8Array>,
    actor: ActorKind,
    from: number,
    to: number,
  ): void => {
    let own = cells.get(actor);
    if (own === undefined) {
      own = new Uint8Array(raster.columns);
      cells.set(actor, own);
    }
    own.fill(1, columnOf(raster, from), columnOf(raster, to) + 1);
  };
  const concerns = (containerId: string | undefined): boolean =>
    containerId === undefined || containerId === run.containerId;
  for (const life of trace.processes) {
    life.actors.forEach(({ actor, from, containerId }, index) => {
      const begin = Math.max(from, start);
      const finish = Math.min(life.actors[index + 1]?.from ?? life.end ?? end, end);
      if (concerns(containerId) && finish > begin) mark(alive, actor, begin, finish);
    });
  }
  const { events } = trace.recording;
  const actorOf = actorLookup(trace.processes);
  for (const row of trace.order) {
    const time = events.time.at(row);
    if (time >= end) break;
    if (time < start) continue;
    const part = actorOf(events.pid.at(row), time);
    if (part !== undefined && concerns(part.containerId)) mark(busy, part.actor, time, time);
  }
  return new Map(
    [...alive.keys()].map((actor) => [
      actor,
      { alive: marked(alive.get(actor)), busy: marked(busy.get(actor)) },
    ]),
  );
}

function marked(cells: Uint8Array | undefined): Columns[] {
  return stretchesOf(Array.from(cells ?? [], (cell) => (cell === 1 ? 'runtime' : undefined)));
}
