/** Which of bpftrace's answers are those of the last renames. */
import { describe, expect, test } from 'vitest';
import { aheadOf, type Rename } from '../../../../src/capture/bpftrace/ahead.js';

const AHEAD = 5_000_000_000n;

/** Renames that take 2 µs each, with 1 µs between them. */
const renamesFrom = (start: bigint, count: number): Rename[] =>
  Array.from({ length: count }, (_, index) => {
    const before = start + BigInt(index) * 3_000n;
    return { before, after: before + 2_000n };
  });

const answersTo = (renames: readonly Rename[]): bigint[] =>
  renames.map(({ before }, index) => before + 900n + BigInt(index) * 50n + AHEAD);

describe('aheadOf', () => {
  const last = renamesFrom(1_000_000_000n, 5);
  const answers = answersTo(last);
  /** Those of attaching, 20 ms from one to the next. */
  const earlier = Array.from({ length: 9 }, (_, index) => {
    return 1_000_000_000n - BigInt(9 - index) * 20_000_000n + AHEAD;
  });
  const expectAhead = (given: readonly bigint[]): void => {
    const ahead = aheadOf(last, given) ?? 0n;
    expect(Number(ahead - AHEAD)).toBeGreaterThanOrEqual(-1_000);
    expect(Number(ahead - AHEAD)).toBeLessThanOrEqual(1_000);
  };

  test('takes the answers of these renames', () => expectAhead(answers));

  test('takes no answer of a rename before them', () => expectAhead([...earlier, ...answers]));

  test('however late the answers of earlier renames come', () =>
    expectAhead([...answers.slice(0, 2), ...earlier, ...answers.slice(2)]));

  test.each([0, 1, 2, 3, 4])('knows nothing while %d of these are answered', (count) => {
    expect(aheadOf(last, [...earlier, ...answers.slice(0, count)])).toBeUndefined();
  });

  test('holds where a rename was interrupted', () => {
    const slow = last.map(({ before, after }, index) =>
      index < 2
        ? { before, after }
        : { before: before + (index === 2 ? 0n : 7_000_000n), after: after + 7_000_000n },
    );
    const given = answers.map((time, index) => (index < 2 ? time : time + 7_000_000n));
    const ahead = aheadOf(slow, [...earlier, ...given]) ?? 0n;
    expect(Number(ahead - AHEAD)).toBeGreaterThanOrEqual(-1_000);
    expect(Number(ahead - AHEAD)).toBeLessThanOrEqual(1_000);
  });
});
