/** What the page makes of a trace before anything is drawn: lanes, rows, what is hit, found and told. */
import { beforeAll, describe, expect, test } from 'vitest';
import { buildTracks } from '../../../src/analysis/tracks/tracks.js';
import { pageData } from '../../../src/export/page-data.js';
import { ACTORS } from '../../../src/model/trace/actor-kind.js';
import type { Trace } from '../../../src/model/trace/trace.js';
import { decodeTrace } from '../../../src/page/data/decode.js';
import { EventRows } from '../../../src/page/data/event-rows.js';
import { type Start, startsOf } from '../../../src/page/data/starts.js';
import { pathBetween, describe as tell } from '../../../src/page/timeline/describe.js';
import { targetAt, targetBeside } from '../../../src/page/timeline/hit.js';
import { boxesOf, layOut, SLICE_HEIGHT, STRIP } from '../../../src/page/timeline/layout.js';
import { search } from '../../../src/page/timeline/search.js';
import { placeOf, spanOf, type Target } from '../../../src/page/timeline/target.js';
import { SAMPLES, sampleTrace } from '../../support/samples.js';
import { cutTrace, HOSTILE, hostileTrace } from '../../support/traces.js';

const startOf = (trace: Trace): Start => {
  const read = decodeTrace(pageData(trace, buildTracks(trace), 'a.dit'));
  return startsOf([read])[0] as Start;
};

const starts = new Map<string, Start>();
beforeAll(() => {
  for (const name of SAMPLES) starts.set(name, startOf(sampleTrace(name)));
});
const loaded = (name: string): Start => starts.get(name) as Start;

describe.each(SAMPLES)('%s', (name) => {
  test('a lane for each actor, in their order; all of the path is in lanes and in rows', () => {
    const { lanes, run } = loaded(name);
    const actors = lanes.map(({ actor }) => actor);
    expect(actors).toEqual(ACTORS.filter((actor) => actors.includes(actor)));
    const whole = run?.segments.reduce((ns, { start, end }) => ns + end - start, 0);
    const inLanes = lanes.reduce((ns, { pathNs }) => ns + pathNs, 0);
    expect(inLanes).toBe(whole);
    const inRows = lanes.flatMap(({ rows }) => rows).reduce((ns, { pathNs }) => ns + pathNs, 0);
    expect(inRows).toBe(whole);
    for (const lane of lanes)
      expect(lane.rows.every(({ actor }) => actor === lane.actor)).toBe(true);
  });

  test("rows of one thread follow each other, and hold all of the container's slices", () => {
    const { places, tracks, run } = loaded(name);
    for (const own of places.values()) {
      own.forEach(({ row }, index) => {
        expect(row.from).toBe(own[index - 1]?.row.to ?? row.from);
      });
    }
    const { slices } = tracks;
    for (let slice = 0; slice < slices.length; slice++) {
      const track = tracks.tracks[slices.track[slice] as number];
      if (track?.containerId !== undefined && track.containerId !== run?.containerId) continue;
      const start = loaded(name);
      expect(placeOf(start, { kind: 'slice', index: slice })?.row).toBeDefined();
    }
  });

  test('what is drawn in a place is found there', () => {
    const start = loaded(name);
    const layout = layOut(start.lanes, 'all', {});
    const wanted: Target[] = [];
    for (let index = 0; index < start.tracks.slices.length; index += 97) {
      if (start.tracks.tracks[start.tracks.slices.track[index] as number]?.kind === 'schedule')
        continue;
      wanted.push({ kind: 'slice', index });
    }
    for (let index = 0; index < (start.run?.segments.length ?? 0); index += 97) {
      wanted.push({ kind: 'segment', index });
    }
    for (const target of wanted) {
      const { start: from, end } = spanOf(start, target);
      for (const { y } of boxesOf(layout, start, target)) {
        const found = targetAt(layout, (from + end) / 2, y + SLICE_HEIGHT / 2, 0);
        // The path lies over the outermost slices.
        const depth = start.tracks.slices.depth[target.index];
        if (target.kind === 'slice' && depth === 0) expect(found).toBeDefined();
        else expect(found).toEqual(target);
      }
    }
  });

  test('everything can be told, and from everything there is a way on', () => {
    const start = loaded(name);
    const layout = layOut(start.lanes, 'main', {});
    for (let index = 0; index < start.tracks.slices.length; index += 13) {
      if (start.tracks.tracks[start.tracks.slices.track[index] as number]?.kind === 'schedule')
        continue;
      const { title, facts } = tell(start, { kind: 'slice', index });
      expect(title).not.toBe('');
      expect(facts.map(([label]) => label)).toContain('Certainty');
    }
    let target: Target | undefined = { kind: 'segment', index: 0 };
    const seen = new Set<number>();
    while (target !== undefined) {
      seen.add(target.index);
      expect(tell(start, target).facts.map(([label]) => label)).toContain('Certainty');
      target = targetBeside(start, layout, target, 'right');
    }
    expect(seen.size).toBe(start.run?.segments.length);
    const up = targetBeside(start, layout, { kind: 'segment', index: 900 }, 'up');
    const down = targetBeside(start, layout, { kind: 'segment', index: 900 }, 'down');
    expect(up ?? down).toBeDefined();
  });
});

