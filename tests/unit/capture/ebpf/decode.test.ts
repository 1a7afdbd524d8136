import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { raw } from '../../../../src/base/foreign.js';
import { RecordDecoder } from '../../../../src/capture/ebpf/decode.js';
import { OFFSET, RECORD_KIND, SIZE } from '../../../../src/capture/ebpf/wire.js';
import {
  EXIT_FLAG,
  FILE_OF_ARGUMENT,
  KIND,
  type ListName,
  type PlainName,
  SYSCALL_FLAG,
} from '../../../../src/model/recording/event-kinds.js';
import { EventTable } from '../../../../src/model/recording/event-table.js';
import { StringInterner } from '../../../../src/model/recording/strings.js';
import { syscallNames } from '../../../../src/model/syscalls/syscall-names.js';
import { decodeTraceFile } from '../../../../src/tracefile/reader.js';
import { MemorySink } from '../../../../src/tracefile/trace-sink.js';
import { TraceFileWriter } from '../../../../src/tracefile/writer.js';
import { sampleHeader } from '../../../support/recordings.js';

/** Beyond 2^53: what a double of absolute time would round. */
const BASE = 20_000_000_000_000_001n;
const numberOf = (name: string): number => syscallNames('x86_64').indexOf(name);

interface Common {
  readonly at?: bigint;
  readonly pid?: number;
  readonly tid?: number;
  readonly aux?: number;
}

/** A record with its header; `fill` writes the rest. */
function record(
  kind: keyof typeof RECORD_KIND,
  { at = 0n, pid = 10, tid = 11, aux = 0 }: Common,
  fill: (view: DataView) => void = () => {},
  tail: Uint8Array = new Uint8Array(0),
): Uint8Array {
  const layout = kind === 'cgroupMkdir' || kind === 'cgroupAttach' ? 'cgroup' : kind;
  const bytes = new Uint8Array(SIZE[layout] + tail.length);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(OFFSET.header.time_ns, BASE + at, true);
  view.setUint32(OFFSET.header.pid, pid, true);
  view.setUint32(OFFSET.header.tid, tid, true);
  view.setUint16(OFFSET.header.kind, RECORD_KIND[kind], true);
  view.setUint16(OFFSET.header.cpu, 3, true);
  view.setUint32(OFFSET.header.aux, aux, true);
  fill(view);
  bytes.set(tail, SIZE[layout]);
  return bytes;
}

/** As the addon delivers them: each with its size, padded to 8 bytes, and nothing behind the last. */
function batch(...records: readonly Uint8Array[]): Uint8Array {
  const framed = records.map((each) => {
    const frame = Buffer.alloc(8 + ((each.length + 7) & ~7));
    frame.writeUInt32LE(each.length, 0);
    frame.set(each, 8);
    return frame;
  });
  // A copy with a buffer of its own: Buffer.concat's may be a part of a larger one.
  return new Uint8Array(Buffer.concat(framed));
}

/** NUL-terminated texts, one after the other. */
const texts8 = (...parts: readonly string[]): Uint8Array =>
  Buffer.from(parts.map((part) => `${part}\0`).join(''), 'utf8');

function argumentsRecord(
  common: Common & { at: bigint; aux: number },
  values: readonly bigint[],
  mask: number,
  texts: Uint8Array,
  names = 0,
): Uint8Array {
  return record(
    'arguments',
    common,
    (view) => {
      values.forEach((value, i) => {
        view.setBigInt64(OFFSET.arguments.values + 8 * i, value, true);
      });
      view.setUint32(OFFSET.arguments.texts, mask, true);
      view.setUint16(OFFSET.arguments.text_bytes, texts.length, true);
      view.setUint16(OFFSET.arguments.path_names, names, true);
    },
    texts,
  );
}

const syscallRecord = (common: Common, duration: bigint, result: bigint): Uint8Array =>
  record('syscall', common, (view) => {
    view.setBigUint64(OFFSET.syscall.duration_ns, duration, true);
    view.setBigInt64(OFFSET.syscall.result, result, true);
  });

