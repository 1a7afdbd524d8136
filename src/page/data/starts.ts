/** What the page shows one of, or two to compare: a container's start in one of the traces. */

import { escapeText } from '../../base/escape.js';
import { joinForeign, quoting } from '../../base/foreign.js';
import { shortId } from '../../base/ids.js';
import { type ContainerRun, milestone, type Span } from '../../model/trace/trace.js';
import type { LoadedTrace } from './decode.js';
import { type Lane, lanesOf, type Row } from './lanes.js';
import { indexPath, indexTrace, type TraceIndex } from './trace-index.js';

export interface Start extends LoadedTrace {
  /** undefined: nothing was started while the trace was recorded. */
  readonly run: ContainerRun | undefined;
  /** What times are told from, trace time: the window's beginning, else the first thing known. */
  readonly origin: number;
  /** What "fit" shows, ns since the origin. */
  readonly fit: Span;
  /** All that was recorded, ns since the origin. */
  readonly whole: Span;
  readonly index: TraceIndex;
  readonly path: ReturnType<typeof indexPath>;
  readonly lanes: readonly Lane[];
  /** The rows that show a thread, in time order, by its track. */
  readonly places: ReadonlyMap<number, readonly { readonly lane: Lane; readonly row: Row }[]>;
  /** "bridge.dit: inspiring_lehmann, dit-builtin:1"; safe to show. */
  readonly label: string;
}

/** Every start of every trace, in the order of the files; a trace without a start is there once. */
export function startsOf(traces: readonly LoadedTrace[]): Start[] {
  return traces.flatMap((loaded) => {
    const index = indexTrace(loaded);
    const { runs } = loaded.trace;
    return (runs.length === 0 ? [undefined] : runs).map((run) => startOf(loaded, run, index));
  });
}

function startOf(loaded: LoadedTrace, run: ContainerRun | undefined, index: TraceIndex): Start {
  const { span } = loaded.tracks;
  const shown = run?.window ?? observed(run, span);
  const origin = shown.start;
  const since = ({ start, end }: Span): Span =>
    ({ start: start - origin, end: Math.max(end, start + 1) - origin }) as Span;
  const path = indexPath({ segments: run?.segments ?? [] });
  const lanes = lanesOf(loaded, run, index, path, shown.end - shown.start);
  const who = run === undefined ? [] : [run.name || shortId(run.containerId), run.image];
  const named = joinForeign(
    who.filter((part) => part !== ''),
    ', ',
  );
  return {
    ...loaded,
    run,
    origin,
    fit: since(shown),
    whole: since({
      start: Math.min(span.start, shown.start),
      end: Math.max(span.end, shown.end),
    } as Span),
    index,
    path,
    lanes,
    places: placesOf(lanes),
    label: escapeText(named === '' ? loaded.file : quoting`${loaded.file}: ${named}`),
  };
}

function placesOf(lanes: readonly Lane[]): Start['places'] {
  const places = new Map<number, { lane: Lane; row: Row }[]>();
  for (const lane of lanes) {
    for (const row of lane.rows) {
      const own = places.get(row.track);
      if (own === undefined) places.set(row.track, [{ lane, row }]);
      else own.push({ lane, row });
    }
  }
  for (const own of places.values()) own.sort((a, b) => a.row.from - b.row.from);
  return places;
}

/** A start that never reached its entrypoint: what is known of it. */
function observed(run: ContainerRun | undefined, span: Span): Span {
  if (run === undefined) return span;
  const times = run.milestones.map(({ time }) => time);
  const start = milestone(run, 'create requested')?.time ?? Math.min(...times, span.end);
  const end = Math.max(...times, start);
  return end > start ? ({ start, end } as Span) : span;
}
