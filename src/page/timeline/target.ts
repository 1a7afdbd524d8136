/** What can be selected on a timeline, and where it is. */
import type { Segment } from '../../model/trace/trace.js';
import type { Lane, Row } from '../data/lanes.js';
import type { Start } from '../data/starts.js';

export interface Target {
  readonly kind: 'segment' | 'slice' | 'milestone';
  /** In the run's segments, the trace's slices, or the run's milestones in time order. */
  readonly index: number;
}

export const sameTarget = (a: Target | undefined, b: Target | undefined): boolean =>
  a?.kind === b?.kind && a?.index === b?.index;

/** Trace time. */
export function spanOf(start: Start, { kind, index }: Target): { start: number; end: number } {
  if (kind === 'slice') {
    const { slices } = start.tracks;
    return { start: slices.start[index] as number, end: slices.end[index] as number };
  }
  if (kind === 'segment') {
    const segment = segmentAt(start, index);
    return { start: segment?.start ?? 0, end: segment?.end ?? 0 };
  }
  const time = milestonesOf(start)[index]?.time ?? 0;
  return { start: time, end: time };
}

export const segmentAt = ({ run }: Start, index: number): Segment | undefined =>
  run?.segments[index];

/** In time order: a milestone's number is its place here. */
export const milestonesOf = ({ run }: Start): NonNullable<Start['run']>['milestones'] =>
  [...(run?.milestones ?? [])].sort((a, b) => a.time - b.time);

/** The lane and the row that show it; a milestone belongs to all lanes. */
export function placeOf(
  start: Start,
  { kind, index }: Target,
): { readonly lane: Lane; readonly row: Row | undefined } | undefined {
  if (kind === 'milestone') return undefined;
  const { start: time } = spanOf(start, { kind, index });
  if (kind === 'segment') {
    const segment = segmentAt(start, index);
    const lane = start.lanes.find(({ actor }) => actor === segment?.actor);
    if (lane === undefined || segment === undefined) return undefined;
    const row = lane.rows.find(
      ({ path, tid, from, to }) =>
        path !== undefined && tid === segment.tid && from <= time && time < to,
    );
    return { lane, row };
  }
  return rowOfTrack(start, start.tracks.slices.track[index] as number, time);
}

/** The row that shows a track at a time; at a change of parts the later one. */
export function rowOfTrack(
  { places, tracks }: Start,
  track: number,
  time: number,
): { readonly lane: Lane; readonly row: Row } | undefined {
  return places
    .get(tracks.tracks[track]?.parent ?? track)
    ?.findLast(({ row }) => row.from <= time && time <= row.to);
}
