/**
 * A trace for https://www.speedscope.app: of each start the critical path, and then the threads that it ran through,
 * all on one axis, which begins with the window. Format: https://www.speedscope.app/file-format-schema.json, evented.
 */
import { Distinct } from '../base/distinct.js';
import { escapeText, safeJson } from '../base/escape.js';
import type { ActorKind } from '../model/trace/actor-kind.js';
import { lengthOf } from '../model/trace/totals.js';
import type { Trace, Window } from '../model/trace/trace.js';
import type { Track, Tracks } from '../model/trace/tracks.js';
import { caveats } from './caveats.js';
import { inChunks } from './chunks.js';
import { segmentStacks } from './segment-stack.js';
import { startName, type WholeStart, wholeStarts } from './whole-starts.js';

export const leavesOut: readonly string[] = [
  'what lies outside the windows',
  'threads with less than 1 % of their critical path',
  'wake-ups, requests to the engine, when threads were on a CPU',
  'arguments and results of syscalls',
  'which segments are inferred; their sum is in the name inside the file',
];

/** Of the window: what a thread must have of the critical path to have a profile of its own. */
const LEAST_SHARE = 0.01;

/** Text of one JSON document. Throws a DitError, no-critical-path, without a whole start. */
export function speedscopeFile(trace: Trace, tracks: Tracks): Iterable<string> {
  return inChunks(fileText(trace, tracks, wholeStarts(trace, 'speedscope')));
}

function* fileText(trace: Trace, tracks: Tracks, starts: readonly WholeStart[]): Generator<string> {
  const frames: Frames = new Distinct((name) => name);
  const { ditVersion } = trace.recording.header;
  const names = starts.map((start) => escapeText(startName(trace, start)));
  const head = {
    $schema: 'https://www.speedscope.app/file-format-schema.json',
    exporter: `dit ${escapeText(ditVersion)}`,
    name: [names.join(', '), ...caveats(trace, starts).map(escapeText)].join('; '),
    activeProfileIndex: 0,
  };
  yield `${safeJson(head).slice(0, -1)},\n"profiles":[`;
  const firstSlices = firstSliceOfTracks(tracks);
  for (const [index, start] of starts.entries()) {
    const name = names[index] as string;
    if (index > 0) yield ',';
    yield* profile(`${name}: critical path`, start.window, pathEvents(trace, start, frames));
    for (const { track, actor } of threadsOnPath(start, tracks)) {
      const { name: thread, pid, tid } = tracks.tracks[track] as Track;
      const title = `${name}: ${actor} ${escapeText(thread)} ${pid}/${tid}`;
      const first = firstSlices[track] ?? 0;
      yield ',';
      yield* profile(title, start.window, threadEvents(tracks, track, first, start.window, frames));
    }
  }
  yield `],\n"shared":{"frames":${safeJson(frames.all.map((name) => ({ name })))}}}\n`;
}

function* profile(name: string, window: Window, events: Iterable<string>): Generator<string> {
  const head = {
    type: 'evented',
    name,
    unit: 'nanoseconds',
    startValue: 0,
    endValue: window.end - window.start,
  };
  yield `\n${safeJson(head).slice(0, -1)},"events":[`;
  let separator = '';
  for (const event of events) {
    yield separator + event;
    separator = ',';
  }
  yield ']}';
}

type Frames = Distinct<string>;

const opened = (frame: number, at: number): string => `{"type":"O","frame":${frame},"at":${at}}`;
const closed = (frame: number, at: number): string => `{"type":"C","frame":${frame},"at":${at}}`;

/** Frames that two pieces in a row share stay open. */
function* pathEvents(trace: Trace, start: WholeStart, frames: Frames): Generator<string> {
  const { window, segments } = start;
  const stackOf = segmentStacks(trace, start);
  const open: number[] = [];
  for (const segment of segments) {
    const at = segment.start - window.start;
    const stack = stackOf(segment).map((name) => frames.indexOf(name));
    let shared = 0;
    while (shared < open.length && open[shared] === stack[shared]) shared++;
    while (open.length > shared) yield closed(open.pop() as number, at);
    for (const frame of stack.slice(shared)) {
      open.push(frame);
      yield opened(frame, at);
    }
  }
  while (open.length > 0) yield closed(open.pop() as number, window.end - window.start);
}

/** The slices of a thread's track, cut to the window. */
function* threadEvents(
  { slices, names }: Tracks,
  track: number,
  first: number,
  window: Window,
  frames: Frames,
): Generator<string> {
  const open: { readonly frame: number; readonly end: number }[] = [];
  const close = (): string => {
    const { frame, end } = open.pop() as (typeof open)[number];
    return closed(frame, end);
  };
  for (let slice = first; slices.track[slice] === track; slice++) {
    const from = slices.start[slice] as number;
    const to = slices.end[slice] as number;
    if (to <= window.start || from >= window.end) continue;
    const start = Math.max(from, window.start) - window.start;
    while (open.length > 0 && (open.at(-1)?.end ?? 0) <= start) yield close();
    const around = open.at(-1)?.end ?? window.end - window.start;
    const frame = frames.indexOf(escapeText(names[slices.name[slice] as number] ?? ''));
    open.push({ frame, end: Math.min(to - window.start, around) });
    yield opened(frame, start);
  }
  while (open.length > 0) yield close();
}

interface ThreadOnPath {
  readonly track: number;
  /** The part that it plays first; its track has the last one. */
  readonly actor: ActorKind;
  ns: number;
}

/** The one with most of the path first. */
function threadsOnPath({ segments, window }: WholeStart, tracks: Tracks): ThreadOnPath[] {
  const threads = new Map<number, ThreadOnPath>();
  for (const segment of segments) {
    const track = tracks.threadTrack(segment.process, segment.tid);
    if (track === undefined) continue;
    let thread = threads.get(track);
    if (thread === undefined) {
      thread = { track, actor: segment.actor, ns: 0 };
      threads.set(track, thread);
    }
    thread.ns += lengthOf(segment);
  }
  const least = (window.end - window.start) * LEAST_SHARE;
  return [...threads.values()].filter(({ ns }) => ns >= least).sort((a, b) => b.ns - a.ns);
}

/** Slices are sorted by track. */
function firstSliceOfTracks({ slices, tracks }: Tracks): Int32Array {
  const first = new Int32Array(tracks.length).fill(slices.length);
  for (let slice = slices.length - 1; slice >= 0; slice--) {
    first[slices.track[slice] as number] = slice;
  }
  return first;
}