const execRecord = (
  filename: string,
  argv: readonly string[],
  { oldTid = 77, ...common }: Common & { oldTid?: number } = {},
): Uint8Array => {
  const name = texts8(filename);
  const rest = texts8(...argv);
  return record(
    'exec',
    common,
    (view) => {
      view.setUint32(OFFSET.exec.old_tid, oldTid, true);
      view.setBigUint64(OFFSET.exec.argv_bytes, BigInt(rest.length), true);
      view.setUint32(OFFSET.exec.filename_bytes, name.length, true);
      view.setUint32(OFFSET.exec.argv_recorded, rest.length, true);
    },
    Buffer.concat([name, rest]),
  );
};

interface Decoded {
  readonly table: EventTable;
  readonly strings: StringInterner;
  readonly text: (row: number, column: PlainName) => string;
  readonly texts: (row: number, column: ListName) => string[];
}

function decode(batches: readonly Uint8Array[], { redact = false, finish = true } = {}): Decoded {
  const strings = new StringInterner();
  const table = new EventTable();
  const decoder = new RecordDecoder({ machine: 'x86_64', baseNs: BASE, strings, redact });
  for (const each of batches) decoder.decode(each, table);
  if (finish) decoder.finish(table);
  return {
    table,
    strings,
    text: (row, column) => raw(strings.text(table.value(row, column))),
    texts: (row, column) =>
      table
        .values(row, column)
        .map((id) => strings.text(id))
        .map(raw),
  };
}

const kindsOf = (table: EventTable): number[] =>
  Array.from({ length: table.length }, (_, row) => table.kind.at(row));