test('lanes show as many threads as is asked, each lane by itself', () => {
  const { lanes } = loaded('docker-28.5/bridge.dit');
  const rows = (...args: Parameters<typeof layOut>): number =>
    layOut(...args).placed.filter(({ row }) => row !== undefined).length;
  const all = lanes.reduce((sum, lane) => sum + lane.rows.length, 0);
  expect(rows(lanes, 'actors', {})).toBe(0);
  expect(rows(lanes, 'all', {})).toBe(all);
  expect(rows(lanes, 'main', {})).toBeGreaterThan(5);
  expect(rows(lanes, 'main', {})).toBeLessThan(all);
  const shim = lanes.find(({ actor }) => actor === 'shim');
  expect(rows(lanes, 'actors', { shim: 'all' })).toBe(shim?.rows.length);
  const layout = layOut(lanes, 'actors', {});
  expect(layout.placed.map(({ y }) => y)).toEqual(lanes.map((_, index) => index * 25));
  const y = (layout.placed[1]?.y ?? 0) + STRIP.y + 1;
  expect(targetAt(layout, loaded('docker-28.5/bridge.dit').origin + 10e6, y, 0)?.kind).toBe(
    'segment',
  );
});

test('a search finds names, paths, arguments, categories and milestones, in time order', () => {
  const start = loaded('docker-28.5/bridge.dit');
  const found = search(start, 'MOUNT');
  expect(found.targets.some(({ kind }) => kind === 'milestone')).toBe(true);
  expect(found.targets.some(({ kind }) => kind === 'segment')).toBe(true);
  const titles = new Set(found.targets.map((target) => tell(start, target).title));
  expect([...titles]).toEqual(expect.arrayContaining(['mount', 'umount2', 'rootfs mounted']));
  expect([...found.starts]).toEqual([...found.starts].sort((a, b) => a - b));
  // A path that is an argument, and the program of an exec.
  const byPath = search(start, 'cgroup.procs').targets.map((target) => tell(start, target));
  expect(byPath.some(({ facts }) => facts.some(([, text]) => text.includes('cgroup.procs')))).toBe(
    true,
  );
  expect(search(start, '/bin/echo').targets.length).toBeGreaterThan(0);
  expect(search(start, '').targets).toEqual([]);
  expect(search(start, 'no such thing').targets).toEqual([]);
});

test('the events listed are those of the time, the actor and the kind', () => {
  const start = loaded('docker-28.5/bridge.dit');
  const { events } = start.trace.recording;
  const rows = new EventRows(start);
  const everything = { from: -Infinity, to: Infinity, actor: undefined, kind: undefined };
  expect(rows.select(everything).length).toBe(events.length);
  const { origin } = start;
  const some = rows.select({
    from: origin + 10e6,
    to: origin + 20e6,
    actor: 'dockerd',
    kind: 'syscall',
  });
  expect(some.length).toBeGreaterThan(10);
  for (const place of some) {
    const row = start.trace.order[place] as number;
    expect(events.kindName(row)).toBe('syscall');
    expect(rows.actorAt(place)).toBe('dockerd');
    expect(events.time.at(row)).toBeGreaterThanOrEqual(origin + 10e6);
    expect(events.time.at(row)).toBeLessThanOrEqual(origin + 20e6);
  }
  // What begins and ends at one instant has the event that it was made of.
  const time = events.time.at(start.trace.order[500] as number);
  expect(rows.select({ ...everything, from: time, to: time }).length).toBeGreaterThan(0);
});

test('the path between two times is what lies between them', () => {
  const start = loaded('docker-28.5/bridge.dit');
  const { window } = start.run as NonNullable<Start['run']>;
  if (window === undefined) throw new Error('the sample has a window');
  const whole = pathBetween(start, window.start, window.end);
  expect(whole.ns).toBe(window.end - window.start);
  expect(pathBetween(start, window.start - 5e6, window.start + 7e6).ns).toBe(7e6);
  expect(whole.categories.reduce((sum, [, ns]) => sum + ns, 0)).toBe(whole.ns);
});

test('a start that never reached its entrypoint is shown as far as it came', () => {
  const start = startOf(cutTrace());
  expect(start.run?.window).toBeUndefined();
  expect(start.fit.end).toBeGreaterThan(start.fit.start);
  expect(start.path.whole.length).toBe(0);
});

test('nothing that is told acts on its reader', () => {
  const start = startOf(hostileTrace());
  const unsafe = /[\p{Cc}\p{Cf}\p{Cs}]/u;
  expect(HOSTILE).toMatch(unsafe);
  expect(start.label).not.toMatch(unsafe);
  start.run?.segments.forEach((_, index) => {
    const told = tell(start, { kind: 'segment', index });
    expect(JSON.stringify(told)).toContain('evil\\\\x1b[2J');
    for (const text of [told.title, told.when, ...told.facts.flat()])
      expect(text).not.toMatch(unsafe);
  });
  start.run?.milestones.forEach((_, index) => {
    const told = tell(start, { kind: 'milestone', index });
    for (const text of told.facts.flat()) expect(text).not.toMatch(unsafe);
  });
});
