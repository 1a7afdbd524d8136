import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import protobuf from 'protobufjs';
import { describe, expect, test } from 'vitest';
import { analyse } from '../../../src/analysis/analyse.js';
import { buildTracks } from '../../../src/analysis/tracks/tracks.js';
import { traceTimeOf } from '../../../src/base/time.js';
import { perfettoTrace } from '../../../src/export/perfetto/perfetto.js';
import type { Recording } from '../../../src/model/recording/recording.js';
import { phaseTotals } from '../../../src/model/trace/totals.js';
import { SLICE_KINDS } from '../../../src/model/trace/tracks.js';
import { packagePath } from '../../../src/platform/package-files.js';
import { readTraceFile } from '../../../src/tracefile/reader.js';
import { Stream, startedContainer } from '../../support/stream.js';
import { HOSTILE, hostileTrace } from '../../support/traces.js';
import {
  FIXTURE,
  type Imported,
  type ImportedEvent,
  importTrace,
  schemaOf,
} from './perfetto-import.js';

/** Perfetto's own schema, whole, where it is at hand. */
const published = process.env.DIT_PERFETTO_SCHEMA;
const schemas = [FIXTURE, ...(published === undefined ? [] : [published])].map(schemaOf);
const [schema] = schemas as [protobuf.Root];

const samples = packagePath('traces/samples');
const files = readdirSync(samples).flatMap((engine) =>
  readdirSync(join(samples, engine)).map((name) => `${engine}/${name}`),
);

function exported(recording: Recording): Imported {
  const trace = analyse(recording);
  return importTrace(perfettoTrace(trace, buildTracks(trace)), schema);
}

const trackNamed = (imported: Imported, name: string): number | undefined =>
  [...imported.tracks.values()].find((track) => track.name === name)?.uuid;

const on = (events: readonly ImportedEvent[], track: number | undefined): ImportedEvent[] =>
  events.filter((event) => event.track === track);

/** Slices and instants of the thread with a pid and a tid, in brief. */
function ofThread({ tracks, slices }: Imported, tid: number): unknown[] {
  const uuids = [...tracks.values()].filter((track) => track.tid === tid).map(({ uuid }) => uuid);
  return slices
    .filter(({ track }) => uuids.includes(track))
    .map(({ name, start, end, depth }) => [name, start - BASE, end - BASE, depth]);
}

/** Session base of Stream's recordings. */
const BASE = 1e9;

