import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { analyse } from '../../../../src/analysis/analyse.js';
import { buildTracks } from '../../../../src/analysis/tracks/tracks.js';
import { SLICE_KINDS, type SliceKind, type Tracks } from '../../../../src/model/trace/tracks.js';
import { packagePath } from '../../../../src/platform/package-files.js';
import { readTraceFile } from '../../../../src/tracefile/reader.js';
import { Stream } from '../../../support/stream.js';

const samples = packagePath('traces/samples');
const files = readdirSync(samples).flatMap((engine) =>
  readdirSync(join(samples, engine))
    .filter((name) => name.endsWith('.dit'))
    .map((name) => `${engine}/${name}`),
);

const countOf = ({ slices }: Tracks, kind: SliceKind): number =>
  slices.kind.filter((each) => SLICE_KINDS[each] === kind).length;

/** How many threads are on a CPU at the same time, at most. */
function mostAtOnce({ slices }: Tracks): number {
  const edges = Array.from({ length: slices.length }, (_, slice) => slice)
    .filter((slice) => SLICE_KINDS[slices.kind[slice] as number] === 'running')
    .flatMap((slice) => [
      { time: slices.start[slice] as number, by: 1 },
      { time: slices.end[slice] as number, by: -1 },
    ])
    .sort((a, b) => a.time - b.time || a.by - b.by);
  let running = 0;
  return Math.max(0, ...edges.map(({ by }) => (running += by)));
}

/** What is wrong with the order and the nesting of slices. */
function misplaced({ slices, tracks, span }: Tracks): string[] {
  const wrong: string[] = [];
  const open: number[] = [];
  for (let slice = 0; slice < slices.length; slice++) {
    const [track, start, end] = [slices.track[slice], slices.start[slice], slices.end[slice]] as [
      number,
      number,
      number,
    ];
    const before = slice - 1;
    if (before >= 0 && slices.track[before] === track) {
      if ((slices.start[before] as number) > start) wrong.push(`${slice} begins too early`);
    } else {
      open.length = 0;
    }
    while (open.length > 0 && (slices.end[open.at(-1) as number] as number) <= start) open.pop();
    const outer = open.at(-1);
    if (outer !== undefined && (slices.end[outer] as number) < end) {
      wrong.push(`${slice} ends after the one around it, ${outer}`);
    }
    if (!(end >= start) || start < span.start || end > span.end) wrong.push(`${slice}: its times`);
    if (tracks[track] === undefined) wrong.push(`${slice}: its track`);
    if (end > start) open.push(slice);
  }
  return wrong;
}

describe('buildTracks', () => {
  test.each(files)('%s: everything that was recorded has its place', (file) => {
    const trace = analyse(readTraceFile(join(samples, file)));
    const { events } = trace.recording;
    const tracks = buildTracks(trace);
    expect(misplaced(tracks)).toEqual([]);
    expect(countOf(tracks, 'syscall')).toBe(events.count('syscall'));
    expect(countOf(tracks, 'copy-up')).toBe(events.count('copy_up'));
    expect(countOf(tracks, 'running')).toBeGreaterThan(0);
    const bare = ['syscall', 'copy_up', 'switch', 'waking'] as const;
    expect(tracks.instants.length).toBe(
      events.length - bare.reduce((sum, kind) => sum + events.count(kind), 0),
    );
    expect(tracks.wakeUps.length).toBeGreaterThan(0);
    for (let index = 0; index < tracks.wakeUps.length; index++) {
      expect(tracks.wakeUps.toTime[index]).toBeGreaterThanOrEqual(
        tracks.wakeUps.fromTime[index] as number,
      );
    }
    expect(mostAtOnce(tracks)).toBeLessThanOrEqual(trace.recording.header.host.cpus);
    const [run] = trace.runs;
    for (const { process, tid, actor } of run?.segments ?? []) {
      if (process === undefined) continue;
      const track = tracks.tracks[tracks.threadTrack(process, tid) ?? -1];
      expect(track, `${actor} ${tid}`).toMatchObject({ kind: 'thread', process, tid });
    }
  });

  test('programs follow each other at the return of execve; open ends are cut and marked', () => {
    const stream = new Stream().known(10, 'client');
    stream.fork(100, 10, 20).exec(250, 20, '/bin/true', ['true']);
    stream.syscall('execve', 200, 300, 20).syscall('read', 310, 330, 20);
    const tracks = buildTracks(analyse(stream.recording()));
    const rows = Array.from({ length: tracks.slices.length }, (_, slice) => slice)
      .filter((slice) => tracks.tracks[tracks.slices.track[slice] as number]?.pid === 20)
      .map((slice) => [
        SLICE_KINDS[tracks.slices.kind[slice] as number],
        tracks.names[tracks.slices.name[slice] as number],
        tracks.slices.start[slice],
        tracks.slices.end[slice],
        tracks.slices.cut[slice],
      ]);
    const end = tracks.span.end;
    expect(rows).toEqual([
      ['program', 'child', 100, 300, 0],
      ['syscall', 'execve', 200, 300, 0],
      ['program', 'true', 300, end, 1],
      ['syscall', 'read', 310, 330, 0],
    ]);
    expect(misplaced(tracks)).toEqual([]);
  });
});
