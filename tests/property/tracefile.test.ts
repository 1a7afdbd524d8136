import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { generateTrace, randomOf } from '../../scripts/generate-trace.js';
import { DitError } from '../../src/base/errors.js';
import { type ColumnData, EventTable } from '../../src/model/recording/event-table.js';
import type { Recording } from '../../src/model/recording/recording.js';
import { StringInterner } from '../../src/model/recording/strings.js';
import { bytesInMemory } from '../../src/tracefile/byte-source.js';
import { decodeFrames } from '../../src/tracefile/frames.js';
import { decodeTraceFile } from '../../src/tracefile/reader.js';
import { MemorySink } from '../../src/tracefile/trace-sink.js';
import { TraceFileWriter } from '../../src/tracefile/writer.js';
import {
  arbitraryStrings,
  arbitraryTable,
  eventsOf,
  sampleHeader,
  smallTraceFile,
  traceFileBytes,
} from '../support/recordings.js';

describe('encoding and decoding', () => {
  test('give back any table, in whatever ranges it was written', () => {
    fc.assert(
      fc.property(arbitraryTable(), fc.integer({ min: 1, max: 20 }), (table, step) => {
        const interner = arbitraryStrings();
        const bytes = traceFileBytes((writer) => {
          for (let from = 0; from < table.length; from += step) {
            writer.events(table, from, Math.min(from + step, table.length), interner);
          }
        });
        const recording = decodeTraceFile(bytes);
        expect(recording.problems).toEqual([]);
        expect(eventsOf(recording.events)).toEqual(eventsOf(table));
      }),
    );
  });

  test('give back any times around any start of the recording', () => {
    const startNs = fc.bigInt({ min: 1n << 52n, max: (1n << 63n) - 1n });
    fc.assert(
      fc.property(arbitraryTable(10), startNs, (table, start) => {
        const header = sampleHeader({ startNs: start });
        const bytes = traceFileBytes((writer) => {
          writer.events(table, 0, table.length, new StringInterner());
        }, header);
        const { events } = decodeTraceFile(bytes);
        expect([...events.time.view()]).toEqual([...table.time.view()]);
      }),
    );
  });

  test('give back any strings, under their ids', () => {
    const texts = fc.array(fc.string({ unit: 'binary', maxLength: 40 }));
    fc.assert(
      fc.property(fc.array(texts, { maxLength: 5 }), (batches) => {
        const interner = new StringInterner();
        const bytes = traceFileBytes((writer) => {
          for (const batch of batches) {
            for (const text of batch) interner.intern(text);
            writer.events(new EventTable(), 0, 0, interner);
          }
        });
        const { strings, problems } = decodeTraceFile(bytes);
        expect(problems).toEqual([]);
        expect(strings.size).toBe(interner.size);
        for (let id = 0; id < interner.size; id++) expect(strings.text(id)).toBe(interner.text(id));
      }),
    );
  });
});

describe('a file cut short', () => {
  const whole = smallTraceFile();
  const full = decodeTraceFile(whole);
  const fullEvents = eventsOf(full.events);
  const edges = [...decodeFrames(bytesInMemory(whole))].map(({ end }) => end);
  const headerEnd = edges[0] as number;

  function expectPrefix(length: number): void {
    const cut = decodeTraceFile(whole.subarray(0, length));
    expect(eventsOf(cut.events)).toEqual(fullEvents.slice(0, cut.events.length));
    for (let id = 0; id < cut.strings.size; id++) {
      expect(cut.strings.text(id)).toBe(full.strings.text(id));
    }
    const atEdge = edges.includes(length);
    expect(cut.problems).toHaveLength(atEdge ? 0 : 1);
    if (!atEdge) {
      const lastEdge = edges.findLast((edge) => edge < length) as number;
      expect(cut.problems[0]?.offset).toBe(lastEdge);
      expect(cut.problems[0]?.message).toMatch(/^the file ends inside a frame/);
    }
    expect(cut.footer).toEqual(length === whole.length ? full.footer : undefined);
  }

  test('at an edge between frames is the frames before it', () => {
    expect(edges.length).toBeGreaterThan(15);
    for (const edge of edges) expectPrefix(edge);
  });

  test('at any byte is the whole frames before it', () => {
    for (let length = headerEnd; length < whole.length; length++) expectPrefix(length);
  });

  test('inside its header is said to be', () => {
    for (let length = 1; length < headerEnd; length++) {
      expect(() => decodeTraceFile(whole.subarray(0, length))).toThrow(/ends inside its header/);
    }
  });

  test('at 200 random bytes of a larger one is a prefix of its events', () => {
    const large = traceOf(30_000);
    const times = decodeTraceFile(large).events.time.view();
    const random = randomOf(7);
    for (let i = 0; i < 200; i++) {
      const length = 2_000 + Math.floor(random() * (large.length - 2_000));
      const { events, problems } = decodeTraceFile(large.subarray(0, length));
      expect(isPrefix(events.time.view(), times)).toBe(true);
      expect(problems.length).toBeLessThanOrEqual(1);
    }
  });
});