describe.each(files)('%s', (file) => {
  const trace = analyse(readTraceFile(join(samples, file)));
  const tracks = buildTracks(trace);
  const base = Number(trace.recording.header.startNs);
  const chunks = [...perfettoTrace(trace, tracks)];
  const all = schemas.map((each) => importTrace(chunks, each));
  const [imported] = all as [Imported];
  const [run] = trace.runs;

  test('imports without an error: slices end and nest, names and tracks are known, arrows are paired', () => {
    for (const each of all) expect(each.errors).toEqual([]);
    for (const each of all) expect(each).toEqual(imported);
  });

  test('has the slices of the trace, no more and no less', () => {
    const { slices } = tracks;
    const kinds: readonly string[] = SLICE_KINDS;
    const brief = (name: unknown, start: number, end: number): string => `${start} ${end} ${name}`;
    const expected = Array.from({ length: slices.length }, (_, slice) =>
      brief(
        tracks.names[slices.name[slice] as number],
        (slices.start[slice] as number) + base,
        (slices.end[slice] as number) + base,
      ),
    );
    const path = trackNamed(imported, 'critical path');
    const copied = run?.copyUps.length ?? 0;
    const found = imported.slices.filter(({ category }) => kinds.includes(category));
    expect(found.length).toBe(slices.length + copied);
    if (copied === 0) {
      expect(found.map(({ name, start, end }) => brief(name, start, end)).sort()).toEqual(
        expected.sort(),
      );
    }
    expect(on(imported.slices, path).map(({ start, end }) => [start - base, end - base])).toEqual(
      run?.segments.map(({ start, end }) => [start, end]),
    );
  });

  test('has the instants, wake-ups and milestones of the trace', () => {
    const count = (category: string): number =>
      imported.instants.filter((instant) => instant.category === category).length;
    expect(count('event')).toBe(tracks.instants.length);
    expect(count('wake-up')).toBe(tracks.wakeUps.length);
    expect(count('milestone')).toBe(run?.milestones.length);
  });

  test('draws an arrow from each wake-up to the stretch on a CPU that it led to', () => {
    const { toTime, fromTime } = tracks.wakeUps;
    const running = imported.slices.filter(({ category }) => category === 'running');
    const starts = new Set(running.map(({ start }) => start));
    const seen = Array.from(toTime).filter((time) => starts.has(time + base)).length;
    expect(imported.flows.length).toBeGreaterThan(0.9 * tracks.wakeUps.length);
    expect(imported.flows.length).toBeLessThanOrEqual(seen);
    const times = new Set(Array.from(toTime, (to, index) => `${fromTime[index]} ${to}`));
    for (const { from, to } of imported.flows) {
      expect(from.category).toBe('wake-up');
      expect(to.category).toBe('running');
      expect(times).toContain(`${from.start - base} ${to.start - base}`);
      const tid = imported.tracks.get(imported.tracks.get(to.track)?.parent ?? -1)?.tid;
      expect(from.facts.target_tid).toBe(tid);
    }
  });

  test('names every process and thread, and gives each life a track of its own', () => {
    const described = [...imported.tracks.values()];
    const threads = tracks.tracks.filter(({ kind }) => kind === 'thread');
    expect(described.filter(({ tid }) => tid !== undefined).map(({ tid }) => tid)).toEqual(
      threads.map(({ tid }) => tid),
    );
    const processes = described.filter(({ pid, tid }) => pid !== undefined && tid === undefined);
    expect(processes.length).toBe(new Set(threads.map(({ process }) => process)).size);
    expect(processes.map(({ rank }) => rank)).toEqual(processes.map((_, index) => index));
  });

  test('says where the time went as the report does', () => {
    const [start] = imported.slices.filter(({ category }) => category === 'start');
    const totals = phaseTotals(run?.segments ?? []).map(({ phase, ns }) => [`${phase}_ns`, ns]);
    expect(start?.facts).toMatchObject(Object.fromEntries(totals));
    expect(start?.facts.window_ns).toBe((start?.end ?? 0) - (start?.start ?? 0));
  });

  test('relates its clock to the wall clock', () => {
    const { clocks, header } = trace.recording;
    expect(imported.clocks).toEqual(
      clocks.map(({ trace: at, realtimeOffset, boottimeOffset }) => ({
        1: String(header.startRealtimeNs + BigInt(realtimeOffset)),
        3: String(base + at),
        6: String(base + at + boottimeOffset),
      })),
    );
  });

  test('counts threads on CPUs: never below zero, never more than there are CPUs', () => {
    const { cpus } = trace.recording.header.host;
    const uuid = trackNamed(imported, 'threads on a CPU');
    const values = imported.counters.filter(({ track }) => track === uuid);
    expect(values.length).toBeGreaterThan(100);
    expect(Math.min(...values.map(({ value }) => value))).toBe(0);
    expect(Math.max(...values.map(({ value }) => value))).toBeLessThanOrEqual(cpus);
  });
});

