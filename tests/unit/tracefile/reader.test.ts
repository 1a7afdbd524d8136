import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { generateTrace } from '../../../scripts/generate-trace.js';
import { DitError } from '../../../src/base/errors.js';
import { traceTimeOf } from '../../../src/base/time.js';
import { KIND } from '../../../src/model/recording/event-kinds.js';
import { EventTable } from '../../../src/model/recording/event-table.js';
import { StringInterner } from '../../../src/model/recording/strings.js';
import { bytesInMemory } from '../../../src/tracefile/byte-source.js';
import { decodeFrames, type Frame } from '../../../src/tracefile/frames.js';
import { decodeTraceFile, readTraceFile } from '../../../src/tracefile/reader.js';
import { CHUNK, FRAME, FRAMES_FIELD, STRING_TABLE } from '../../../src/tracefile/schema.js';
import { MemorySink } from '../../../src/tracefile/trace-sink.js';
import { WIRE, WireWriter } from '../../../src/tracefile/wire.js';
import { TraceFileWriter } from '../../../src/tracefile/writer.js';
import {
  eventsOf,
  sampleFooter,
  sampleHeader,
  smallTraceFile,
  tableOfEveryKind,
  traceFileBytes,
} from '../../support/recordings.js';

function errorOf(run: () => unknown): DitError {
  try {
    run();
  } catch (error) {
    if (error instanceof DitError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** A frame of any field and content. */
function frame(field: number, write: (wire: WireWriter) => void): Uint8Array {
  const wire = new WireWriter();
  const outer = wire.begin(FRAMES_FIELD);
  const body = wire.begin(field);
  write(wire);
  wire.end(body);
  wire.end(outer);
  return wire.written().slice();
}

const HEADER_FRAME = traceFileBytes(() => {});
const fileOf = (...frames: Uint8Array[]): Uint8Array => Buffer.concat([HEADER_FRAME, ...frames]);
const numbers = (...values: number[]): Float64Array => Float64Array.from(values);
const packed = (wire: WireWriter, field: number, values: Float64Array, signed = false): void =>
  wire.packed(field, values, 0, values.length, signed);

const framesOf = (bytes: Uint8Array): Frame[] =>
  [...decodeFrames(bytesInMemory(bytes))].filter((one) => one.type === 'frame');

describe('files that are no trace', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'dit-reader-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const refused = (name: string, bytes: Uint8Array | string): DitError => {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    return errorOf(() => readTraceFile(path));
  };

  test.each([
    ['text', 'PNG or anything else\n'.repeat(10)],
    [
      'a text that begins with a line feed',
      '\n# Heading\n\nand more text, so that it is long enough',
    ],
    ['zeros', new Uint8Array(5000)],
    ['another protobuf message', Uint8Array.from([0x0a, 0x03, 0x08, 0x96, 0x01, 0x10, 0x05])],
    ['a frame that is no header', smallTraceFile().subarray(HEADER_FRAME.length)],
    ['a header without a version', frame(FRAME.header, () => {})],
  ])('%s', (_, bytes) => {
    const error = refused('other', bytes);
    expect(error).toMatchObject({ code: 'trace-not-a-trace', exitCode: 2 });
    expect(error.message).toContain(`"${folder}/other" is not a trace`);
    expect(error.remedy).toBeDefined();
  });

  test('an empty file', () => {
    expect(refused('empty.dit', '')).toMatchObject({ code: 'trace-empty', exitCode: 2 });
  });

  test('a trace that was cut inside its header', () => {
    const error = refused('cut.dit', HEADER_FRAME.subarray(0, 40));
    expect(error).toMatchObject({ code: 'trace-empty', exitCode: 2 });
  });

  test('a later major version', () => {
    const later = frame(FRAME.header, (wire) => {
      wire.tag(1, WIRE.varint);
      wire.varint(2);
    });
    const error = refused('later.dit', later);
    expect(error).toMatchObject({ code: 'trace-version', exitCode: 2 });
    expect(error.message).toContain('version 2.0');
  });

  test('what cannot be opened', () => {
    mkdirSync(join(folder, 'folder'));
    execFileSync('mkfifo', [join(folder, 'fifo')]);
    const open = (name: string): DitError => errorOf(() => readTraceFile(join(folder, name)));
    expect(open('missing.dit')).toMatchObject({ code: 'trace-missing', exitCode: 2 });
    expect(open('folder')).toMatchObject({ code: 'trace-unreadable', exitCode: 2 });
    expect(open('fifo')).toMatchObject({ code: 'trace-unreadable', exitCode: 2 });
    expect(open('later.dit/x')).toMatchObject({ code: 'trace-missing', exitCode: 2 });
  });

  test('a file beyond 2 GiB', () => {
    const path = join(folder, 'huge.dit');
    writeFileSync(path, HEADER_FRAME);
    truncateSync(path, 2 ** 31 + 1);
    const error = errorOf(() => readTraceFile(path));
    expect(error).toMatchObject({ code: 'trace-too-large', exitCode: 2 });
    rmSync(path);
  });

  test('while a file reads as the same bytes in memory do', () => {
    const sink = new MemorySink();
    generateTrace(new TraceFileWriter(sink), 100_000);
    const path = join(folder, 'real.dit');
    writeFileSync(path, sink.bytes());
    const fromFile = readTraceFile(path);
    const fromMemory = decodeTraceFile(sink.bytes());
    expect(fromFile.bytes).toBe(sink.bytes().length);
    expect(fromFile.problems).toEqual([]);
    expect(fromFile.events.time.view()).toEqual(fromMemory.events.time.view());
    expect(fromFile.strings.size).toBe(fromMemory.strings.size);
  });
});

describe('frames', () => {
  test('of unknown kinds are counted and skipped', () => {
    const unknown = frame(99, (wire) => wire.text(1, 'from a later minor version'));
    const { unknownFrames, problems, footer } = decodeTraceFile(
      fileOf(unknown, unknown, footerFrame()),
    );
    expect(unknownFrames).toBe(2);
    expect(problems).toEqual([]);
    expect(footer?.outcome).toBe('complete');
  });

  test('unknown fields are skipped, of every wire type', () => {
    const loss = frame(FRAME.loss, (wire) => {
      wire.tag(60, WIRE.varint);
      wire.varint(7);
      wire.tag(61, WIRE.fixed64);
      wire.double(1.5);
      wire.text(62, 'later');
      wire.tag(1, WIRE.varint);
      wire.bigVarint(sampleHeader().startNs + 9n);
    });
    const { loss: read, problems } = decodeTraceFile(fileOf(loss));
    expect(read).toEqual({ at: 9, losses: [] });
    expect(problems).toEqual([]);
  });

  test('garbage between two frames costs only itself', () => {
    const whole = smallTraceFile();
    const frames = framesOf(whole);
    const at = frames[8]?.offset as number;
    const garbage = Buffer.from('\n\n\x0a\x05 this is no frame \xff\xff\xff', 'latin1');
    const damaged = Buffer.concat([whole.subarray(0, at), garbage, whole.subarray(at)]);
    const recording = decodeTraceFile(damaged);
    expect(eventsOf(recording.events)).toEqual(eventsOf(decodeTraceFile(whole).events));
    expect(recording.problems).toEqual([
      { offset: at, message: `these bytes are not a frame; ${garbage.length} bytes are skipped` },
    ]);
    expect(recording.footer).toBeDefined();
  });

  test('a frame whose length is damaged costs only itself', () => {
    const whole = Buffer.from(smallTraceFile());
    const chunk = framesOf(whole).filter(({ field }) => field === FRAME.events)[1] as Frame;
    whole.writeUInt8(whole.readUInt8(chunk.offset + 1) ^ 0x40, chunk.offset + 1);
    const recording = decodeTraceFile(whole);
    const all = eventsOf(decodeTraceFile(smallTraceFile()).events);
    expect(eventsOf(recording.events)).toEqual([...all.slice(0, 13), ...all.slice(26)]);
    expect(recording.problems.map(({ offset }) => offset)).toEqual([chunk.offset, whole.length]);
    expect(recording.problems[1]?.message).toBe('65 events were written, 52 could be read');
  });

  test('at most 20 problems are kept, the others counted', () => {
    const bad = frame(FRAME.clock, (wire) => wire.tag(1, 3));
    const { problems } = decodeTraceFile(fileOf(...Array.from({ length: 50 }, () => bad)));
    expect(problems).toHaveLength(21);
    expect(problems.at(-1)?.message).toBe('30 further problems');
  });

  test('a second trace in the same file is not read', () => {
    const whole = smallTraceFile();
    const { problems, events } = decodeTraceFile(Buffer.concat([whole, whole]));
    expect(problems).toEqual([
      { offset: whole.length, message: 'another trace begins here; it is not read' },
    ]);
    expect(events.length).toBe(65);
  });
});

const footerFrame = (): Uint8Array =>
  traceFileBytes((writer) => writer.footer(sampleFooter(0))).subarray(HEADER_FRAME.length);

describe('string tables', () => {
  test('ids beyond the table read as empty', () => {
    const { strings } = decodeTraceFile(smallTraceFile());
    expect(strings.text(strings.size)).toBe('');
    expect(strings.text(2 ** 40)).toBe('');
    expect(strings.text(0)).toBe('');
    expect(strings.find('')).toBe(0);
  });

  test('after a damaged one, the strings keep their ids', () => {
    const whole = Buffer.from(smallTraceFile());
    const tables = framesOf(whole).filter(({ field }) => field === FRAME.strings);
    const lost = tables[1] as Frame;
    whole.fill(0xff, lost.offset + 4, lost.end);
    const full = decodeTraceFile(smallTraceFile()).strings;
    const { strings, problems } = decodeTraceFile(whole);
    expect(problems).toHaveLength(1);
    expect(strings.size).toBe(full.size);
    const texts = Array.from({ length: full.size }, (_, id) => strings.text(id));
    const empty = texts.filter((text) => text === '').length;
    expect(empty).toBeGreaterThan(1);
    for (const [id, text] of texts.entries()) expect(['', full.text(id)]).toContain(text);
    expect(strings.text(full.size - 1)).toBe('batch 4');
  });

  test('a table that claims ids far beyond is refused', () => {
    const far = frame(FRAME.strings, (wire) => {
      wire.tag(STRING_TABLE.firstId, WIRE.varint);
      wire.varint(4_000_000_000);
      wire.text(STRING_TABLE.values, 'x');
    });
    const { strings, problems } = decodeTraceFile(fileOf(far));
    expect(strings.size).toBe(1);
    expect(problems[0]?.message).toMatch(/begin at id 4000000000/);
  });

  test('bytes that are not UTF-8 become replacement characters', () => {
    const bytes = Buffer.from(
      traceFileBytes((writer) => {
        const interner = new StringInterner();
        interner.intern('caf\u00e9');
        writer.events(new EventTable(), 0, 0, interner);
      }),
    );
    bytes.writeUInt8(0x41, bytes.length - 1);
    expect(decodeTraceFile(bytes).strings.text(1)).toBe('caf\ufffdA');
  });
});

describe('event chunks', () => {
  const chunk = (write: (wire: WireWriter) => void): Uint8Array => frame(FRAME.events, write);
  const base = (wire: WireWriter): void => {
    wire.tag(CHUNK.baseNs, WIRE.varint);
    wire.bigVarint(sampleHeader().startNs);
  };
  const exits = (write: (wire: WireWriter) => void) => (wire: WireWriter) => {
    const start = wire.begin(19);
    write(wire);
    wire.end(start);
  };

  test('columns may be unpacked, in pieces, or absent', () => {
    const bytes = fileOf(
      chunk((wire) => {
        base(wire);
        packed(wire, CHUNK.kinds, numbers(KIND.exit));
        packed(wire, CHUNK.kinds, numbers(KIND.exit, KIND.exit));
        packed(wire, CHUNK.timeDeltaNs, numbers(5, 6, -7), true);
        for (const pid of [10, 0, 300]) {
          wire.tag(CHUNK.pidDeltas, WIRE.varint);
          wire.zigzag(pid);
        }
        exits((own) => packed(own, 1, numbers(-9, 0, 255), true))(wire);
      }),
    );
    const { events, problems } = decodeTraceFile(bytes);
    expect(problems).toEqual([]);
    expect([...events.time.view()]).toEqual([5, 11, 4]);
    expect([...events.pid.view()]).toEqual([10, 10, 310]);
    expect([...events.tid.view()]).toEqual([0, 0, 0]);
    expect([...events.table('exit').column('codes').view()]).toEqual([-9, 0, 255]);
    expect([...events.table('exit').column('flags').view()]).toEqual([0, 0, 0]);
  });

  test('events of kinds from a later version are left out, the others kept', () => {
    const bytes = fileOf(
      chunk((wire) => {
        base(wire);
        packed(wire, CHUNK.kinds, numbers(KIND.malformed, 14, 300, KIND.malformed));
        packed(wire, CHUNK.timeDeltaNs, numbers(1, 1, 1, 1), true);
        const own = wire.begin(40);
        wire.text(1, 'columns of a later kind');
        wire.end(own);
      }),
    );
    const { events, problems } = decodeTraceFile(bytes);
    expect([...events.time.view()]).toEqual([1, 4]);
    expect(problems.map(({ message }) => message)).toEqual([
      '2 events are of kinds that this dit does not know; left out',
    ]);
  });

  test.each<[string, (wire: WireWriter) => void]>([
    [
      'a common column that is short',
      (wire) => {
        packed(wire, CHUNK.kinds, numbers(KIND.malformed, KIND.malformed));
        packed(wire, CHUNK.timeDeltaNs, numbers(1), true);
      },
    ],
    [
      'a column of a kind that is long',
      (wire) => {
        packed(wire, CHUNK.kinds, numbers(KIND.exit));
        exits((own) => packed(own, 1, numbers(1, 2), true))(wire);
      },
    ],
    [
      'a list shorter than its counts say',
      (wire) => {
        packed(wire, CHUNK.kinds, numbers(KIND.exec));
        const own = wire.begin(18);
        packed(wire, 2, numbers(3));
        packed(wire, 3, numbers(1, 2));
        wire.end(own);
      },
    ],
    [
      'counts that claim more than there is',
      (wire) => {
        packed(wire, CHUNK.kinds, numbers(KIND.exec));
        const own = wire.begin(18);
        packed(wire, 2, numbers(2 ** 50));
        wire.end(own);
      },
    ],
    [
      'a number that does not end',
      (wire) => {
        const kinds = wire.begin(CHUNK.kinds);
        wire.varint(1);
        for (let i = 0; i < 12; i++) wire.tag(31, 7);
        wire.end(kinds);
        wire.tag(CHUNK.baseNs, WIRE.varint);
      },
    ],
  ])('%s: the chunk is skipped and said to be malformed', (_, write) => {
    const interner = new StringInterner();
    const table = tableOfEveryKind(interner);
    const good = traceFileBytes((writer) => {
      writer.events(table, 0, table.length, interner);
    }).subarray(HEADER_FRAME.length);
    const { events, problems } = decodeTraceFile(fileOf(chunk(write), good));
    expect(eventsOf(events)).toEqual(eventsOf(table));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ offset: HEADER_FRAME.length });
    expect(problems[0]?.message).toMatch(/^a frame is malformed and skipped: /);
  });
});

