/** Damaged strace logs: read in bounded time, and every line that is dropped is counted. */
import { describe, expect, test } from 'vitest';
import { BrokenLines } from '../../src/capture/strace/broken-lines.js';
import { StraceDecoder } from '../../src/capture/strace/events.js';
import { LineSplitter } from '../../src/capture/strace/line-splitter.js';
import { parseLine } from '../../src/capture/strace/lines.js';
import { EventTable } from '../../src/model/recording/event-table.js';
import { StringInterner } from '../../src/model/recording/strings.js';
import { randomFrom } from '../../src/stats/random.js';
import { CGROUPS, readLog, VERSIONS } from '../unit/capture/strace/logs.js';

const mutations = Number(process.env.DIT_MUTATIONS ?? 1_000);

describe('a damaged strace log', () => {
  test(
    `is read, and what makes no sense is counted (${mutations} mutations)`,
    { timeout: 60_000 + mutations * 100 },
    () => {
      const random = randomFrom(Number(process.env.DIT_SEED ?? 1));
      const originals = VERSIONS.flatMap((version) => [version, `${version}-names`]).map((name) =>
        Buffer.from(`${readLog(name).join('\n')}\n`, 'latin1'),
      );
      let damaged = 0;
      for (let i = 0; i < mutations; i++) {
        const log = mutate(originals[i % originals.length] as Buffer, random);
        const start = performance.now();
        const { table, lines, dropped } = decode(log, random);
        expect(performance.now() - start).toBeLessThan(2_000);
        expectEveryLineAccounted(table, lines, dropped);
        if (table.count('malformed') > 0) damaged++;
      }
      // Mutations that hit are the rule.
      expect(damaged).toBeGreaterThan(mutations * 0.3);
    },
  );

  test('of any bytes is lines that make no sense', () => {
    const random = randomFrom(5);
    for (let i = 0; i < 200; i++) {
      const bytes = Buffer.from(Array.from({ length: 2_000 }, () => Math.floor(random() * 256)));
      const { table, lines, dropped } = decode(bytes, random);
      expect(table.count('malformed')).toBe(lines.length + dropped);
    }
  });

  test('of brackets, quotes and escapes without end takes no time', () => {
    const random = randomFrom(6);
    for (const text of [
      '(',
      '{"',
      '[<',
      '"\\',
      '3<',
      '/*',
      '1<<',
      ', ',
      '|',
      '\\1',
      '/strace: Process 1 ',
      'a=',
      '0) = ',
      ' ',
    ]) {
      const start = performance.now();
      decode(Buffer.from(`1 1.5 mount(${text.repeat(200_000)}\n`), random);
      expect(performance.now() - start).toBeLessThan(2_000);
    }
  });
});

/** Each whole line is an event, a part of one, said by strace of itself, or malformed. */
function expectEveryLineAccounted(
  table: EventTable,
  lines: readonly string[],
  dropped: number,
): void {
  const counts = {
    call: 0,
    begun: 0,
    resumed: 0,
    exit: 0,
    superseded: 0,
    signal: 0,
    notice: 0,
    malformed: 0,
  };
  for (const line of lines) counts[parseLine(line).kind]++;
  const malformed = table.count('malformed');
  const syscalls = table.count('syscall');
  expect(malformed).toBeGreaterThanOrEqual(counts.malformed + dropped);
  // A call and a beginning are one syscall each, or malformed; an end belongs to a beginning, or is either.
  const unreadable = malformed - counts.malformed - dropped;
  expect(syscalls + unreadable).toBeGreaterThanOrEqual(counts.call + counts.begun);
  expect(syscalls + unreadable).toBeLessThanOrEqual(counts.call + counts.begun + counts.resumed);
  expect(table.count('exit')).toBe(counts.exit);
}

function decode(
  log: Buffer,
  random: () => number,
): { table: EventTable; lines: string[]; dropped: number } {
  const table = new EventTable();
  const strings = new StringInterner();
  const decoder = new StraceDecoder({
    machine: 'x86_64',
    strings,
    redact: random() < 0.5,
    toTrace: ({ seconds, nanos }) => (seconds - 1_700_000_000) * 1e9 + nanos,
    known: [],
    cgroups: CGROUPS,
  });
  const splitter = new LineSplitter();
  const broken = new BrokenLines();
  const lines: string[] = [];
  let dropped = 0;
  const sink = {
    line: (text: string) => {
      lines.push(...broken.next(text));
      decoder.decode(text, table);
    },
    dropped: () => {
      dropped++;
    },
  };
  for (let at = 0; at < log.length; ) {
    const end = at + 1 + Math.floor(random() * 4_000);
    splitter.feed(log.subarray(at, end), sink);
    at = end;
  }
  splitter.end(sink);
  lines.push(...broken.end());
  decoder.finish(table);
  for (let i = 0; i < dropped; i++) table.push('malformed', { time: 0, pid: 0 });
  touchEverything(table, strings);
  return { table, lines, dropped };
}

/** What readers of events do. */
function touchEverything(table: EventTable, strings: StringInterner): void {
  for (let row = 0; row < table.length; row++) {
    if (!Number.isFinite(table.time.at(row))) throw new Error('a time that is no number');
    if (table.kindName(row) !== 'syscall') continue;
    const positions = table.values(row, 'text_positions');
    expect(table.values(row, 'texts')).toHaveLength(positions.length);
    expect([0, 6]).toContain(table.values(row, 'arguments').length);
    for (const value of table.values(row, 'arguments')) expect(Number.isFinite(value)).toBe(true);
    for (const id of table.values(row, 'texts')) strings.text(id);
  }
}

/** One to four times: bytes changed, removed, repeated or inserted; lines removed, repeated or moved. */
function mutate(original: Buffer, random: () => number): Buffer {
  const below = (limit: number): number => Math.floor(random() * limit);
  const NOISE = [
    '<unfinished ...>',
    ' = ?',
    '"',
    ')',
    '(',
    '<',
    '>',
    '\\',
    '\n',
    '99999999999',
    '+++',
    '<... ',
  ];
  let bytes = original;
  for (let round = below(4); round >= 0 && bytes.length > 0; round--) {
    const at = below(bytes.length);
    const end = Math.min(bytes.length, at + 1 + below(random() < 0.5 ? 4 : 400));
    const [before, part, after] = [
      bytes.subarray(0, at),
      bytes.subarray(at, end),
      bytes.subarray(end),
    ];
    const noise =
      random() < 0.5
        ? Buffer.from(NOISE[below(NOISE.length)] as string)
        : Buffer.from(Array.from({ length: 1 + below(30) }, () => below(256)));
    const lines = bytes.toString('latin1').split('\n');
    const line = below(lines.length);
    const replacements = [
      () => [before, Buffer.from([(part[0] as number) ^ (1 << below(8))]), part.subarray(1), after],
      () => [before, after],
      () => [before, part, part, after],
      () => [before, noise, after],
      () => [before, part, noise, after],
      () => [Buffer.from(lines.toSpliced(line, 1 + below(3)).join('\n'), 'latin1')],
      () => [
        Buffer.from(
          lines.toSpliced(line, 0, lines[below(lines.length)] as string).join('\n'),
          'latin1',
        ),
      ],
    ];
    bytes = Buffer.concat((replacements[below(replacements.length)] as () => Uint8Array[])());
  }
  return bytes;
}