describe('perfettoTrace', () => {
  test('slices without length, slices that touch, and slices cut off keep their nesting', () => {
    const stream = new Stream().known(10, 'client').fork(100, 10, 20);
    stream.syscall('empty', 150, 150, 20).syscall('empty', 150, 150, 20);
    stream.syscall('first', 150, 200, 20).syscall('second', 200, 200, 20);
    stream.syscall('third', 200, 300, 20).exec(290, 20, '/bin/true', ['true']);
    stream.syscall('endless', 310, undefined, 20).exit(400, 20);
    const imported = exported(stream.recording());
    expect(imported.errors).toEqual([]);
    expect(ofThread(imported, 20)).toEqual([
      ['child', 100, 300, 0],
      ['empty', 150, 150, 1],
      ['empty', 150, 150, 1],
      ['first', 150, 200, 1],
      ['second', 200, 200, 1],
      ['third', 200, 300, 1],
      ['true', 300, 400, 0],
      ['endless', 310, 400, 1],
    ]);
    const endless = imported.slices.find(({ name }) => name === 'endless');
    expect(endless?.facts).toEqual({ unfinished: true, cut: true });
  });

  test('a pid that is used again is another process', () => {
    const stream = new Stream().known(10, 'client');
    stream.fork(100, 10, 20).exec(110, 20, '/bin/a', ['a', '-x']).exit(200, 20);
    stream.fork(300, 10, 20).exec(310, 20, '/bin/b', ['b']).exit(400, 20);
    const imported = exported(stream.recording());
    const processes = [...imported.tracks.values()].filter(
      ({ pid, tid }) => pid === 20 && tid === undefined,
    );
    expect(processes.map(({ cmdline }) => cmdline)).toEqual([['a', '-x'], ['b']]);
    expect(new Set(processes.map(({ uuid }) => uuid)).size).toBe(2);
    expect(imported.errors).toEqual([]);
    expect(ofThread(imported, 20)).toHaveLength(4);
  });

  test('arguments, results, texts and paths of syscalls, and what events say, are facts', () => {
    const stream = new Stream().known(10, 'client');
    const texts = { 0: 'overlay', 1: '/merged', 8: '/var/log' };
    stream.syscall('mount', 100, 150, 10, 10, { result: -13, arguments: [1, -1, 2 ** 40], texts });
    stream.fork(200, 10, 20).exec(250, 20, '/bin/true', ['true', 'ä']).rename(260, 20, 'new');
    stream.exit(270, 20, 256);
    const imported = exported(stream.recording());
    expect(imported.slices.find(({ name }) => name === 'mount')?.facts).toEqual({
      result: -13,
      arguments: [1, -1, 2 ** 40, 0, 0, 0],
      texts: { 'text 0': 'overlay', 'text 1': '/merged', 'file 0': '/var/log' },
    });
    const facts = Object.fromEntries(imported.instants.map(({ name, facts }) => [name, facts]));
    expect(facts).toMatchObject({
      fork: { child_pid: 20, child_tid: 20, child_comm: 'child' },
      exec: { filename: '/bin/true', arguments: ['true', 'ä'] },
      rename: { comm: 'new' },
      exit: { code: 256 },
    });
  });

  test('a wake-up by a thread is on its track, one by an interrupt on another; neither arrow is lost', () => {
    const stream = new Stream().known(10, 'client').known(20, 'dockerd', 1, [20, 21]);
    stream.switch(90, { pid: 0 }, { pid: 10 });
    stream.wake(100, { pid: 10 }, { pid: 20 }).switch(100, { pid: 0 }, { pid: 20 }, 1);
    stream.wake(150, { pid: 10, comm: 'node' }, { pid: 20, tid: 21 }, { context: 2, vector: 7 });
    stream.switch(180, { pid: 20 }, { pid: 20, tid: 21 }, 1);
    stream.wake(190, { pid: 10 }, { pid: 20 });
    const imported = exported(stream.recording());
    expect(imported.errors).toEqual([]);
    const trackOf = ({ track }: ImportedEvent) => imported.tracks.get(track);
    expect(imported.flows.map(({ from, to }) => [from.start - BASE, to.start - BASE])).toEqual([
      [100, 100],
      [150, 180],
    ]);
    const wakeUps = imported.instants.filter(({ category }) => category === 'wake-up');
    expect(wakeUps.map((each) => [trackOf(each)?.tid, each.name, each.facts])).toEqual([
      [10, 'wakes dockerd', { target_pid: 20, target_tid: 20, context: 'task', cpu: 0 }],
      [
        undefined,
        'wakes dockerd',
        {
          target_pid: 20,
          target_tid: 21,
          context: 'hardIrq',
          cpu: 0,
          vector: 7,
          interrupted: 'node',
        },
      ],
      [10, 'wakes dockerd', { target_pid: 20, target_tid: 20, context: 'task', cpu: 0 }],
    ]);
    const runnable = trackNamed(imported, 'threads waiting for a CPU');
    expect(
      imported.counters
        .filter(({ track }) => track === runnable)
        .map(({ time, value }) => [time - BASE, value]),
    ).toEqual([
      [90, 0],
      [150, 1],
      [180, 0],
      [190, 1],
    ]);
  });

  test('loss, a source that slows, warnings and a cut file are said in the file', () => {
    const recording = startedContainer({ shim: 100, runc: 200, init: 300, entrypoint: 400 });
    const { header, ...rest } = recording.recording();
    const imported = exported({
      ...rest,
      header: {
        ...header,
        source: { ...header.source, name: 'strace', perturbed: true, perturbation: 'ptrace' },
      },
      footer: undefined,
      loss: {
        at: traceTimeOf(350),
        losses: [
          { where: 'sys_exit', records: 5 },
          { where: 'queue', records: 2 },
        ],
      },
    });
    expect(imported.errors).toEqual([]);
    expect(imported.dropped).toBe(1);
    const notes = on([...imported.slices, ...imported.instants], trackNamed(imported, 'recording'));
    const factsOf = (name: string) => notes.find((note) => note.name === name)?.facts;
    expect(factsOf('recorded by strace, which slows what it measures')).toMatchObject({
      perturbed: true,
      perturbation: 'ptrace',
      outcome: 'cut',
    });
    expect(factsOf('7 records were lost')).toEqual({ 'lost: sys_exit': 5, 'lost: queue': 2 });
    expect(factsOf('the recording ends early')).toBeDefined();
    const lost = trackNamed(imported, 'lost records');
    expect(
      imported.counters.filter(({ track }) => track === lost).map(({ value }) => value),
    ).toEqual([0, 7]);
    const whole = exported(recording.recording());
    expect(whole.dropped).toBe(0);
  });

  test('copy-ups that overlap have tracks of their own; the sum of bytes grows as they end', () => {
    const stream = startedContainer({ shim: 100, runc: 200, init: 300, entrypoint: 400 });
    const trace = analyse(stream.mark('create', 10, 50).mark('start', 60, 450).recording());
    const [run] = trace.runs;
    if (run === undefined) throw new Error('no run');
    const copyUp = (start: number, duration: number, bytes: number) => ({
      start: traceTimeOf(start),
      duration: duration as never,
      bytes,
      path: `/file ${bytes}`,
      actor: 'entrypoint' as const,
      process: undefined,
      tid: 60,
      syscall: undefined,
      trigger: 'openat',
      certainty: 'inferred' as const,
    });
    const copyUps = [copyUp(500, 100, 1000), copyUp(550, 20, 30), copyUp(600, 10, 4)];
    const changed = { ...trace, runs: [{ ...run, copyUps }] };
    const imported = importTrace(perfettoTrace(changed, buildTracks(changed)), schema);
    expect(imported.errors).toEqual([]);
    const slices = imported.slices.filter(({ category }) => category === 'copy-up');
    expect(slices.map(({ track, name }) => [imported.tracks.get(track)?.name, name])).toEqual([
      ['copy-ups', 'copy-up /file 1000'],
      ['copy-ups 2', 'copy-up /file 30'],
      ['copy-ups', 'copy-up /file 4'],
    ]);
    const bytes = trackNamed(imported, 'bytes copied up');
    expect(
      imported.counters
        .filter(({ track }) => track === bytes)
        .map(({ time, value }) => [time - BASE, value]),
    ).toEqual([
      [570, 30],
      [600, 1030],
      [610, 1034],
    ]);
  });

  test('text of others arrives as it is, but for what UTF-8 cannot say', () => {
    const trace = hostileTrace();
    const imported = importTrace(perfettoTrace(trace, buildTracks(trace)), schema);
    expect(imported.errors).toEqual([]);
    const start = imported.slices.find(({ category }) => category === 'start');
    expect(start?.facts.name).toBe(HOSTILE.toWellFormed());
  });

  test('absolute times beyond 2^53 and before the session base are exact', () => {
    const recording = new Stream().known(10, 'client').syscall('a', -7, 8, 10).recording();
    const startNs = 2n ** 60n + 3n;
    const trace = analyse({ ...recording, header: { ...recording.header, startNs } });
    const type = schema.lookupType('perfetto.protos.Trace');
    const bytes = Buffer.concat([...perfettoTrace(trace, buildTracks(trace))]);
    const { packet } = type.toObject(type.decode(bytes), { longs: String });
    const times = packet
      .filter((each: { track_event?: unknown }) => each.track_event !== undefined)
      .map(({ timestamp }: { timestamp: string }) => timestamp);
    expect(times).toContain(String(startNs - 7n));
    expect(times).toContain(String(startNs + 8n));
  });

  test('is handed out in chunks of bounded size', () => {
    const trace = analyse(readTraceFile(join(samples, files[0] as string)));
    const sizes = [...perfettoTrace(trace, buildTracks(trace))].map(({ length }) => length);
    expect(sizes.length).toBeGreaterThan(3);
    expect(Math.max(...sizes)).toBeLessThan(2 ** 19);
  });
});

