import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { traceTimeOf } from '../../../../src/base/time.js';
import { EVENT_KINDS, KIND } from '../../../../src/model/recording/event-kinds.js';
import { EventTable } from '../../../../src/model/recording/event-table.js';
import { StringInterner } from '../../../../src/model/recording/strings.js';
import type { Trace } from '../../../../src/model/trace/trace.js';
import {
  type EventSelection,
  originOf,
  selectEvents,
} from '../../../../src/render/common/select-events.js';
import { PLAIN_THEME } from '../../../../src/render/common/theme.js';
import { eventJson } from '../../../../src/render/json/events-json.js';
import { traceJson } from '../../../../src/render/json/json.js';
import { eventLine } from '../../../../src/render/text/events-text.js';
import { tableOfEveryKind } from '../../../support/recordings.js';
import { SAMPLES, sampleTrace } from '../../../support/samples.js';
import { ACTED_ON } from '../../../support/terminal.js';
import { HOSTILE, SAMPLE_ID, sampleRecording, startedTrace } from '../../../support/traces.js';

function traceWith(fill: (events: EventTable, id: (text: string) => number) => void): Trace {
  const strings = new StringInterner();
  const events = new EventTable();
  fill(events, (text) => strings.intern(text));
  const order = Uint32Array.from({ length: events.length }, (_, row) => row);
  return startedTrace({ recording: sampleRecording({ events, strings }), order });
}

const lines = (trace: Trace, selection: EventSelection = {}): string[] =>
  [...selectEvents(trace, selection)]
    .map(eventLine(trace, PLAIN_THEME))
    .map((line) => line.trimEnd());
// biome-ignore lint/suspicious/noExplicitAny: a document is looked into
const objects = (trace: Trace, selection: EventSelection = {}): any[] =>
  [...selectEvents(trace, selection)].map(eventJson(trace)).map((line) => JSON.parse(line));

const REQUEST = 50e6;
const mount = traceWith((events, id) => {
  events.push(
    'syscall',
    { time: REQUEST + 15.880412e6, cpu: 1, pid: 700, tid: 708 },
    {
      names: id('mount'),
      durations_ns: 812_345,
      results: 0,
      flags: 2,
      arguments: [1, 2, 3, 0x1000 + 0x4000, 0, 0],
      texts: [id('/from'), id('/merged')],
      text_positions: [0, 1],
    },
  );
  events.push(
    'syscall',
    { time: REQUEST + 16e6, pid: 2023 },
    {
      names: id('openat'),
      durations_ns: 1500,
      results: -2,
      flags: 2,
      arguments: [-100, 5, 0x80000, 0, 0, 0],
      texts: [id('/etc/x')],
      text_positions: [1],
    },
  );
  events.push('syscall', { time: REQUEST + 17e6, pid: 4242 }, { names: id('futex'), flags: 1 });
});

describe('an event as text', () => {
  it('has time, actor, pid, call, result and duration', () => {
    expect(lines(mount)).toEqual([
      '   +15.880412  dockerd      700/708         mount("/from", "/merged", 0x3, BIND|REC) = 0  812 µs',
      '   +16.000000  other        2023/2023       openat(AT_FDCWD, "/etc/x", CLOEXEC) = ENOENT  1.50 µs'.replace(
        'other     ',
        'init      ',
      ),
      '   +17.000000  ?            4242/4242       futex() had not returned',
    ]);
  });

  it('is cut to the width asked for', () => {
    const [event] = selectEvents(mount, {});
    if (event === undefined) throw new Error('there is one');
    expect(eventLine(mount, PLAIN_THEME, 60)(event)).toHaveLength(61);
  });

  it('tells every kind', () => {
    const strings = new StringInterner();
    const events = tableOfEveryKind(strings);
    const order = Uint32Array.from({ length: events.length }, (_, row) => row);
    const trace = startedTrace({ recording: sampleRecording({ events, strings }), order });
    const told = lines(trace).map((line) => line.slice(44));
    expect(new Set(told).size).toBe(EVENT_KINDS.length);
    expect(told.every((text) => text !== '' && !text.includes('undefined'))).toBe(true);
  });
});

describe('an event as JSON', () => {
  it('has decoded names, both times, actor and container', () => {
    expect(objects(mount)[0]).toEqual({
      event: 0,
      time_ns: 65_880_412,
      absolute_ns: '123456854892757',
      kind: 'syscall',
      cpu: 1,
      pid: 700,
      tid: 708,
      actor: 'dockerd',
      container: null,
      name: 'mount',
      duration_ns: 812_345,
      result: 0,
      flags: ['has_arguments'],
      arguments: [1, 2, 3, 20_480, 0, 0],
      texts: { 0: '/from', 1: '/merged' },
    });
    expect(objects(mount)[1]).toMatchObject({ result: -2, error: 'ENOENT', container: SAMPLE_ID });
    expect(objects(mount)[2]).toMatchObject({ actor: null, flags: ['unfinished'], texts: {} });
  });

  it('has every column of every kind, and all of it is documented', () => {
    const strings = new StringInterner();
    const events = tableOfEveryKind(strings);
    const order = Uint32Array.from({ length: events.length }, (_, row) => row);
    const all = objects(startedTrace({ recording: sampleRecording({ events, strings }), order }));
    expect(all.map(({ kind }) => kind)).toEqual(EVENT_KINDS.map(({ name }) => name));
    expect(all.find(({ kind }) => kind === 'exec').arguments).toEqual([
      expect.stringMatching(/^exec arguments/),
      expect.stringMatching(/^exec arguments/),
    ]);
    const documentation = readFileSync(
      new URL('../../../../docs/json.md', import.meta.url),
      'utf8',
    );
    const keys = new Set(all.flatMap((event) => Object.keys(event)));
    expect([...keys].filter((key) => !documentation.includes(`\`${key}\``))).toEqual([]);
  });

  it('is safe to print, whatever the strings hold', () => {
    const trace = traceWith((events, id) => {
      events.push('rename', { time: 0, pid: 1 }, { comms: id(HOSTILE) });
      events.push(
        'exec',
        { time: 1, pid: 1 },
        { filenames: id(HOSTILE), arguments: [id(HOSTILE)] },
      );
    });
    for (const event of selectEvents(trace, {})) {
      expect(ACTED_ON.test(eventJson(trace)(event).slice(0, -1))).toBe(false);
      expect(ACTED_ON.test(eventLine(trace, PLAIN_THEME)(event).slice(0, -1))).toBe(false);
    }
    // A lone surrogate survives JSON; the string table itself is UTF-8.
    expect(objects(trace)[0].comm).toBe(HOSTILE);
  });
});

