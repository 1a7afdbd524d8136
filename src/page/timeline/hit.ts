/** From a place on the lanes to what is there, and from what is selected to what is beside it. */

import { firstAbove, spanAt } from '../data/span-list.js';
import type { Start } from '../data/starts.js';
import type { Layout, Placed } from './layout.js';
import { SLICE_GAP, SLICE_HEIGHT, STRIP } from './layout.js';
import { placeOf, sameTarget, spanOf, type Target } from './target.js';

/**
 * @param time trace time
 * @param y CSS pixels from the top of the lanes
 * @param reachNs what is so near counts, for nobody hits a pixel
 */
export function targetAt(
  layout: Layout,
  time: number,
  y: number,
  reachNs: number,
): Target | undefined {
  const placed = layout.placed.find((each) => y >= each.y && y < each.y + each.height);
  if (placed === undefined) return undefined;
  if (placed.row === undefined) {
    const inStrip = y >= placed.y + STRIP.y && y < placed.y + STRIP.y + STRIP.height;
    return inStrip ? targetIn(placed, 0, time, reachNs) : undefined;
  }
  return targetIn(placed, Math.floor((y - placed.y) / (SLICE_HEIGHT + SLICE_GAP)), time, reachNs);
}

/** Of a lane's head, or of a row at a depth; the critical path lies over the outermost slices. */
function targetIn(
  { lane, row }: Placed,
  depth: number,
  time: number,
  reachNs: number,
): Target | undefined {
  if (row !== undefined && (time < row.from - reachNs || time > row.to + reachNs)) return undefined;
  const path = row === undefined ? lane.path : depth === 0 ? row.path : undefined;
  if (path !== undefined) {
    // In a row the slice below the path can be hit too.
    const at = spanAt(path, time, row === undefined ? reachNs : 0);
    if (at >= 0) return { kind: 'segment', index: path.id[at] as number };
  }
  const list = row?.depths[depth];
  if (list === undefined) return undefined;
  const at = spanAt(list, time, reachNs);
  return at < 0 ? undefined : { kind: 'slice', index: list.id[at] as number };
}

export type Direction = 'left' | 'right' | 'up' | 'down';

/**
 * Left and right: along the critical path, or along the row. Up and down: out of a slice and into it, then to
 * the row above and below.
 */
export function targetBeside(
  start: Start,
  layout: Layout,
  target: Target,
  direction: Direction,
): Target | undefined {
  const by = direction === 'left' || direction === 'up' ? -1 : 1;
  if (direction === 'left' || direction === 'right') return along(start, target, by);
  const span = spanOf(start, target);
  const place = placeOf(start, target);
  if (place === undefined) return undefined;
  const depth = target.kind === 'slice' ? (start.tracks.slices.depth[target.index] as number) : 0;
  if (target.kind === 'slice' && place.row !== undefined) {
    const list = place.row.depths[depth + by];
    const inner = list === undefined ? -1 : spanAt(list, span.start, span.end - span.start);
    if (list !== undefined && inner >= 0) {
      return { kind: 'slice', index: list.id[inner] as number };
    }
  }
  const shownRow = place.row !== undefined && layout.yOf.has(place.row) ? place.row : undefined;
  let at = layout.placed.findIndex(
    ({ lane, row }) => lane === place.lane && (target.kind === 'segment' ? !row : row === shownRow),
  );
  for (at += by; at >= 0 && at < layout.placed.length; at += by) {
    const placed = layout.placed[at] as Placed;
    const found = targetIn(placed, 0, span.start, Number.POSITIVE_INFINITY);
    // A segment is drawn in its lane's head and in its row.
    if (found !== undefined && !sameTarget(found, target)) return found;
  }
  return undefined;
}

function along(start: Start, target: Target, by: 1 | -1): Target | undefined {
  const index = target.index + by;
  if (target.kind === 'segment') {
    return index in (start.run?.segments ?? []) ? { kind: 'segment', index } : undefined;
  }
  if (target.kind === 'milestone') {
    return index in (start.run?.milestones ?? []) ? { kind: 'milestone', index } : undefined;
  }
  const depth = start.tracks.slices.depth[target.index] as number;
  const list = placeOf(start, target)?.row?.depths[depth];
  if (list === undefined) return undefined;
  const own = firstAbove(list.start, spanOf(start, target).start, 0, list.length) - 1;
  const id = list.id[own + by];
  return id === undefined ? undefined : { kind: 'slice', index: id };
}