describe.each(schemas.slice(1))("the fixture's schema", (whole) => {
  const own = Object.keys(schema.lookup('perfetto.protos')?.toJSON().nested ?? {});

  test.each(own)('%s is as Perfetto publishes it', (name) => {
    const fixture = schema.lookup(`perfetto.protos.${name}`);
    const official = whole.lookup(`perfetto.protos.${name}`);
    expect(differences(fixture, official)).toEqual([]);
  });
});

/** What the first says and the second does not. */
function differences(
  own: protobuf.ReflectionObject | null,
  theirs: protobuf.ReflectionObject | null,
): string[] {
  if (own instanceof protobuf.Enum && theirs instanceof protobuf.Enum) {
    return Object.entries(own.values)
      .filter(([name, value]) => theirs.values[name] !== value)
      .map(([name]) => `${own.name}.${name}`);
  }
  if (!(own instanceof protobuf.Type && theirs instanceof protobuf.Type)) return [String(own)];
  const fields = own.fieldsArray
    .filter(({ name, id, type, repeated }) => {
      const field = theirs.fields[name];
      return field?.id !== id || field.type !== type || field.repeated !== repeated;
    })
    .map(({ fullName }) => fullName);
  return fields.concat(
    own.nestedArray.flatMap((nested) => differences(nested, theirs.get(nested.name))),
  );
}