describe('a damaged file', () => {
  const mutations = Number(process.env.DIT_MUTATIONS ?? 1_000);
  const mebibytes = (bytes: number): number => bytes / 2 ** 20;

  test(
    `is read or refused, in bounded time and memory (${mutations} mutations)`,
    {
      timeout: 60_000 + mutations * 100,
    },
    () => {
      const random = randomOf(Number(process.env.DIT_SEED ?? 1));
      const originals = [smallTraceFile(), traceOf(3_000)];
      let read = 0;
      for (let i = 0; i < mutations; i++) {
        const mutated = mutate(originals[i % originals.length] as Uint8Array, random);
        const start = performance.now();
        try {
          const recording = decodeTraceFile(mutated);
          read++;
          touchEverything(recording);
          expect(recording.problems.length).toBeLessThanOrEqual(23);
        } catch (error) {
          if (!(error instanceof DitError)) throw error;
          expect(error.exitCode).toBe(2);
          expect(error.remedy).toBeDefined();
        }
        expect(performance.now() - start).toBeLessThan(5_000);
        expect(mebibytes(process.memoryUsage.rss())).toBeLessThan(512);
      }
      // Most damage lies behind the header: such files are read.
      expect(read).toBeGreaterThan(mutations * 0.6);
    },
  );
});

const isPrefix = (part: ColumnData, whole: ColumnData): boolean =>
  part.every((value, index) => value === whole[index]);

function traceOf(events: number): Uint8Array {
  const sink = new MemorySink();
  generateTrace(new TraceFileWriter(sink), events);
  return sink.bytes();
}

/** One to four times: bytes changed, removed, repeated, inserted, or made into a large number. */
function mutate(original: Uint8Array, random: () => number): Uint8Array {
  const below = (limit: number): number => Math.floor(random() * limit);
  let bytes = Buffer.from(original);
  for (let round = below(4); round >= 0 && bytes.length > 0; round--) {
    const at = below(bytes.length);
    const end = Math.min(bytes.length, at + 1 + below(random() < 0.5 ? 4 : 400));
    const [before, part, after] = [
      bytes.subarray(0, at),
      bytes.subarray(at, end),
      bytes.subarray(end),
    ];
    const noise = Buffer.from(Array.from({ length: 1 + below(30) }, () => below(256)));
    const replacements = [
      () => Buffer.from([(part[0] as number) ^ (1 << below(8)), ...part.subarray(1)]),
      () => Buffer.from(part).fill(below(256)),
      () => Buffer.alloc(0),
      () => Buffer.concat([part, part]),
      () => noise,
      () => Buffer.concat([part, noise]),
      () => Buffer.from([...Array.from({ length: below(10) }, () => 0xff), below(128)]),
    ];
    const replacement = replacements[below(replacements.length)] as () => Buffer;
    bytes = Buffer.concat([before, replacement(), after]);
  }
  return bytes;
}

/** What readers of a recording do: no id, count or row of a damaged file may lead them astray. */
function touchEverything({ events, strings, header }: Recording): void {
  expect(header.versionMajor).toBe(1);
  for (const event of eventsOf(events) as [string, ...unknown[]][]) expect(event[0]).not.toBe('');
  const { texts } = events.table('syscall').columns;
  for (const id of texts?.view() ?? []) expect(typeof strings.text(id)).toBe('string');
}
