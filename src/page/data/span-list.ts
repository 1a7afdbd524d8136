/** Spans of one row, in order and apart: found by binary search, and drawn no finer than pixels. */

export interface SpanList {
  readonly length: number;
  /** Trace time, ns. */
  readonly start: Float64Array;
  readonly end: Float64Array;
  /** What the span is of: an index of slices or of segments. */
  readonly id: Int32Array;
  /** Sum of the lengths of the spans before each one; one entry more than spans. */
  readonly lengthBefore: Float64Array;
}

/** @param count of spans, which `at` gives in time order */
export function spanList(
  count: number,
  at: (index: number) => { readonly start: number; readonly end: number; readonly id: number },
): SpanList {
  const start = new Float64Array(count);
  const end = new Float64Array(count);
  const id = new Int32Array(count);
  const lengthBefore = new Float64Array(count + 1);
  for (let index = 0; index < count; index++) {
    const span = at(index);
    start[index] = span.start;
    end[index] = span.end;
    id[index] = span.id;
    lengthBefore[index + 1] = (lengthBefore[index] as number) + span.end - span.start;
  }
  return { length: count, start, end, id, lengthBefore };
}

/** The first of sorted values that is larger than `value`, or their number. */
export function firstAbove(
  values: { readonly [index: number]: number },
  value: number,
  low: number,
  high: number,
): number {
  let from = low;
  let to = high;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((values[middle] as number) > value) to = middle;
    else from = middle + 1;
  }
  return from;
}

/** The span that holds the time, else the nearest one no further than `reach` ns; -1 where there is none. */
export function spanAt(list: SpanList, time: number, reach: number): number {
  const after = firstAbove(list.end, time, 0, list.length);
  let best = -1;
  let distance = reach;
  for (const index of [after, after - 1]) {
    if (index < 0 || index >= list.length) continue;
    const start = list.start[index] as number;
    const end = list.end[index] as number;
    const away = time < start ? start - time : Math.max(0, time - end);
    if (away > distance || (best >= 0 && away === distance)) continue;
    best = index;
    distance = away;
  }
  return best;
}

/**
 * Calls `visit` with what there is to draw between two times: spans of a pixel and more one by one, and of the
 * smaller ones all that begin in one pixel at once. Its cost grows with the pixels, not with the spans.
 * @param visit of the first and the last span of a group
 */
export function visitVisible(
  list: SpanList,
  from: number,
  to: number,
  pixelNs: number,
  visit: (first: number, last: number) => void,
): void {
  const { start, end, length } = list;
  let index = firstAbove(end, from, 0, length);
  while (index < length && (start[index] as number) < to) {
    const begin = start[index] as number;
    if ((end[index] as number) - begin >= pixelNs) {
      visit(index, index);
      index++;
      continue;
    }
    const pixelEnd = from + (Math.floor((begin - from) / pixelNs) + 1) * pixelNs;
    let next = firstAbove(start, pixelEnd, index + 1, length);
    const last = next - 1;
    if (last > index && (end[last] as number) - (start[last] as number) >= pixelNs) next = last;
    visit(index, next - 1);
    index = next;
  }
}
