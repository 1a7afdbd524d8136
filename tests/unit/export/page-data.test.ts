import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { analyse } from '../../../src/analysis/analyse.js';
import { buildTracks } from '../../../src/analysis/tracks/tracks.js';
import { raw } from '../../../src/base/foreign.js';
import { pageData } from '../../../src/export/page-data.js';
import { EventTable } from '../../../src/model/recording/event-table.js';
import {
  EVENT_COLUMNS,
  INSTANT_COLUMNS,
  SLICE_COLUMNS,
  WAKE_UP_COLUMNS,
} from '../../../src/model/trace/page-data.js';
import type { Trace } from '../../../src/model/trace/trace.js';
import type { Tracks } from '../../../src/model/trace/tracks.js';
import { decodeTrace } from '../../../src/page/data/decode.js';
import { arbitraryTable, eventsOf } from '../../support/recordings.js';
import { SAMPLES, sampleTrace } from '../../support/samples.js';
import { hostileTrace, sampleRecording } from '../../support/traces.js';

const NO_TRACKS = buildTracks(analyse(sampleRecording()));

const columnsOf = (tracks: Omit<Tracks, 'threadTrack'>): Record<string, readonly number[]> =>
  Object.fromEntries([
    ...SLICE_COLUMNS.map((name) => [`slices.${name}`, [...tracks.slices[name]]]),
    ...INSTANT_COLUMNS.map((name) => [`instants.${name}`, [...tracks.instants[name]]]),
    ...WAKE_UP_COLUMNS.map((name) => [`wakeUps.${name}`, [...tracks.wakeUps[name]]]),
  ]);

/** All but events and strings, which are compared one by one. */
const rest = ({ recording, ...trace }: Trace): unknown => {
  const { events: _, strings: __, ...facts } = recording;
  return { ...trace, recording: facts };
};

/** Keys without a value are absent in JSON, and read the same. */
const withoutAbsent = (value: unknown): unknown =>
  Array.isArray(value) || ArrayBuffer.isView(value)
    ? [...(value as unknown[])].map(withoutAbsent)
    : typeof value === 'object' && value !== null
      ? Object.fromEntries(
          Object.entries(value)
            .filter(([, own]) => own !== undefined)
            .map(([key, own]) => [key, withoutAbsent(own)]),
        )
      : value;

describe('pageData', () => {
  test.each(SAMPLES)('%s comes back whole', (name) => {
    const trace = sampleTrace(name);
    const tracks = buildTracks(trace);
    const read = decodeTrace(pageData(trace, tracks, name));
    expect(read.file).toBe(name);
    expect(read.tracks.tracks).toEqual(withoutAbsent(tracks.tracks));
    expect(read.tracks.names).toEqual(tracks.names);
    expect(read.tracks.span).toEqual(tracks.span);
    expect(columnsOf(read.tracks)).toEqual(columnsOf(tracks));
    expect(withoutAbsent(rest(read.trace))).toEqual(withoutAbsent(rest(trace)));
    const { events, strings } = read.trace.recording;
    for (const column of EVENT_COLUMNS) {
      expect([...events[column].view()]).toEqual([...trace.recording.events[column].view()]);
    }
    const at = (of: typeof strings): string[] =>
      Array.from({ length: of.size }, (_, id) => of.text(id)).map(raw);
    expect(at(strings)).toEqual(at(trace.recording.strings));
  });

  test('every event of every kind comes back, with values beyond 2^31 and 2^53', () => {
    fc.assert(
      fc.property(arbitraryTable(), (events) => {
        const trace = { ...analyse(sampleRecording()), recording: sampleRecording({ events }) };
        const read = decodeTrace(pageData(trace, NO_TRACKS, ''));
        expect(eventsOf(read.trace.recording.events)).toEqual(eventsOf(events));
      }),
      { numRuns: 60 },
    );
    const events = new EventTable();
    const values = [2 ** 63, -(2 ** 63), 2 ** 53 + 2, -1, 0, 255, 256, 65_536];
    for (const value of values) {
      events.push('syscall', { time: 0, pid: 1 }, { results: value, arguments: [value, 1] });
    }
    const trace = { ...analyse(sampleRecording()), recording: sampleRecording({ events }) };
    const { recording } = decodeTrace(pageData(trace, NO_TRACKS, '')).trace;
    expect(values.map((_, row) => recording.events.value(row, 'results'))).toEqual(values);
    expect(values.map((_, row) => recording.events.values(row, 'arguments')[0])).toEqual(values);
  });

  test('hostile text, lone surrogates and a part played since ever come back', () => {
    const trace = hostileTrace();
    const read = decodeTrace(pageData(trace, NO_TRACKS, '\ud800'));
    expect(read.file).toBe('\ud800');
    expect(withoutAbsent(rest(read.trace))).toEqual(withoutAbsent(rest(trace)));
    expect(read.trace.processes[0]?.actors[0]?.from).toBe(Number.NEGATIVE_INFINITY);
  });

  test('data of another version are refused', () => {
    const bytes = pageData(hostileTrace(), NO_TRACKS, '');
    const text = new TextDecoder().decode(bytes.subarray(4, 20));
    expect(text).toContain('{"version":5');
    bytes[4 + '{"version":'.length] = '1'.charCodeAt(0);
    expect(() => decodeTrace(bytes)).toThrow('version 1');
  });
});
