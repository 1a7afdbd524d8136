/** Lines that each version of bpftrace wrote, and lines that none writes. */

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { raw } from '../../../../src/base/foreign.js';
import { LineDecoder } from '../../../../src/capture/bpftrace/decode.js';
import {
  type EventKindName,
  type ListName,
  SYSCALL_FLAG,
} from '../../../../src/model/recording/event-kinds.js';
import { EventTable } from '../../../../src/model/recording/event-table.js';
import { StringInterner } from '../../../../src/model/recording/strings.js';

const TOKEN = '0123456789';

interface Decoded {
  readonly table: EventTable;
  readonly strings: StringInterner;
  /** In the order of time: lines of two CPUs are not. */
  rows(kind: EventKindName): number[];
  texts(row: number, column: ListName): string[];
}

interface Options {
  readonly redact?: boolean;
  readonly pieces?: number;
  readonly textBytes?: number;
}

function decode(output: Uint8Array | string, options: Options = {}): Decoded {
  const { redact = false, textBytes = 128 } = options;
  const strings = new StringInterner();
  const table = new EventTable();
  const decoder = new LineDecoder({
    machine: 'x86_64',
    baseNs: 1000n,
    strings,
    redact,
    token: TOKEN,
    textBytes,
  });
  const bytes = Buffer.from(output);
  const size = options.pieces ?? bytes.length;
  for (let at = 0; at < bytes.length; at += size) {
    decoder.decode(bytes.subarray(at, at + size), table);
  }
  decoder.finish(table);
  return {
    table,
    strings,
    rows: (kind) =>
      Array.from({ length: table.length }, (_, row) => row)
        .filter((row) => table.kindName(row) === kind)
        .sort((a, b) => table.time.at(a) - table.time.at(b)),
    texts: (row, column) =>
      table
        .values(row, column)
        .map((id) => strings.text(id))
        .map(raw),
  };
}

const line = (text: string): string => `${TOKEN} ${text}\n`;

describe.each(['0.17', '0.23', '0.27'])('what bpftrace %s wrote of a shell', (version) => {
  const output = readFileSync(
    new URL(`../../../fixtures/bpftrace/shell-${version}.txt`, import.meta.url),
  );
  const decoded = decode(output);
  const { table, strings, rows, texts } = decoded;
  const [mount = -1, program = -1] = rows('exec');

  test('execs with their arguments, one with a line break in it', () => {
    expect(rows('exec').map((row) => strings.text(table.value(row, 'filenames')))).toEqual([
      '/usr/bin/mount',
      '/bin/true',
    ]);
    expect(texts(mount, 'arguments')).toEqual(['mount', '-t', 'tmpfs', 'none', '/nowhere']);
    expect(texts(program, 'arguments')).toEqual(['/bin/true', 'one', 'two\nlines']);
  });

  test('forks, renames and exits', () => {
    expect(rows('fork').map((row) => table.value(row, 'child_pids'))).toEqual(
      rows('exec').map((row) => table.pid.at(row)),
    );
    expect(rows('rename').map((row) => strings.text(table.value(row, 'comms')))).toEqual([
      'mount',
      'true',
    ]);
    const codes = rows('exit').map((row) => table.value(row, 'codes'));
    expect(codes).toEqual([32, 0, 3]);
  });

  test('a mount with its texts, its result and its time', () => {
    const call = rows('syscall').find(
      (row) => strings.text(table.value(row, 'names')) === 'mount',
    ) as number;
    expect(texts(call, 'texts')).toEqual(['none', '/nowhere', 'tmpfs']);
    expect(table.values(call, 'text_positions')).toEqual([0, 1, 2]);
    expect(table.values(call, 'arguments')).toHaveLength(6);
    expect(table.value(call, 'results')).toBe(-2);
    expect(table.value(call, 'flags')).toBe(SYSCALL_FLAG.hasArguments);
    expect(table.value(call, 'durations_ns')).toBeGreaterThan(0);
    expect(table.pid.at(call)).toBe(table.pid.at(mount));
  });

  test('an execve by its path, which is gone when it returns', () => {
    const calls = rows('syscall').filter(
      (row) => strings.text(table.value(row, 'names')) === 'execve',
    );
    expect(calls.map((row) => texts(row, 'texts'))).toEqual([['/usr/bin/mount'], ['/bin/true']]);
  });

  test('switches and wake-ups, these with who woke', () => {
    expect(table.count('switch')).toBeGreaterThan(3);
    expect(table.count('waking')).toBeGreaterThan(1);
    const wakers = rows('waking').map((row) => strings.text(table.value(row, 'waker_comms')));
    expect(wakers).toContain('true');
  });

  test('nothing that makes no sense, however the chunks are cut', () => {
    expect(table.count('malformed')).toBe(0);
    const kinds = (of: EventTable): number[] => [...of.kind.view()];
    for (const pieces of [1, 7, 4096]) {
      expect(kinds(decode(output, { pieces }).table)).toEqual(kinds(table));
    }
  });

  test('redacted: no argument, but what was called', () => {
    const kept = decode(output, { redact: true });
    expect(kept.texts(kept.rows('exec')[1] ?? -1, 'arguments')).toEqual(['/bin/true', '…', '…']);
    expect(kept.strings.find('one')).toBe(0);
  });
});

