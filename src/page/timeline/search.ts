/** What a search finds: slices by name, path or argument; segments by category; milestones by name. */

import type { Foreign } from '../../base/foreign.js';
import { own } from '../../base/own.js';
import {
  type CountName,
  type EventKindName,
  KIND,
  type ListName,
} from '../../model/recording/event-kinds.js';
import { SLICE_KINDS } from '../../model/trace/tracks.js';
import { waitText } from '../../words/wait-text.js';
import type { Start } from '../data/starts.js';
import { milestonesOf, spanOf, type Target } from './target.js';

const REQUEST = SLICE_KINDS.indexOf('request');
const RUNNING = SLICE_KINDS.indexOf('running');

export interface Found {
  /** In time order. */
  readonly targets: readonly Target[];
  /** Trace time. */
  readonly starts: Float64Array;
  readonly ends: Float64Array;
}

/** Nothing for an empty query. Letters match in either case. */
export function search(start: Start, query: string): Found {
  const wanted = query.trim().toLowerCase();
  if (wanted === '') return foundOf(start, []);
  const matches = (text: Foreign): boolean => text.toLowerCase().includes(wanted);
  const found: Target[] = [];
  milestonesOf(start).forEach(({ name }, index) => {
    if (matches(name)) found.push({ kind: 'milestone', index });
  });
  const categories = new Map<Foreign, boolean>();
  const known = (text: Foreign): boolean => {
    let is = categories.get(text);
    if (is === undefined) {
      is = matches(text);
      categories.set(text, is);
    }
    return is;
  };
  start.run?.segments.forEach(({ category, waitsFor }, index) => {
    if (known(category) || known(waitText(waitsFor))) found.push({ kind: 'segment', index });
  });
  for (const index of matchingSlices(start, matches)) found.push({ kind: 'slice', index });
  return foundOf(start, found);
}

function foundOf(start: Start, targets: readonly Target[]): Found {
  const sorted = targets
    .map((target) => ({ target, span: spanOf(start, target) }))
    .sort((a, b) => a.span.start - b.span.start);
  return {
    targets: sorted.map(({ target }) => target),
    starts: Float64Array.from(sorted, ({ span }) => span.start),
    ends: Float64Array.from(sorted, ({ span }) => span.end),
  };
}

function matchingSlices(
  { tracks, trace, lanes }: Start,
  matches: (text: Foreign) => boolean,
): number[] {
  const { events, strings } = trace.recording;
  const shown = new Set(lanes.flatMap(({ rows }) => rows.map(({ track }) => track)));
  const isName = tracks.names.map((name) => matches(name));
  const isText = Uint8Array.from({ length: strings.size }, (_, id) => +matches(strings.text(id)));
  const listed = (kind: EventKindName, row: number, count: CountName, list: ListName): boolean => {
    const table = events.table(kind);
    const at = events.row.at(row);
    const from = own(table.listStarts, count)?.at(at) ?? 0;
    const to = from + table.column(count).at(at);
    const texts = table.column(list);
    for (let index = from; index < to; index++) if (isText[texts.at(index)] === 1) return true;
    return false;
  };
  const { slices } = tracks;
  const found: number[] = [];
  for (let slice = 0; slice < slices.length; slice++) {
    const kind = slices.kind[slice];
    if (kind === RUNNING || !shown.has(slices.track[slice] as number)) continue;
    const row = slices.event[slice] as number;
    const eventKind = row < 0 || kind === REQUEST ? 0 : events.kind.at(row);
    if (
      isName[slices.name[slice] as number] === true ||
      (eventKind === KIND.syscall && listed('syscall', row, 'text_counts', 'texts')) ||
      (eventKind === KIND.exec && listed('exec', row, 'argument_counts', 'arguments'))
    ) {
      found.push(slice);
    }
  }
  return found;
}
