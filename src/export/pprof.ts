/**
 * The critical path as a pprof profile, for `go tool pprof` and whatever else reads them: a sample for each stack,
 * with its time and the number of its pieces. Format: profile.proto of github.com/google/pprof, before it is gzipped.
 */

import { Profile, StringTable } from 'pprof-format';
import { escapeText } from '../base/escape.js';
import { quoting } from '../base/foreign.js';
import { shortId } from '../base/ids.js';
import { lengthOf, phaseOf } from '../model/trace/totals.js';
import type { Segment, Trace } from '../model/trace/trace.js';
import { caveats } from './caveats.js';
import { segmentStacks } from './segment-stack.js';
import { type WholeStart, wholeStarts } from './whole-starts.js';

export const leavesOut: readonly string[] = [
  'the order of events: stacks are sums over the start',
  'what is not on the critical path',
  'milestones, findings, copy-ups',
  'evidence',
];

/** The sample type that readers show first. */
const TIME = 'critical_path';
const PIECES = 'pieces';

interface PathSample {
  readonly frames: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  ns: number;
  pieces: number;
}

/** One profile, not compressed. Throws a DitError, no-critical-path, without a whole start. */
export function pprofProfile(trace: Trace): Uint8Array {
  const starts = wholeStarts(trace, 'pprof');
  const strings = new StringTable();
  const text = (string: string): number => strings.dedup(string);
  const frames = new Map<string, number>();
  const frameId = (frame: string): number => {
    const id = frames.get(frame) ?? frames.size + 1;
    frames.set(frame, id);
    return id;
  };
  const sample = pathSamples(trace, starts).map(({ frames, labels, ns, pieces }) => ({
    // The innermost frame first.
    locationId: frames.map(frameId).reverse(),
    value: [pieces, ns],
    label: Object.entries(labels).map(([key, str]) => ({ key: text(key), str: text(str) })),
  }));
  const begin = Math.min(...starts.map(({ window }) => window.start));
  const end = Math.max(...starts.map(({ window }) => window.end));
  return new Profile({
    sampleType: [
      { type: text(PIECES), unit: text('count') },
      { type: text(TIME), unit: text('nanoseconds') },
    ],
    defaultSampleType: text(TIME),
    sample,
    // One that has its functions keeps readers from looking for a program to take symbols from.
    mapping: [{ id: 1, filename: text('container start'), hasFunctions: true }],
    location: [...frames.values()].map((id) => ({
      id,
      mappingId: 1,
      line: [{ functionId: id }],
    })),
    function: [...frames].map(([name, id]) => ({ id, name: text(name), systemName: text(name) })),
    timeNanos: trace.recording.header.startRealtimeNs + BigInt(begin),
    durationNanos: end - begin,
    comment: [
      quoting`dit ${trace.recording.header.ditVersion}, trace ${trace.recording.header.traceId}`,
      ...caveats(trace, starts),
    ].map((line) => text(escapeText(line))),
    stringTable: strings,
  }).encode();
}

/** The largest first. */
function pathSamples(trace: Trace, starts: readonly WholeStart[]): PathSample[] {
  const samples = new Map<string, PathSample>();
  for (const start of starts) {
    const stackOf = segmentStacks(trace, start);
    for (const segment of start.segments) {
      const frames = stackOf(segment);
      const labels = labelsOf(start, segment);
      const key = [...frames, ...Object.values(labels)].join('\n');
      let sample = samples.get(key);
      if (sample === undefined) {
        sample = { frames, labels, ns: 0, pieces: 0 };
        samples.set(key, sample);
      }
      sample.ns += lengthOf(segment);
      sample.pieces++;
    }
  }
  return [...samples.values()].sort((a, b) => b.ns - a.ns);
}

function labelsOf(start: WholeStart, segment: Segment): Readonly<Record<string, string>> {
  return {
    phase: phaseOf(segment),
    certainty: segment.certainty,
    state: segment.state,
    container: shortId(start.containerId),
  };
}
