import { readFileSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import { schemaDocument } from '../../../scripts/docs-schema.js';
import { buildTracks } from '../../../src/analysis/tracks/tracks.js';
import { durationOf, traceTimeOf } from '../../../src/base/time.js';
import { dayText, originOf, safeHost } from '../../../src/export/tables/origin.js';
import { rowsOf } from '../../../src/export/tables/rows.js';
import {
  type Cell,
  type Column,
  TABLE_NAMES,
  TABLES,
  type TableName,
  type TableRows,
} from '../../../src/export/tables/schema.js';
import { SYSCALL_FLAG } from '../../../src/model/recording/event-kinds.js';
import type { Trace } from '../../../src/model/trace/trace.js';
import { packagePath } from '../../../src/platform/package-files.js';
import { sampleHeader } from '../../support/recordings.js';
import { SAMPLES, sampleTrace } from '../../support/samples.js';
import { cutTrace, failedTrace, sampleRun, startedTrace } from '../../support/traces.js';

test('docs/schema.md is made from it: npx tsx scripts/docs-schema.ts > docs/schema.md', () => {
  expect(readFileSync(packagePath('docs/schema.md'), 'utf8')).toBe(schemaDocument());
});

const rows = (trace: Trace, table: TableName): TableRows =>
  rowsOf(table, trace, { file: 'a.dit', tracks: () => buildTracks(trace) });

function objects(trace: Trace, table: TableName): Record<string, Cell>[] {
  const { length, cells } = rows(trace, table);
  return Array.from({ length }, (_, row) =>
    Object.fromEntries(Object.entries(cells).map(([name, cell]) => [name, cell(row)])),
  );
}

function total({ length, cells }: TableRows, column: string): number {
  let sum = 0;
  for (let row = 0; row < length; row++) sum += Number(cells[column]?.(row));
  return sum;
}

const HELD: Readonly<Record<Column['type'], (cell: Cell) => boolean>> = {
  string: (cell) => typeof cell === 'string',
  boolean: (cell) => typeof cell === 'boolean',
  double: (cell) => typeof cell === 'number',
  int32: Number.isInteger,
  int64: Number.isSafeInteger,
  timestamp: Number.isSafeInteger,
  date: Number.isInteger,
};

describe.each(TABLE_NAMES)('the table %s', (table) => {
  const columns: readonly Column[] = TABLES[table].columns;

  it('explains each column, and has no two of one name', () => {
    expect(columns.filter(({ meaning }) => meaning === '')).toEqual([]);
    expect(new Set(columns.map(({ name }) => name)).size).toBe(columns.length);
  });

  it.each([
    ['a sample', sampleTrace('docker-20.10/bridge.dit')],
    ['a start with copy-ups', startedTrace()],
    ['a start that failed', failedTrace()],
    ['a file that is cut', cutTrace()],
  ])('has cells of its types: %s', (_name, trace) => {
    const { length, cells } = rows(trace, table);
    expect(Object.keys(cells).sort()).toEqual(columns.map(({ name }) => name).sort());
    for (const { name, type, nullable } of columns) {
      for (let row = 0; row < length; row++) {
        const cell = cells[name]?.(row) as Cell;
        if (cell === null ? nullable : HELD[type](cell)) continue;
        expect.fail(`${table}.${name} of row ${row} is ${JSON.stringify(cell)}`);
      }
    }
  });
});

describe.each(SAMPLES)('the rows of %s', (name) => {
  const trace = sampleTrace(name);
  const window = trace.runs[0]?.window;
  const length = (window?.end ?? 0) - (window?.start ?? 0);

  it('add up to the window', () => {
    expect(length).toBeGreaterThan(0);
    expect(objects(trace, 'runs')[0]?.total_ns).toBe(length);
    const phases = ['kernel_ns', 'runtime_ns', 'storage_ns', 'unattributed_ns'];
    const run = rows(trace, 'runs');
    expect(phases.reduce((sum, phase) => sum + total(run, phase), 0)).toBe(length);
    expect(total(rows(trace, 'phases'), 'duration_ns')).toBe(length);
    expect(total(rows(trace, 'segments'), 'duration_ns')).toBe(length);
    expect(total(rows(trace, 'phases'), 'waiting_ns')).toBe(total(run, 'waiting_ns'));
    expect(total(rows(trace, 'phases'), 'pieces')).toBe(rows(trace, 'segments').length);
  });

  it('are as many as the trace has', () => {
    const { events, loss } = trace.recording;
    expect(rows(trace, 'syscalls').length).toBe(events.count('syscall'));
    expect(rows(trace, 'slices').length).toBe(buildTracks(trace).slices.length);
    expect(rows(trace, 'milestones').length).toBe(trace.runs[0]?.milestones.length);
    expect(rows(trace, 'losses').length).toBe(loss?.losses.length);
  });

  it('name the same call in a slice and in syscalls', () => {
    const calls = new Map(objects(trace, 'syscalls').map((call) => [call.event, call]));
    const slices = objects(trace, 'slices').filter(({ kind }) => kind === 'syscall');
    expect(slices.length).toBeGreaterThan(1000);
    const different = slices.filter(({ event, name, start_ns }) => {
      const call = calls.get(event ?? -1);
      return call?.name !== name || call?.start_ns !== start_ns;
    });
    expect(different).toEqual([]);
  });
});

describe('a run', () => {
  it('says what is not known as null', () => {
    const [failed] = objects(failedTrace(), 'runs');
    expect(failed).toMatchObject({ total_ns: null, dominant_category: null, lost_events: 1234 });
    const [cut] = objects(cutTrace(), 'runs');
    expect(cut).toMatchObject({ lost_events: null, complete: false, exit_code: null });
    expect(objects(cutTrace(), 'losses')).toEqual([]);
    expect(objects(cutTrace(), 'milestones').map(({ since_start_ns }) => since_start_ns)).toEqual(
      Array(7).fill(null),
    );
  });

  it('has the weightiest finding and the largest category', () => {
    expect(objects(startedTrace(), 'runs')[0]).toMatchObject({
      finding: 'network-hook',
      finding_ns: 104_200_000,
      dominant_category: 'hooks',
      dominant_ns: 61_000_000,
      copy_ups: 1,
      copy_up_bytes: 104_857_600,
      network: 'none',
      runtime: 'runc',
    });
  });

  it('has the share that is inferred', () => {
    const run = sampleRun();
    const segments = run.segments.map((segment, index) => ({
      ...segment,
      certainty: index === 0 ? ('inferred' as const) : ('exact' as const),
    }));
    const trace = startedTrace({ runs: [sampleRun({ segments })] });
    expect(objects(trace, 'runs')[0]?.inferred_share).toBeCloseTo(3_000_201 / 264_113_201, 12);
  });
});

describe('a copy-up', () => {
  it('is part of the start only before the entrypoint', () => {
    const [later] = sampleRun().copyUps;
    if (later === undefined) throw new Error('no copy-up');
    const earlier = { ...later, start: traceTimeOf(60e6), duration: durationOf(1) };
    const trace = startedTrace({ runs: [sampleRun({ copyUps: [earlier, later] })] });
    expect(objects(trace, 'copyups').map((row) => row.before_entrypoint)).toEqual([true, false]);
  });
});

describe('a syscall', () => {
  it('has a result and an error where it returned', () => {
    const trace = startedTrace();
    const { events, strings } = trace.recording;
    const names = strings.find('futex');
    const flags = SYSCALL_FLAG.unfinished;
    const added = [
      events.push('syscall', { time: 1, pid: 700 }, { names, durations_ns: 5, results: -2 }),
      events.push('syscall', { time: 2, pid: 700 }, { names, durations_ns: 5, results: -5000 }),
      events.push('syscall', { time: 3, pid: 700 }, { names, durations_ns: 5, flags }),
    ];
    const shown = objects({ ...trace, order: Uint32Array.from(added) }, 'syscalls');
    expect(shown.map(({ duration_ns, result, error }) => ({ duration_ns, result, error }))).toEqual(
      [
        { duration_ns: 5, result: -2, error: 2 },
        { duration_ns: 5, result: -5000, error: null },
        { duration_ns: null, result: null, error: null },
      ],
    );
    expect(shown.map(({ actor, container_id }) => [actor, container_id])).toEqual(
      Array(3).fill(['dockerd', null]),
    );
  });
});

describe('where rows come from', () => {
  const headed = (changes: object, hostname = 'builder'): Trace => {
    const trace = startedTrace();
    const header = { ...trace.recording.header, ...changes };
    return {
      ...trace,
      recording: {
        ...trace.recording,
        header: { ...header, host: { ...header.host, hostname } },
      },
    };
  };

  it('is the first start’s day and time', () => {
    // The window begins 50 ms after the session base: a day later.
    const startRealtimeNs = BigInt(Date.UTC(2025, 10, 21, 23, 59, 59, 960)) * 1_000_000n;
    const origin = originOf(headed({ startRealtimeNs }));
    expect(origin.startedAt).toBe(Date.UTC(2025, 10, 22, 0, 0, 0, 10) * 1000);
    expect(dayText(origin.day)).toBe('2025-11-22');
  });

  it('follows a wall clock that was put right', () => {
    const trace = startedTrace();
    const clock = { trace: traceTimeOf(40e6), realtimeOffset: 3_600_040e6 };
    const clocks = [{ ...clock, boottimeOffset: 0, uncertaintyNs: 1 }];
    const before = originOf(trace).startedAt;
    const after = originOf({ ...trace, recording: { ...trace.recording, clocks } }).startedAt;
    expect(after - before).toBe(3600e6);
  });

  it.each([
    ['web-7.example', 'web-7.example'],
    ['', 'unknown'],
    ['../../etc', '..-..-etc'],
    ['a/b=c d\x1b[2J', 'a-b-c-d--2J'],
    ['ä', '-'],
  ])('makes the host %j a folder', (hostname, safe) => {
    expect(safeHost(hostname)).toBe(safe);
    expect(objects(headed({}, hostname), 'runs')[0]?.host).toBe(safe);
  });

  it('is on every row', () => {
    const { traceId } = sampleHeader();
    for (const table of TABLE_NAMES) {
      for (const row of objects(startedTrace(), table)) {
        expect(row).toMatchObject({
          trace_id: traceId,
          host: 'builder',
          source: 'ebpf',
          perturbed: false,
        });
      }
    }
  });
});
