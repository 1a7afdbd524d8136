/** Where lanes and their rows stand on a timeline, in CSS pixels from its top. */
import type { ActorKind } from '../../model/trace/actor-kind.js';
import type { Lane, Row } from '../data/lanes.js';
import type { Start } from '../data/starts.js';
import { placeOf, type Target } from './target.js';

/** Which threads are shown: none, those that matter, or every one. */
export type Detail = 'actors' | 'main' | 'all';
export const DETAILS: readonly Detail[] = ['actors', 'main', 'all'];

export interface Placed {
  readonly y: number;
  readonly height: number;
  readonly lane: Lane;
  /** undefined: the lane's head, with the actor's part of the critical path. */
  readonly row: Row | undefined;
}

export interface Layout {
  readonly placed: readonly Placed[];
  readonly yOf: ReadonlyMap<Lane | Row, number>;
  readonly height: number;
}

export const LANE_HEIGHT = 25;
/** The critical path's strip in a lane's head. */
export const STRIP = { y: 4, height: 14 } as const;
export const SLICE_HEIGHT = 14;
export const SLICE_GAP = 1;
export const RUNNING_HEIGHT = 3;
const ROW_MARGIN = 4;

export function layOut(
  lanes: readonly Lane[],
  detail: Detail,
  ofLane: Partial<Readonly<Record<ActorKind, Detail>>>,
): Layout {
  const placed: Placed[] = [];
  let y = 0;
  const add = (lane: Lane, row: Row | undefined, height: number): void => {
    placed.push({ y, height, lane, row });
    y += height;
  };
  for (const lane of lanes) {
    const shown = rowsShown(lane, ofLane[lane.actor] ?? detail);
    if (shown.length === 0 && lane.path === undefined && lane.actor === 'other') continue;
    add(lane, undefined, LANE_HEIGHT);
    for (const row of shown) add(lane, row, rowHeight(row));
  }
  const yOf = new Map(placed.map((each): [Lane | Row, number] => [each.row ?? each.lane, each.y]));
  return { placed, yOf, height: y };
}

export function rowsShown({ rows }: Lane, detail: Detail): readonly Row[] {
  if (detail === 'all') return rows;
  return detail === 'main' ? rows.filter(({ isMain }) => isMain) : [];
}

const rowHeight = ({ depths, running }: Row): number =>
  depths.length * (SLICE_HEIGHT + SLICE_GAP) +
  (running === undefined ? 0 : RUNNING_HEIGHT) +
  ROW_MARGIN;

/** From the row's top. */
export const depthY = (depth: number): number => depth * (SLICE_HEIGHT + SLICE_GAP);

/** Where a slice or a segment is drawn: in its row, and a segment in the head of its lane too. */
export function boxesOf(
  { yOf }: Layout,
  start: Start,
  target: Target,
): { readonly y: number; readonly height: number }[] {
  const place = placeOf(start, target);
  if (place === undefined) return [];
  const boxes: { y: number; height: number }[] = [];
  const head = yOf.get(place.lane);
  if (target.kind === 'segment' && head !== undefined) {
    boxes.push({ y: head + STRIP.y, height: STRIP.height });
  }
  const row = place.row === undefined ? undefined : yOf.get(place.row);
  if (row !== undefined) {
    const depth = target.kind === 'slice' ? (start.tracks.slices.depth[target.index] as number) : 0;
    boxes.push({ y: row + depthY(depth), height: SLICE_HEIGHT });
  }
  return boxes;
}