describe('records to events', () => {
  test('times are exact beyond 2^53 ns of uptime', () => {
    const { table } = decode([batch(record('rename', { at: 1n }), record('rename', { at: -5n }))]);
    expect([table.time.at(0), table.time.at(1)]).toEqual([1, -5]);
    expect([table.cpu.at(0), table.pid.at(0), table.tid.at(0)]).toEqual([3, 10, 11]);
  });

  test('a syscall without arguments begins at its entry', () => {
    const aux = numberOf('futex');
    const { table, text } = decode([batch(syscallRecord({ at: 500n, aux }, 120n, -11n))]);
    expect(table.time.at(0)).toBe(380);
    expect(text(0, 'names')).toBe('futex');
    expect(table.value(0, 'durations_ns')).toBe(120);
    expect(table.value(0, 'results')).toBe(-11);
    expect(table.value(0, 'flags')).toBe(0);
    expect(table.values(0, 'arguments')).toEqual([]);
  });

  test('arguments join their call by thread, entry and number', () => {
    const mount = numberOf('mount');
    const { table, text, texts } = decode([
      batch(
        argumentsRecord(
          { at: 100n, tid: 11, aux: mount },
          [1n, 2n, 3n, -1n, 0n, 6n],
          0b111,
          texts8('overlay', '/target', 'overlay'),
        ),
        syscallRecord({ at: 130n, tid: 12, aux: mount }, 30n, 0n),
      ),
      batch(syscallRecord({ at: 150n, tid: 11, aux: mount }, 50n, 0n)),
    ]);
    expect(kindsOf(table)).toEqual([KIND.syscall, KIND.syscall]);
    expect(table.value(0, 'flags')).toBe(0);
    expect(text(1, 'names')).toBe('mount');
    expect(table.value(1, 'flags')).toBe(SYSCALL_FLAG.hasArguments);
    expect(table.values(1, 'arguments')).toEqual([1, 2, 3, -1, 0, 6]);
    expect(table.values(1, 'text_positions')).toEqual([0, 1, 2]);
    expect(texts(1, 'texts')).toEqual(['overlay', '/target', 'overlay']);
  });

  test("arguments of a call whose exit was lost are not taken for the next one's", () => {
    const { table } = decode([
      batch(
        argumentsRecord({ at: 100n, aux: numberOf('mount') }, [], 0, new Uint8Array(0)),
        syscallRecord({ at: 300n, aux: numberOf('mount') }, 50n, 0n),
      ),
    ]);
    expect(table.length).toBe(1);
    expect(table.value(0, 'flags')).toBe(0);
  });

  test('texts go into another table when it is given one, also those of calls under way', () => {
    const options = { machine: 'x86_64', baseNs: BASE, redact: false };
    const decoder = new RecordDecoder({ ...options, strings: new StringInterner() });
    const table = new EventTable();
    const mount = { tid: 11, aux: numberOf('mount') };
    const returns = syscallRecord({ ...mount, at: 150n }, 50n, 0n);
    const unknown = syscallRecord({ tid: 12, at: 160n, aux: 2000 }, 10n, 0n);
    const begins = argumentsRecord({ ...mount, at: 100n }, [1n], 1, texts8('overlay'));
    decoder.decode(batch(unknown, begins), new EventTable());
    const strings = new StringInterner();
    strings.intern('what was there before');
    decoder.useStrings(strings);
    decoder.decode(batch(returns, unknown), table);
    const text = (row: number): string => raw(strings.text(table.value(row, 'names')));
    expect([text(0), text(1)]).toEqual(['mount', 'syscall_2000']);
    expect(table.values(0, 'texts').map((id) => strings.text(id))).toEqual(['overlay']);
  });

  test('a call that never returned is unfinished, once', () => {
    const waiting = argumentsRecord({ at: 7n, aux: numberOf('wait4') }, [], 0, new Uint8Array(0));
    const { table } = decode([batch(waiting)]);
    expect(kindsOf(table)).toEqual([KIND.syscall]);
    expect(table.time.at(0)).toBe(7);
    expect(table.value(0, 'flags') & SYSCALL_FLAG.unfinished).toBe(SYSCALL_FLAG.unfinished);
    expect(decode([batch(waiting, record('exit', {}))]).table.count('syscall')).toBe(0);
  });

  test('a process that was let go leaves no call behind, what it did before comes in or not', () => {
    const decoder = new RecordDecoder({
      machine: 'x86_64',
      baseNs: BASE,
      strings: new StringInterner(),
      redact: false,
    });
    const table = new EventTable();
    const aux = numberOf('wait4');
    const begins = (at: bigint, pid: number, tid: number): Uint8Array =>
      argumentsRecord({ at, pid, tid, aux }, [], 0, new Uint8Array(0));
    decoder.decode(batch(begins(10n, 20, 20), begins(20n, 20, 21), begins(30n, 40, 40)), table);
    expect(decoder.pendingCalls).toBe(3);
    const letGo = new Map([[20, 100]]);
    decoder.forget(letGo);
    expect(decoder.pendingCalls).toBe(1);
    // Still on its way when it was let go; the third is of another process, which has its pid now.
    decoder.decode(batch(begins(99n, 20, 22), begins(101n, 20, 20)), table);
    decoder.forget(letGo);
    expect(decoder.pendingCalls).toBe(2);
    decoder.finish(table);
    expect(Array.from({ length: table.length }, (_, row) => table.pid.at(row))).toEqual([40, 20]);
  });

  test('calls whose ends were lost are not held for ever', () => {
    const decoder = new RecordDecoder({
      machine: 'x86_64',
      baseNs: BASE,
      strings: new StringInterner(),
      redact: false,
    });
    const aux = numberOf('wait4');
    for (let from = 0; from < 100_000; from += 1000) {
      const records = Array.from({ length: 1000 }, (_, index) =>
        argumentsRecord({ at: 1n, tid: from + index, aux }, [], 0, new Uint8Array(0)),
      );
      decoder.decode(batch(...records), new EventTable());
    }
    expect(decoder.pendingCalls).toBe(65_536);
  });

  test("a descriptor's path is put together from the leaf up; a cut text is marked", () => {
    const fsync = numberOf('fsync');
    const mask = (1 << 8) | (1 << 16);
    const { table, texts } = decode([
      batch(
        argumentsRecord({ at: 1n, aux: fsync }, [5n], mask, texts8('meta.db', 'bolt', 'lib'), 3),
        syscallRecord({ at: 2n, aux: fsync }, 1n, 0n),
      ),
    ]);
    expect(table.values(0, 'text_positions')).toEqual([FILE_OF_ARGUMENT]);
    expect(texts(0, 'texts')).toEqual(['lib/bolt/meta.db']);
    expect(table.value(0, 'flags')).toBe(SYSCALL_FLAG.hasArguments | SYSCALL_FLAG.textCut);
  });

  test("sethostname's text ends at its length; --redact keeps it out", () => {
    const named = [
      batch(
        argumentsRecord({ at: 1n, aux: numberOf('sethostname') }, [0n, 4n], 1, texts8('boxxxx')),
        syscallRecord({ at: 2n, aux: numberOf('sethostname') }, 1n, 0n),
      ),
    ];
    expect(decode(named).texts(0, 'texts')).toEqual(['boxx']);
    const redacted = decode(named, { redact: true });
    expect(redacted.strings.find('boxx')).toBe(0);
    expect(redacted.strings.find('boxxxx')).toBe(0);
  });

  test('an exec has its file name and argv', () => {
    const { table, text, texts } = decode([batch(execRecord('/bin/sh', ['sh', '-c', '', 'ü']))]);
    expect(text(0, 'filenames')).toBe('/bin/sh');
    expect(texts(0, 'arguments')).toEqual(['sh', '-c', '', 'ü']);
    expect(table.value(0, 'old_tids')).toBe(77);
  });

  test('a thread that execs takes over the id of its leader, and its execve with it', () => {
    const aux = numberOf('execve');
    const { table, texts } = decode([
      batch(
        argumentsRecord({ at: 100n, pid: 10, tid: 15, aux }, [1n], 1, texts8('/bin/app')),
        execRecord('/bin/app', ['app'], { at: 140n, pid: 10, tid: 10, oldTid: 15 }),
        syscallRecord({ at: 150n, pid: 10, tid: 10, aux }, 50n, 0n),
      ),
    ]);
    expect(kindsOf(table)).toEqual([KIND.exec, KIND.syscall]);
    expect([table.time.at(1), table.tid.at(1)]).toEqual([100, 10]);
    expect(texts(1, 'texts')).toEqual(['/bin/app']);
    expect(table.value(1, 'flags')).toBe(SYSCALL_FLAG.hasArguments);
  });

  test('--redact keeps the arguments of an exec out', () => {
    const secret = 'hunter2';
    const { strings, texts } = decode([batch(execRecord('/bin/sh', ['sh', '-c', secret]))], {
      redact: true,
    });
    expect(texts(0, 'arguments')[0]).toBe('sh');
    expect(texts(0, 'arguments')).toHaveLength(3);
    for (let id = 0; id < strings.size; id++) expect(strings.text(id)).not.toContain(secret);
  });

  test('an exit has its status or its signal', () => {
    const exit = (status: number, aux: number): Uint8Array =>
      record('exit', { aux }, (view) => view.setInt32(OFFSET.exit.code, status, true));
    const { table } = decode([batch(exit(3 << 8, 1), exit(9, 0), exit(0x80 | 11, 0))]);
    expect([0, 1, 2].map((row) => table.value(row, 'codes'))).toEqual([3, -9, -11]);
    expect([0, 1].map((row) => table.value(row, 'flags'))).toEqual([EXIT_FLAG.lastThread, 0]);
  });

  test('forks, cgroups, switches and wakings', () => {
    const path = texts8('/docker/0123');
    const { table, text } = decode([
      batch(
        record('fork', {}, (view) => {
          view.setUint32(OFFSET.fork.child_pid, 40, true);
          view.setUint32(OFFSET.fork.child_tid, 41, true);
          Buffer.from('runc:[2:INIT]').copy(Buffer.from(view.buffer), OFFSET.fork.child_comm);
        }),
        record(
          'cgroupAttach',
          {},
          (view) => {
            view.setUint32(OFFSET.cgroup.target_pid, 40, true);
            view.setUint32(OFFSET.cgroup.path_bytes, path.length, true);
          },
          path,
        ),
        record('switch', { aux: 2 }, (view) => {
          view.setUint32(OFFSET.switch.next_tid, 9, true);
          view.setUint32(OFFSET.switch.flags, 3, true);
        }),
        record('waking', { aux: 1 | (7 << 8) | (4 << 16) }, (view) => {
          view.setUint32(OFFSET.waking.target_tid, 55, true);
          // All 16 bytes are a name: no NUL.
          Buffer.from('sixteen-letters!').copy(Buffer.from(view.buffer), OFFSET.waking.waker_comm);
        }),
      ),
    ]);
    expect([table.value(0, 'child_pids'), table.value(0, 'child_tids')]).toEqual([40, 41]);
    expect(text(0, 'child_comms')).toBe('runc:[2:INIT]');
    expect([text(1, 'paths'), table.value(1, 'target_pids')]).toEqual(['/docker/0123', 40]);
    expect(
      (['previous_states', 'next_tids', 'flags'] as const).map((name) => table.value(2, name)),
    ).toEqual([2, 9, 3]);
    expect(
      (['contexts', 'vectors', 'flags', 'target_tids'] as const).map((name) =>
        table.value(3, name),
      ),
    ).toEqual([1, 7, 4, 55]);
    expect(text(3, 'waker_comms')).toBe('sixteen-letters!');
  });

  test('what is dirtied, what is read ahead, and a new cgroup', () => {
    const path = texts8('/docker/0123');
    const { table, text } = decode([
      batch(
        record('dirty', { at: 100n, aux: 3 }, (view) => {
          view.setBigUint64(OFFSET.dirty.inode, 42n, true);
          view.setBigUint64(OFFSET.dirty.bytes, 12_288n, true);
          view.setBigUint64(OFFSET.dirty.last_ns, BASE + 170n, true);
          view.setUint32(OFFSET.dirty.device, 7, true);
        }),
        record('cacheFill', { at: 200n, aux: 5 }, (view) =>
          view.setBigUint64(OFFSET.cacheFill.last_ns, BASE + 260n, true),
        ),
        record(
          'cgroupMkdir',
          {},
          (view) => {
            view.setBigUint64(OFFSET.cgroup.cgroup_id, 99n, true);
            view.setUint32(OFFSET.cgroup.path_bytes, path.length, true);
          },
          path,
        ),
      ),
    ]);
    expect(kindsOf(table)).toEqual([KIND.dirty, KIND.cache_fill, KIND.cgroup_mkdir]);
    expect(
      (['inodes', 'devices', 'folios', 'bytes', 'last_offset_ns'] as const).map((name) =>
        table.value(0, name),
      ),
    ).toEqual([42, 7, 3, 12_288, 70]);
    expect([table.value(1, 'folios'), table.value(1, 'last_offset_ns')]).toEqual([5, 60]);
    expect([table.value(2, 'cgroup_ids'), text(2, 'paths')]).toEqual([99, '/docker/0123']);
  });

  test('a call without a name that was recorded has its number', () => {
    const aux = 1023;
    const { table, text } = decode([
      batch(
        argumentsRecord({ at: 1n, aux }, [8n], 1, texts8('x')),
        syscallRecord({ at: 3n, aux }, 2n, 0n),
      ),
    ]);
    expect(text(0, 'names')).toBe('syscall_1023');
    expect(table.values(0, 'arguments')).toEqual([8, 0, 0, 0, 0, 0]);
  });

  test('a syscall number without a name keeps its number', () => {
    const { text } = decode([batch(syscallRecord({ aux: 1023 }, 1n, 0n))]);
    expect(text(0, 'names')).toBe('syscall_1023');
  });
});

