/** Which stretch on a CPU each wake-up led to: the two ends of an arrow. */
import type { Tracks } from '../../model/trace/tracks.js';

export interface WakeUpEnds {
  /** By wake-up: the slice 'running' of the woken thread; -1: it was not seen to come onto a CPU. */
  readonly slice: Int32Array;
  /** By slice: the first wake-up that led to it; -1: none. */
  readonly first: Int32Array;
  /** By wake-up: the next one that led to the same slice; -1: none. */
  readonly next: Int32Array;
}

/** Linear: the wake-ups of one thread and its slices are both in time order. */
export function wakeUpEnds({ tracks, slices, wakeUps }: Tracks): WakeUpEnds {
  const slice = new Int32Array(wakeUps.length).fill(-1);
  const first = new Int32Array(slices.length).fill(-1);
  const last = new Int32Array(slices.length).fill(-1);
  const next = new Int32Array(wakeUps.length).fill(-1);
  const scheduleOf = new Int32Array(tracks.length).fill(-1);
  tracks.forEach(({ kind, parent }, track) => {
    if (kind === 'schedule' && parent !== undefined) scheduleOf[parent] = track;
  });
  const begins = firstSlices(tracks.length, slices.track);
  const cursors = begins.slice(0, tracks.length);
  for (let wakeUp = 0; wakeUp < wakeUps.length; wakeUp++) {
    const schedule = scheduleOf[wakeUps.to[wakeUp] as number] as number;
    if (schedule < 0) continue;
    const time = wakeUps.toTime[wakeUp] as number;
    const end = begins[schedule + 1] as number;
    let cursor = cursors[schedule] as number;
    while (cursor < end && (slices.start[cursor] as number) < time) cursor++;
    cursors[schedule] = cursor;
    if (cursor === end || slices.start[cursor] !== time) continue;
    slice[wakeUp] = cursor;
    const before = last[cursor] as number;
    if (before < 0) first[cursor] = wakeUp;
    else next[before] = wakeUp;
    last[cursor] = wakeUp;
  }
  return { slice, first, next };
}

/** By track: its first slice; and one more, the number of slices. */
export function firstSlices(tracks: number, trackOf: Int32Array): Int32Array {
  const begins = new Int32Array(tracks + 1).fill(trackOf.length);
  for (let slice = trackOf.length - 1; slice >= 0; slice--)
    begins[trackOf[slice] as number] = slice;
  for (let track = tracks - 1; track >= 0; track--) {
    begins[track] = Math.min(begins[track] as number, begins[track + 1] as number);
  }
  return begins;
}
