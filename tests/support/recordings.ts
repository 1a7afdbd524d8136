/** Recordings for tests: a header, whole files in memory, and arbitrary event tables. */
import fc from 'fast-check';
import { traceTimeOf } from '../../src/base/time.js';
import {
  type ColumnSchema,
  EVENT_KINDS,
  type EventKindName,
  type KindSchema,
} from '../../src/model/recording/event-kinds.js';
import { EventTable, type EventValues } from '../../src/model/recording/event-table.js';
import type { TraceFooter } from '../../src/model/recording/recording.js';
import { StringInterner } from '../../src/model/recording/strings.js';
import { MemorySink } from '../../src/tracefile/trace-sink.js';
import { type NewTraceHeader, TraceFileWriter } from '../../src/tracefile/writer.js';

export const sampleHeader = (changes: Partial<NewTraceHeader> = {}): NewTraceHeader => ({
  traceId: '00112233445566778899aabbccddeeff',
  ditVersion: '0.1.0',
  startNs: 123_456_789_012_345n,
  startRealtimeNs: 1_700_000_000_123_456_789n,
  host: {
    hostname: 'builder',
    kernelRelease: '6.12.0',
    architecture: 'x86_64',
    cpus: 2,
    memoryBytes: 8_000_000_000,
    os: 'Debian GNU/Linux 12 (bookworm)',
    cgroupVersion: '2',
    lockdown: 'none',
    loadAverage1m: 0.25,
  },
  engine: {
    endpoint: 'unix:///run/docker.sock',
    name: 'Docker Engine',
    version: '28.5.0',
    apiVersion: '1.51',
    containerdVersion: '1.7.28',
    runcVersion: '1.3.0',
    storageDriver: 'overlay2',
    cgroupDriver: 'cgroupfs',
    cgroupVersion: '2',
    privateEngine: true,
    defaultRuntime: 'runc',
    dataRoot: '/var/lib/docker',
  },
  source: {
    name: 'ebpf',
    probes: [
      {
        program: 'sched_switch',
        attachPoint: 'tp_btf/sched_switch',
        attached: true,
        refusal: '',
        attachedNs: 123_456_780_000_000n,
      },
      {
        program: 'copy_up',
        attachPoint: 'fentry/ovl_copy_up_flags',
        attached: false,
        refusal: 'Operation not supported',
        attachedNs: 0n,
      },
    ],
    perturbed: false,
    perturbation: '',
    ringBytes: 64 << 20,
  },
  target: {
    image: 'alpine:3.20',
    command: ['sh', '-c', 'echo "ä"'],
    containerName: 'eager_lamport',
    network: 'none',
    runtime: 'runc',
    scope: 'command',
    containerId: '',
  },
  redacted: false,
  command: ['dit', 'trace', 'run', 'alpine:3.20'],
  ...changes,
});

export const sampleFooter = (events: number): TraceFooter => ({
  end: traceTimeOf(3_000_000_000),
  outcome: 'complete',
  failure: '',
  events,
  malformed: 0,
  disarmNs: 9_000_000,
  recorderCpuNs: 41_000_000,
});

/** The bytes of a trace file that `write` fills after the header. */
export function traceFileBytes(
  write: (writer: TraceFileWriter) => void,
  header: NewTraceHeader = sampleHeader(),
): Uint8Array {
  const sink = new MemorySink();
  const writer = new TraceFileWriter(sink);
  writer.header(header);
  write(writer);
  writer.close();
  return sink.bytes();
}

/** One event of every kind; every column has a value that tells it from the others. */
export function tableOfEveryKind(interner: StringInterner): EventTable {
  const table = new EventTable();
  let value = 0;
  for (const kind of EVENT_KINDS) {
    const values: Record<string, number | number[]> = {};
    const next = (column: KindSchema['columns'][number]): number => {
      value++;
      if (column.type === 'string') return interner.intern(`${kind.name} ${column.name} ${value}`);
      return column.type === 'sint' ? -value : value;
    };
    for (const column of kind.columns) {
      values[column.name] =
        column.countedBy === undefined ? next(column) : [next(column), next(column)];
    }
    const time = kind.id * 1000 - 3500;
    table.push(
      kind.name,
      { time, cpu: kind.id % 3, pid: 100 + kind.id, tid: 200 + kind.id },
      values,
    );
  }
  return table;
}