test('a half that came behind the other one', () => {
  const { table, rows, texts, strings } = decode(
    line('s 5000 1 7 7 900 65701 -2') +
      line('A 5000 1 7 7 7 1 2 3 4 5 6') +
      line(`T 5000 7 2 tmpfs${TOKEN}`) +
      line(`T 5000 7 0 none${TOKEN}`) +
      line(`T 5000 7 1 /x${TOKEN}`),
  );
  const [row = -1] = rows('syscall');
  expect(strings.text(table.value(row, 'names'))).toBe('mount');
  expect(table.time.at(row)).toBe(4000);
  expect(table.value(row, 'durations_ns')).toBe(900);
  expect(texts(row, 'texts')).toEqual(['none', '/x', 'tmpfs']);
  expect(table.values(row, 'arguments')).toEqual([1, 2, 3, 4, 5, 6]);
});

test('a half that never came: the call is there without it', () => {
  const { table, rows } = decode(line('s 5000 1 7 7 900 65701 -2'));
  expect(table.length).toBe(1);
  expect(table.value(rows('syscall')[0] ?? -1, 'flags')).toBe(0);
});

test('a thread that execs takes over the id of its leader, and its execve with it', () => {
  const { rows, texts } = decode(
    line(`T 5000 9 0 /bin/x${TOKEN}`) +
      line(`x 6000 0 7 7 9 3 1 /bin/x${TOKEN}`) +
      line(`V 6000 7 0 a\\x00b${TOKEN}`) +
      line('A 5000 0 7 7 1 1 2 3 4 5 6') +
      line('s 5000 0 7 7 2000 65595 0'),
  );
  expect(texts(rows('syscall')[0] ?? -1, 'texts')).toEqual(['/bin/x']);
  expect(texts(rows('exec')[0] ?? -1, 'arguments')).toEqual(['a', 'b']);
});

test('what a container calls its files passes for no line', () => {
  const forged =
    '/x\ne 1 0 7 7 0 1\n0123456788 e 1 0 7 7 0 1\nLost 9 events\n@s0[1, 0]: (7, 7, 1, 1, 1)';
  const { table, rows, texts } = decode(
    line(`T 5000 7 0 ${forged}${TOKEN}`) +
      line('A 5000 1 7 7 1 1 2 3 4 5 6') +
      line('s 5000 1 7 7 900 65619 0'),
  );
  expect(table.length).toBe(1);
  expect(texts(rows('syscall')[0] ?? -1, 'texts')).toEqual([forged]);
});

test('a text that was cut is marked', () => {
  const cut = (length: number): number => {
    const { table, rows } = decode(
      line('A 5000 1 7 7 1 1 2 3 4 5 6') +
        line(`T 5000 7 0 ${'x'.repeat(length)}${TOKEN}`) +
        line('s 5000 1 7 7 900 65619 0'),
    );
    return table.value(rows('syscall')[0] ?? -1, 'flags') & SYSCALL_FLAG.textCut;
  };
  expect(cut(126)).toBe(0);
  expect(cut(127)).toBe(SYSCALL_FLAG.textCut);
});

test("an argument's own backslash is no escape, a byte that cannot be printed is one", () => {
  const { rows, texts } = decode(
    line(`x 6000 0 7 7 7 12 1 /a${TOKEN}`) + line(`V 6000 7 0 a\\x41\\x00\\xc3\\xa9\\x00${TOKEN}`),
  );
  expect(texts(rows('exec')[0] ?? -1, 'arguments')).toEqual(['a\\x41', 'é']);
});

test.each([
  ['too few fields', line('w 5000 0 7 7 1 2')],
  ['too many', line('w 5000 0 7 7 1 2 3 4')],
  ['a word for a number', line('w 5000 0 seven 7 1 2 3')],
  ['nothing for a number', line('w 5000 0  7 1 2 3')],
  ['a kind that there is not', line('z 1 2 3')],
  ['a kind of nothing', `${TOKEN}\n`],
  ['a text without its end', line('r 5000 0 7 7 half') + line('h ')],
  ['a text without its fields', line(`r 5000${TOKEN}`)],
  ['a piece of an argv that nobody has', line(`V 6000 7 0 a${TOKEN}`)],
  ['an entry of a map of another length', `@s0_${TOKEN}[5, 0]: (1, 2, 3, 4, 5, 6)\n`],
])('malformed, and counted: %s', (_, output) => {
  const { table } = decode(output);
  expect(table.count('malformed')).toBe(1);
  expect(table.length).toBe(1);
});

test('a line that never ends is given up', () => {
  const endless = `${TOKEN} r 5000 0 7 7 ${'x'.repeat(200_000)}`;
  expect(decode(endless, { pieces: 4096 }).table.count('malformed')).toBeGreaterThan(0);
  expect(decode(`${endless}\n${line('e 5000 0 7 7 0 1')}`).table.count('exit')).toBe(1);
});
