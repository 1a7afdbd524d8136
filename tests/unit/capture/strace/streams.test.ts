/** From bytes to lines and from strace's clock to the trace's. */
import { describe, expect, test } from 'vitest';
import { BrokenLines } from '../../../../src/capture/strace/broken-lines.js';
import { LineSplitter } from '../../../../src/capture/strace/line-splitter.js';
import { isOlder, versionOf } from '../../../../src/capture/strace/program.js';
import { WallClock } from '../../../../src/capture/strace/wall-clock.js';

function split(pieces: readonly string[], limit?: number): string[] {
  const splitter = new LineSplitter(limit);
  const lines: string[] = [];
  const sink = { line: (text: string) => lines.push(text), dropped: () => lines.push('DROPPED') };
  for (const piece of pieces) splitter.feed(Buffer.from(piece, 'latin1'), sink);
  splitter.end(sink);
  return lines;
}

describe('lines', () => {
  test('are put together from pieces', () => {
    expect(split(['a\nb', 'c', '\n', '\xff\n\n'])).toEqual(['a', 'bc', '\xff', '']);
  });

  test('without an end are calls that strace was killed in', () => {
    expect(split(['a\nb('])).toEqual(['a', 'b( <unfinished ...>']);
  });

  test('too long are dropped and counted', () => {
    expect(split(['aaaaaaaaa'], 5)).toEqual(['DROPPED']);
    expect(split(['aaaa', 'bbbb\nc\n', 'ddddddddd\n'], 5)).toEqual(['DROPPED', 'c', 'DROPPED']);
    expect(split(['aaaaa\n'], 5)).toEqual(['aaaaa']);
  });

  test('that a message breaks are joined again', () => {
    const broken = new BrokenLines();
    const lines = [
      '1.5 vfork(/usr/bin/strace: Process 3 attached',
      ' <unfinished ...>',
      'strace: Process 4 attached',
      '1.6 clone(flags=SIGCHLDstrace: Process 5 attached',
      'strace: Process 6 attached with 2 threads',
      ', tid=0x1) = 5',
      '1.7 pause(strace: Process 3 detached',
      '1.8 pause() = 0',
      '1.9 pause(strace: Process 3 detached',
    ];
    expect([...lines.flatMap((line) => broken.next(line)), ...broken.end()]).toEqual([
      '1.5 vfork( <unfinished ...>',
      'strace: Process 4 attached',
      '1.6 clone(flags=SIGCHLD, tid=0x1) = 5',
      '1.7 pause(',
      '1.8 pause() = 0',
      '1.9 pause(',
    ]);
  });
});

describe('the wall clock', () => {
  const MONOTONIC = 9_007_199_254_740_993n; // beyond 2^53
  const REALTIME = 1_700_000_000_999_999_990n;
  const at = (ns: number) => ({
    seconds: 1_700_000_000 + Math.floor((999_999_990 + ns) / 1e9),
    nanos: (999_999_990 + ns) % 1e9,
  });
  const pair = (elapsedNs: bigint, setBy = 0n) => ({
    monotonicNs: MONOTONIC + 500n + elapsedNs,
    realtimeNs: REALTIME + elapsedNs + setBy,
  });

  test('is exact to the nanosecond', () => {
    const clock = new WallClock(MONOTONIC, pair(0n));
    expect(clock.toTrace(at(0))).toBe(500);
    expect(clock.toTrace(at(25))).toBe(525);
    expect(clock.toTrace({ seconds: 1_700_000_000, nanos: 999_999_980 })).toBe(490);
  });

  test('that is slewed is followed, and nothing is said', () => {
    const clock = new WallClock(MONOTONIC, pair(0n));
    // It gains 100 µs in a second.
    clock.read(pair(1_000_000_000n, 100_000n));
    expect(clock.steppedNs).toBe(0);
    expect(clock.toTrace(at(1_000_100_000))).toBe(500 + 1_000_000_000);
    expect(clock.toTrace(at(500_050_000))).toBe(500 + 500_000_000);
    clock.read(pair(2_000_000_000n, 100_000n));
    expect(clock.toTrace(at(1_500_100_000))).toBe(500 + 1_500_000_000);
  });

  test('that is set is reported', () => {
    const clock = new WallClock(MONOTONIC, pair(0n));
    clock.read(pair(1_000_000_000n, -3_600_000_000_000n));
    expect(clock.steppedNs).toBe(3_600_000_000_000);
  });
});

describe('versions', () => {
  test('of strace', () => {
    expect(versionOf('strace -- version 6.13+ds\nCopyright')).toBe('6.13');
    expect(versionOf('strace -- version UNKNOWN')).toBeUndefined();
    expect(['4.26', '5.9', '5.10', '5.16', '7.0'].map(isOlder)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});