/** A small whole recording: several kinds of frame, several chunks and string tables. */
export function smallTraceFile(): Uint8Array {
  const interner = new StringInterner();
  return traceFileBytes((writer) => {
    const at = traceTimeOf(5_000);
    writer.clock({ trace: at, realtimeOffset: 5_010, boottimeOffset: 77, uncertaintyNs: 40 });
    for (let batch = 0; batch < 5; batch++) {
      const table = tableOfEveryKind(interner);
      interner.intern(`batch ${batch}`);
      writer.events(table, 0, table.length, interner);
      writer.loss({ at, losses: [{ where: 'queue', records: batch }] });
    }
    writer.diagnostic({ at, code: 'engine-gone', message: 'the engine went away', remedy: 'none' });
    writer.footer(sampleFooter(writer.eventCount));
  });
}

/** Every event of a table as plain values: what two tables are compared by. */
export function eventsOf(table: EventTable): unknown[] {
  return Array.from({ length: table.length }, (_, index) => {
    const kind = table.kindName(index);
    const values = table
      .table(kind)
      .schema.columns.map(({ name, countedBy }) => [
        name,
        countedBy === undefined ? table.value(index, name) : table.values(index, name),
      ]);
    return [
      kind,
      table.time.at(index),
      table.cpu.at(index),
      table.pid.at(index),
      table.tid.at(index),
      values,
    ];
  });
}

const LARGEST = Number.MAX_SAFE_INTEGER;

/** Small values mostly, and every size up to 2^53. */
const magnitude = fc.oneof(
  { weight: 3, arbitrary: fc.nat({ max: 200 }) },
  fc.nat(),
  fc.integer({ min: 0, max: LARGEST }),
  fc.integer({ min: 0, max: 53 }).map((bits) => Math.min(2 ** bits, LARGEST)),
);
const signed = fc
  .tuple(magnitude, fc.boolean())
  .map(([value, negative]) => (negative && value > 0 ? -value : value));

export interface ArbitraryEvent {
  readonly kind: EventKindName;
  readonly common: { time: number; cpu: number; pid: number; tid: number };
  readonly values: EventValues;
}

/** Ids of strings are those of `arbitraryStrings`. */
function arbitraryValue({ type, range }: ColumnSchema): fc.Arbitrary<number> {
  if (type === 'string') return fc.nat({ max: STRINGS });
  if (range !== undefined) {
    const [min, max] = range;
    return fc.oneof(fc.integer({ min, max: Math.min(max, 200) }), fc.integer({ min, max }));
  }
  return type === 'sint' ? signed : magnitude;
}

const STRINGS = 200;

/** What the events of `arbitraryTable` refer to. */
export function arbitraryStrings(): StringInterner {
  const interner = new StringInterner();
  for (let id = 1; id <= STRINGS; id++) interner.intern(`text ${id}`);
  return interner;
}

function arbitraryValues(kind: KindSchema): fc.Arbitrary<EventValues> {
  const listLengths = new Set<string>(kind.columns.flatMap(({ countedBy }) => countedBy ?? []));
  const columns = kind.columns.filter(({ name }) => !listLengths.has(name));
  // Lists that share a count column have one length.
  const values: fc.Arbitrary<unknown> = fc
    .record(Object.fromEntries([...listLengths].map((name) => [name, fc.nat({ max: 4 })])))
    .chain((lengths) =>
      fc.record(
        Object.fromEntries(
          columns.map((column) => {
            const { name, countedBy } = column;
            const value = arbitraryValue(column);
            const length = countedBy === undefined ? 0 : (lengths[countedBy] as number);
            return [
              name,
              countedBy === undefined
                ? value
                : fc.array(value, { minLength: length, maxLength: length }),
            ];
          }),
        ),
      ),
    );
  return values as fc.Arbitrary<EventValues>;
}

const arbitraryEvent: fc.Arbitrary<ArbitraryEvent> = fc.oneof(
  ...EVENT_KINDS.map((kind) =>
    fc.record({
      kind: fc.constant(kind.name),
      common: fc.record({
        time: signed.map((time) => Math.trunc(time / 4) + 0),
        cpu: fc.nat({ max: 1023 }),
        pid: fc.nat({ max: 2 ** 22 }),
        tid: fc.nat({ max: 2 ** 22 }),
      }),
      values: arbitraryValues(kind),
    }),
  ),
);

export const arbitraryTable = (maxLength = 60): fc.Arbitrary<EventTable> =>
  fc.array(arbitraryEvent, { maxLength }).map((events) => {
    const table = new EventTable();
    for (const { kind, common, values } of events) table.push(kind, common, values);
    return table;
  });