describe('numbers of events in the analysis', () => {
  it.each(SAMPLES)('of %s are found in trace events --json', (name) => {
    const trace = sampleTrace(name);
    const line = eventJson(trace);
    const kinds = new Map<number, Record<string, unknown>>();
    for (const event of selectEvents(trace, {})) {
      const object = JSON.parse(line(event));
      kinds.set(object.event, object);
    }
    expect(kinds.size).toBe(trace.recording.events.length);
    const { marks, runs } = JSON.parse(traceJson(trace));
    let looked = 0;
    for (const { segments, milestones, copy_ups } of runs) {
      for (const { syscall, woken_by, tid, start_ns } of [...segments, ...copy_ups]) {
        if (syscall !== null) {
          const found = kinds.get(syscall);
          expect(found).toMatchObject({ kind: 'syscall', tid });
          expect(found?.time_ns).toBeLessThanOrEqual(start_ns);
          looked++;
        }
        if (typeof woken_by === 'number') {
          expect(kinds.get(woken_by)?.kind).toBe('waking');
          looked++;
        }
      }
      for (const { evidence, time_ns } of milestones) {
        if (evidence.event === undefined) expect(marks[evidence.mark]).toBeDefined();
        else expect(kinds.get(evidence.event)?.time_ns).toBeLessThanOrEqual(time_ns);
      }
    }
    expect(looked).toBeGreaterThan(1000);
  });
});

describe('selecting events', () => {
  const rows = (selection: EventSelection): number[] =>
    [...selectEvents(mount, selection)].map(({ row }) => row);

  it('by kind, actor, syscall, pid, time and number', () => {
    expect(rows({})).toEqual([0, 1, 2]);
    expect(rows({ kinds: new Set(['exec']) })).toEqual([]);
    expect(rows({ actors: new Set(['dockerd', 'init']) })).toEqual([0, 1]);
    expect(rows({ syscalls: new Set(['futex']) })).toEqual([2]);
    expect(rows({ pid: 2023 })).toEqual([1]);
    expect(rows({ from: REQUEST + 16e6 })).toEqual([1, 2]);
    expect(rows({ to: REQUEST + 16e6 })).toEqual([0]);
    expect(rows({ limit: 2 })).toEqual([0, 1]);
    expect(rows({ limit: 0 })).toEqual([]);
  });

  it('in time order, not in that of the file', () => {
    const trace = { ...mount, order: Uint32Array.of(2, 0, 1) };
    expect([...selectEvents(trace, {})].map(({ row }) => row)).toEqual([2, 0, 1]);
  });

  it('finds who a pid was at the time', () => {
    const [life] = startedTrace().processes;
    if (life === undefined) throw new Error('the sample has processes');
    const [first] = life.actors;
    if (first === undefined) throw new Error('it plays a part');
    const reused = [
      { ...life, pid: 700, actors: [{ ...first, actor: 'client' as const }] },
      {
        ...life,
        pid: 700,
        start: traceTimeOf(REQUEST + 10e6),
        actors: [{ ...first, from: traceTimeOf(REQUEST + 10e6), actor: 'hook' as const }],
      },
    ];
    const trace = { ...mount, processes: reused };
    expect([...selectEvents(trace, { pid: 700 })][0]?.actor?.actor).toBe('hook');
  });

  it('tells times from the create request, else from the beginning', () => {
    expect(originOf(mount)).toBe(REQUEST);
    expect(originOf({ ...mount, runs: [] })).toBe(0);
  });
});

it('knows every kind by its id', () => {
  expect(new Set(Object.values(KIND)).size).toBe(EVENT_KINDS.length);
});

describe('what is endless or has a name that objects inherit', () => {
  const longArgument = traceWith((events, id) => {
    const [filenames, argument] = [id('/bin/x'), id('y'.repeat(100_000))];
    events.push('exec', { time: 1, pid: 7 }, { filenames, arguments: [filenames, argument] });
  });

  it('a long argument is cut, which is said; --json has all of it', () => {
    const [line = ''] = lines(longArgument);
    expect(line.length).toBeLessThan(2200);
    expect(line).toMatch(/y… 98,012 more characters$/);
    expect(objects(longArgument)[0].arguments[1]).toHaveLength(100_000);
  });

  it.each(['constructor', '__proto__', 'toString'])('a syscall of the name %s is one', (name) => {
    const trace = traceWith((events, id) => {
      events.push('syscall', { time: 1, pid: 7 }, { names: id(name), arguments: [1, 2, 3] });
    });
    expect(lines(trace)[0]).toContain(`${name}(`);
    expect(objects(trace)[0].name).toBe(name);
  });
});