describe('records that lie', () => {
  test.each(
    Object.keys(RECORD_KIND) as (keyof typeof RECORD_KIND)[],
  )('a %s that is cut anywhere is malformed', (kind) => {
    const whole = record(kind, { at: 9n });
    for (let size = SIZE.header; size < whole.length; size++) {
      const { table } = decode([batch(whole.subarray(0, size))]);
      expect(kindsOf(table)).toEqual([KIND.malformed]);
      expect(table.time.at(0)).toBe(9);
    }
  });

  test('a record shorter than its header or longer than the batch ends the batch', () => {
    const good = record('rename', {});
    const short = batch(good, new Uint8Array(SIZE.header - 1), good);
    expect(kindsOf(decode([short]).table)).toEqual([KIND.rename, KIND.malformed]);
    const long = batch(good, good);
    new DataView(long.buffer, long.byteOffset).setUint32(8 + good.length, 0xffffffff, true);
    expect(kindsOf(decode([long]).table)).toEqual([KIND.rename, KIND.malformed]);
  });

  test('an unknown kind is malformed, and the next record is read', () => {
    const strange = record('rename', {});
    new DataView(strange.buffer).setUint16(OFFSET.header.kind, 99, true);
    expect(kindsOf(decode([batch(strange, record('rename', {}))]).table)).toEqual([
      KIND.malformed,
      KIND.rename,
    ]);
  });

  test('texts that are claimed and not there are empty', () => {
    // At the very end of its buffer: there is nothing behind it to read.
    const claims = record('arguments', { aux: numberOf('mount') }, (view) => {
      view.setUint32(OFFSET.arguments.texts, 0xffffffff, true);
      view.setUint16(OFFSET.arguments.text_bytes, 0xffff, true);
      view.setUint16(OFFSET.arguments.path_names, 0xffff, true);
    });
    const { table, texts } = decode([batch(claims)]);
    expect(kindsOf(table)).toEqual([KIND.syscall]);
    expect(texts(0, 'texts').join('')).toMatch(/^\/*$/);
  });

  const word = fc.oneof(fc.nat(0xffffffff), fc.constantFrom(0, 1, 0x7fffffff, 0xffffffff));
  /** Any bytes behind a header of a known kind; sizes that lie among them. */
  const anyRecord = fc
    .record({
      kind: fc.constantFrom(...Object.values(RECORD_KIND), 0, 77),
      aux: word,
      body: fc.uint8Array({ maxLength: 200 }),
      zeros: fc.nat(3),
    })
    .map(({ kind, aux, body, zeros }) => {
      const bytes = Buffer.alloc(SIZE.header + body.length + 8 * zeros);
      bytes.writeBigUInt64LE(BASE + 5n, OFFSET.header.time_ns);
      bytes.writeUInt16LE(kind, OFFSET.header.kind);
      bytes.writeUInt32LE(aux >>> 0, OFFSET.header.aux);
      bytes.set(body, SIZE.header + 8 * zeros);
      return new Uint8Array(bytes);
    });

  /** No kernel writes others; a reader takes an event with one for malformed. */
  function holdsOnlyPossibleNumbers(table: EventTable, index: number): boolean {
    const { columns } = table.table(table.kindName(index)).schema;
    return columns.every(({ name, type, range, countedBy }) => {
      if (range === undefined) return true;
      const values =
        countedBy === undefined ? [table.value(index, name)] : table.values(index, name);
      // A negative number is written as 0 where the file has no sign.
      return values
        .map((value) => (type === 'sint' ? value : Math.max(0, value)))
        .every((value) => value >= range[0] && value <= range[1]);
    });
  }

  test('any bytes decode without an exception, to events that can be written and read', () => {
    fc.assert(
      fc.property(
        fc.array(anyRecord, { maxLength: 8 }),
        fc.uint8Array({ maxLength: 300 }),
        fc.boolean(),
        (records, noise, redact) => {
          const { table, strings } = decode([batch(...records), noise], { redact });
          expect(table.length).toBeGreaterThanOrEqual(
            records.filter((each) => each[OFFSET.header.kind] !== RECORD_KIND.arguments).length,
          );
          const sink = new MemorySink();
          const writer = new TraceFileWriter(sink);
          writer.header(sampleHeader({ startNs: BASE }));
          writer.events(table, 0, table.length, strings);
          const read = decodeTraceFile(sink.bytes());
          const expected = Array.from({ length: table.length }, (_, index) =>
            holdsOnlyPossibleNumbers(table, index) ? table.kind.at(index) : KIND.malformed,
          );
          expect(kindsOf(read.events)).toEqual(expected);
          expect(read.problems.length > 0).toBe(
            expected.some((kind, index) => kind !== table.kind.at(index)),
          );
        },
      ),
      { numRuns: 400 },
    );
  });
});
