import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ACTORS } from '../../../../src/model/trace/actor-kind.js';
import {
  PHASES,
  phaseTotals,
  selfTimes,
  shares,
  waits,
} from '../../../../src/model/trace/totals.js';
import { type Piece, segmentsFrom } from '../../../support/traces.js';

const arbitraryPiece: fc.Arbitrary<Piece> = fc.tuple(
  fc.integer({ min: 1, max: 1e9 }),
  fc.constantFrom(...ACTORS),
  fc.constantFrom('user code', 'syscall', 'runnable', 'blocked'),
  fc.constantFrom('kernel', 'runtime', 'storage', undefined),
  fc.constantFrom('mounts', 'runc', 'exec'),
);

describe('totals', () => {
  const segments = segmentsFrom(100, [
    [10, 'dockerd', 'user code', 'runtime', 'dockerd'],
    [30, 'dockerd', 'blocked', 'storage', 'fsync'],
    [5, 'init', 'syscall', 'kernel', 'mounts'],
    [7, 'dockerd', 'runnable', 'runtime', 'scheduling delay'],
    [20, 'dockerd', 'syscall', 'storage', 'fsync'],
    [1, 'init', 'blocked', undefined, 'unattributed'],
  ]);

  it('by phase and category, the largest category first', () => {
    expect(phaseTotals(segments)).toEqual([
      {
        phase: 'runtime',
        ns: 17,
        waitingNs: 7,
        categories: [
          { category: 'dockerd', ns: 10, waitingNs: 0 },
          { category: 'scheduling delay', ns: 7, waitingNs: 7 },
        ],
      },
      {
        phase: 'kernel',
        ns: 5,
        waitingNs: 0,
        categories: [{ category: 'mounts', ns: 5, waitingNs: 0 }],
      },
      {
        phase: 'storage',
        ns: 50,
        waitingNs: 30,
        categories: [{ category: 'fsync', ns: 50, waitingNs: 30 }],
      },
      {
        phase: 'unattributed',
        ns: 1,
        waitingNs: 1,
        categories: [{ category: 'unattributed', ns: 1, waitingNs: 1 }],
      },
    ]);
  });

  it('by actor and category, the largest first', () => {
    const [first, second] = shares(segments);
    expect(first).toMatchObject({ actor: 'dockerd', category: 'fsync', ns: 50, segments: 2 });
    expect(first?.longest).toBe(segments[1]);
    expect(second).toMatchObject({ actor: 'dockerd', category: 'dockerd', ns: 10, segments: 1 });
  });

  it('who ran, and apart from it who waited for what', () => {
    expect(selfTimes(segments).map(({ actor, category, ns }) => [actor, category, ns])).toEqual([
      ['dockerd', 'fsync', 20],
      ['dockerd', 'dockerd', 10],
      ['init', 'mounts', 5],
    ]);
    expect(waits(segments).map(({ state, category, ns }) => [state, category, ns])).toEqual([
      ['blocked', 'fsync', 30],
      ['runnable', 'scheduling delay', 7],
      ['blocked', 'unattributed', 1],
    ]);
  });

  it('every nanosecond is in one phase, one category and one share', () => {
    fc.assert(
      fc.property(fc.array(arbitraryPiece), (pieces) => {
        const all = segmentsFrom(0, pieces);
        const length = all.at(-1)?.end ?? 0;
        const sum = (items: readonly { ns: number }[]) =>
          items.reduce((total, { ns }) => total + ns, 0);
        const totals = phaseTotals(all);
        expect(totals.map(({ phase }) => phase)).toEqual(PHASES);
        expect(sum(totals)).toBe(length);
        expect(sum(totals.flatMap(({ categories }) => categories))).toBe(length);
        expect(sum(shares(all))).toBe(length);
        expect(sum(selfTimes(all)) + sum(waits(all))).toBe(length);
      }),
    );
  });
});
