/** What the writer writes, the reader gives back; other protobuf implementations read the same. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';
import { describe, expect, test } from 'vitest';
import { generateTrace } from '../../../scripts/generate-trace.js';
import { traceTimeOf } from '../../../src/base/time.js';
import { EVENT_KINDS } from '../../../src/model/recording/event-kinds.js';
import { EventTable } from '../../../src/model/recording/event-table.js';
import type { ApiMark, KnownProcess } from '../../../src/model/recording/recording.js';
import { StringInterner } from '../../../src/model/recording/strings.js';
import { decodeTraceFile } from '../../../src/tracefile/reader.js';
import { CHUNK_EVENTS } from '../../../src/tracefile/schema.js';
import { MemorySink } from '../../../src/tracefile/trace-sink.js';
import { TraceFileWriter } from '../../../src/tracefile/writer.js';
import {
  eventsOf,
  sampleFooter,
  sampleHeader,
  tableOfEveryKind,
  traceFileBytes,
} from '../../support/recordings.js';
import { lacks } from '../../support/requirements.js';

const traces = fileURLToPath(new URL('../../../traces/', import.meta.url));
const proto = `${traces}dit/trace/v1/trace.proto`;

const MARK: ApiMark = {
  name: 'start',
  start: traceTimeOf(-20),
  end: traceTimeOf(1_500_000),
  containerId: 'ab'.repeat(32),
  status: 204,
  error: 'Größe: "0"',
  wallClock: true,
  detail: new Map([
    ['exit_code', '3'],
    ['__proto__', 'data like any other'],
    ['', ''],
  ]),
};

const PROCESS: KnownProcess = {
  pid: 700,
  parentPid: 1,
  comm: 'dockerd',
  arguments: ['/usr/bin/dockerd', '', '-H', 'unix:///run/docker.sock'],
  start: traceTimeOf(-60_000_000_000),
  role: 'dockerd',
  tids: [700, 701, 4_194_303],
};

describe('each frame comes back as it was written', () => {
  test('header', () => {
    const header = sampleHeader();
    const read = decodeTraceFile(traceFileBytes(() => {})).header;
    expect(read).toEqual({ ...header, versionMajor: 1, versionMinor: 0 });
  });

  test('a header whose values are all absent', () => {
    const { host, engine, source, target } = sampleHeader();
    const emptied = <T extends object>(value: T): T =>
      Object.fromEntries(
        Object.entries(value).map(([key, item]) => [
          key,
          { string: '', number: 0, boolean: false, object: [] }[typeof item as 'string'],
        ]),
      ) as T;
    const header = sampleHeader({
      traceId: '',
      startNs: 0n,
      startRealtimeNs: -5n,
      host: emptied(host),
      engine: emptied(engine),
      source: emptied(source),
      target: emptied(target),
      redacted: true,
      command: [],
    });
    expect(decodeTraceFile(traceFileBytes(() => {}, header)).header).toMatchObject(header);
  });

  test('clock snapshots', () => {
    const clocks = [
      { trace: traceTimeOf(-3), realtimeOffset: -4, boottimeOffset: 5_000, uncertaintyNs: 41 },
      { trace: traceTimeOf(9e9), realtimeOffset: 9e9 + 7, boottimeOffset: 0, uncertaintyNs: 0 },
    ];
    const bytes = traceFileBytes((writer) => {
      for (const clock of clocks) writer.clock(clock);
    });
    expect(decodeTraceFile(bytes).clocks).toEqual(clocks);
  });

  test('marks, with and without an end', () => {
    const open: ApiMark = {
      ...MARK,
      end: undefined,
      detail: new Map(),
      wallClock: false,
      status: 0,
    };
    const bytes = traceFileBytes((writer) => {
      for (const mark of [MARK, open]) writer.mark(mark);
    });
    expect(decodeTraceFile(bytes).marks).toEqual([MARK, open]);
  });

  test('processes', () => {
    const second = {
      ...PROCESS,
      pid: 1,
      arguments: [],
      tids: [],
      role: '',
      start: traceTimeOf(0),
    } as const;
    const bytes = traceFileBytes((writer) => writer.processes(traceTimeOf(1), [PROCESS, second]));
    expect(decodeTraceFile(bytes).processes).toEqual([PROCESS, second]);
  });

  test('loss: the newest report counts', () => {
    const report = (at: number, records: number) => ({
      at: traceTimeOf(at),
      losses: [
        { where: 'sched_switch', records },
        { where: 'queue', records: 0 },
      ],
    });
    const bytes = traceFileBytes((writer) => {
      writer.loss(report(10, 0));
      writer.loss(report(20, 5));
    });
    expect(decodeTraceFile(bytes).loss).toEqual(report(20, 5));
  });

  test('diagnostics and footer', () => {
    const diagnostic = {
      at: traceTimeOf(17),
      code: 'engine-gone',
      message: 'the engine closed the connection',
      remedy: 'systemctl status docker',
    };
    const footer = {
      ...sampleFooter(0),
      outcome: 'failed',
      failure: 'the engine is gone',
    } as const;
    const recording = decodeTraceFile(
      traceFileBytes((writer) => {
        writer.diagnostic(diagnostic);
        writer.footer(footer);
      }),
    );
    expect(recording.diagnostics).toEqual([diagnostic]);
    expect(recording.footer).toEqual(footer);
    expect(recording.problems).toEqual([]);
  });

  test('events of every kind, with their strings', () => {
    const interner = new StringInterner();
    const table = tableOfEveryKind(interner);
    const bytes = traceFileBytes((writer) => writer.events(table, 0, table.length, interner));
    const { events, strings, problems } = decodeTraceFile(bytes);
    expect(problems).toEqual([]);
    expect(eventsOf(events)).toEqual(eventsOf(table));
    for (const { name } of EVENT_KINDS) expect(events.count(name)).toBe(1);
    expect(Array.from({ length: interner.size }, (_, id) => strings.text(id))).toEqual(
      Array.from({ length: interner.size }, (_, id) => interner.text(id)),
    );
  });

  test('more events than one chunk holds', () => {
    const table = new EventTable();
    const count = 2 * CHUNK_EVENTS + 1;
    for (let i = 0; i < count; i++) {
      table.push(
        'exit',
        { time: i * 10, pid: 5 + (i % 3) },
        { codes: (i % 300) - 20, flags: i % 2 },
      );
    }
    const bytes = traceFileBytes((writer) => {
      writer.events(table, 0, count, new StringInterner());
      expect(writer.eventCount).toBe(count);
    });
    const { events } = decodeTraceFile(bytes);
    expect(events.length).toBe(count);
    expect(events.time.view()).toEqual(table.time.view());
    expect(events.table('exit').column('codes').view()).toEqual(
      table.table('exit').column('codes').view(),
    );
  });
});

describe('other implementations', () => {
  test('protobufjs reads the same values from the same bytes', () => {
    const root = new protobuf.Root().loadSync(proto, { keepCase: true });
    const TraceFile = root.lookupType('dit.trace.v1.TraceFile');
    const interner = new StringInterner();
    const table = tableOfEveryKind(interner);
    const bytes = traceFileBytes((writer) => {
      writer.mark(MARK);
      writer.processes(traceTimeOf(1), [PROCESS]);
      writer.events(table, 0, table.length, interner);
    });
    // biome-ignore lint/suspicious/noExplicitAny: what protobufjs makes of any message
    const { frames } = TraceFile.toObject(TraceFile.decode(bytes), { longs: String }) as any;
    const [header, mark, processes, strings, chunk] = frames;
    expect(header.header).toMatchObject({
      version_major: 1,
      trace_id: '00112233445566778899aabbccddeeff',
      start_ns: '123456789012345',
      start_realtime_ns: '1700000000123456789',
      host: { load_average_1m: 0.25, cpus: 2, memory_bytes: '8000000000' },
      target: { command: ['sh', '-c', 'echo "ä"'] },
    });
    expect(mark.mark).toMatchObject({
      start_ns: '123456789012325',
      status: 204,
      error: MARK.error,
    });
    expect(processes.processes.processes[0]).toMatchObject({ tids: PROCESS.tids, pid: 700 });
    expect(strings.strings.first_id).toBe(1);
    expect(
      strings.strings.values.map((value: Uint8Array) => Buffer.from(value).toString()),
    ).toEqual(interner.since(1));

    const events = chunk.events;
    expect(events.kinds).toEqual([...table.kind.view()]);
    expect(events.base_ns).toBe(String(123_456_789_012_345 + table.time.at(0)));
    let time = 0;
    const times = events.time_delta_ns.map((delta: string) => (time += Number(delta)));
    expect(times).toEqual(Array.from(table.time.view(), (at) => at - table.time.at(0)));
    for (const kind of EVENT_KINDS.filter(({ chunkField }) => chunkField !== 0)) {
      const field = root.lookupType('dit.trace.v1.EventChunk').fieldsById[kind.chunkField];
      for (const { name } of kind.columns) {
        const values = events[field?.name ?? ''][name] as (number | string)[];
        expect(values.map(Number)).toEqual([...table.table(kind.name).column(name).view()]);
      }
    }
  });

  test.skipIf(lacks('protoc'))(
    'protoc reads a file with the schema alone (apt: protobuf-compiler)',
    () => {
      const sink = new MemorySink();
      generateTrace(new TraceFileWriter(sink), 70_000);
      const decoded = spawnSync(
        'protoc',
        ['-I', traces, '--decode', 'dit.trace.v1.TraceFile', 'dit/trace/v1/trace.proto'],
        { input: sink.bytes(), encoding: 'utf8', maxBuffer: 1 << 28 },
      );
      expect(decoded.stderr).toBe('');
      expect(decoded.stdout.match(/^ +kinds: /gm)).toHaveLength(70_000);
      // A field that the schema lacks would be printed by its number.
      expect(decoded.stdout).not.toMatch(/^ *\d+[:{ ]/m);
    },
  );
});

test('an event takes 20 bytes or less', () => {
  const sink = new MemorySink();
  generateTrace(new TraceFileWriter(sink), 60_000);
  expect(sink.bytes().length / 60_000).toBeLessThanOrEqual(20);
});