describe('memory', () => {
  test('events are read until the budget ends, which is said; how it ended is read all the same', () => {
    const sink = new MemorySink();
    generateTrace(new TraceFileWriter(sink), 100_000);
    const { events, problems, footer, loss } = decodeTraceFile(sink.bytes(), {
      memoryBytes: 10 << 20,
    });
    expect(events.length).toBeGreaterThan(1_000);
    expect(events.length).toBeLessThan(100_000);
    expect(problems[0]?.message).toBe(
      'the events from here on would take more than 10 MiB of memory; not read',
    );
    expect(problems[1]?.message).toBe(`100000 events were written, ${events.length} could be read`);
    expect(footer).toMatchObject({ outcome: 'complete', events: 100_000 });
    expect(loss).toBeDefined();
  });

  test('messages of two bytes that become objects are charged as such', () => {
    const processes = frame(FRAME.processes, (wire) => {
      for (let i = 0; i < 500_000; i++) wire.text(2, '');
    });
    const { processes: read, problems } = decodeTraceFile(fileOf(processes), {
      memoryBytes: 32 << 20,
    });
    expect(read).toEqual([]);
    expect(problems[0]?.message).toMatch(/more than 32 MiB/);
  });

  test.each<[string, number, (wire: WireWriter) => void]>([
    ['empty strings', FRAME.strings, (wire) => wire.text(STRING_TABLE.values, '')],
    ['columns of one value each', FRAME.events, (wire) => packed(wire, CHUNK.cpus, numbers(0))],
    [
      'events of one byte each',
      FRAME.events,
      (wire) => {
        packed(wire, CHUNK.kinds, new Float64Array(20).fill(KIND.syscall));
      },
    ],
  ])('so are %s', (_, field, write) => {
    const hostile = frame(field, (wire) => {
      for (let i = 0; i < 1_000_000; i++) write(wire);
    });
    const before = process.memoryUsage.rss();
    const { problems } = decodeTraceFile(fileOf(hostile), { memoryBytes: 12 << 20 });
    expect(problems[0]?.message).toMatch(/more than 12 MiB/);
    expect((process.memoryUsage.rss() - before) / 2 ** 20).toBeLessThan(128);
  });

  test('a clock before the start and one long after are exact', () => {
    const header = sampleHeader({ startNs: 2n ** 62n + 1n });
    const at = traceTimeOf(-(2 ** 52) - 1);
    const bytes = traceFileBytes((writer) => {
      writer.clock({ trace: at, realtimeOffset: -1, boottimeOffset: 3, uncertaintyNs: 1 });
    }, header);
    expect(decodeTraceFile(bytes).clocks[0]?.trace).toBe(at);
  });
});
