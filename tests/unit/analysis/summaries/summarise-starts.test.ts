import { describe, expect, it } from 'vitest';
import {
  medianStart,
  phaseSpreads,
  type WholeStart,
} from '../../../../src/analysis/summaries/summarise-starts.js';
import { PHASES, phaseTotals } from '../../../../src/model/trace/totals.js';
import { type Piece, segmentsFrom } from '../../../support/traces.js';

const MS = 1e6;

const startOf = (path: string, pieces: readonly Piece[]): WholeStart => ({
  path,
  window: pieces.reduce((sum, [ns]) => sum + ns, 0),
  totals: phaseTotals(segmentsFrom(0, pieces)),
});

const STARTS = [30, 10, 20].map((ms, index) =>
  startOf(`${index}.dit`, [
    [ms * MS, 'dockerd', 'user code', 'runtime', 'dockerd'],
    [2 * MS, 'init', 'syscall', 'kernel', 'mounts'],
    // Only the first one sleeps.
    ...(index === 0 ? ([[9 * MS, 'init', 'blocked', 'runtime', 'sleep']] as Piece[]) : []),
  ]),
);

describe('phaseSpreads', () => {
  it('has a median, its interval and the extremes of each phase and category', () => {
    const [runtime, kernel, ...rest] = phaseSpreads(STARTS);
    expect(runtime).toMatchObject({
      phase: 'runtime',
      median: 20 * MS,
      min: 10 * MS,
      max: 39 * MS,
    });
    expect(kernel).toMatchObject({ median: 2 * MS, low: 2 * MS, high: 2 * MS });
    expect(rest.map(({ phase, max, categories }) => [phase, max, categories])).toEqual([
      ['storage', 0, []],
      ['unattributed', 0, []],
    ]);
    for (const { low, median, high, min, max } of runtime?.categories ?? []) {
      expect([min, low, median, high, max]).toEqual(
        [min, low, median, high, max].toSorted(ascending),
      );
    }
  });

  it('counts a start without a category as nothing spent there', () => {
    expect(phaseSpreads(STARTS)[0]?.categories).toMatchObject([
      { category: 'dockerd', median: 20 * MS },
      { category: 'sleep', median: 0, min: 0, max: 9 * MS },
    ]);
  });

  it('has every phase for no starts at all', () => {
    expect(phaseSpreads([]).map(({ phase }) => phase)).toEqual(PHASES);
  });
});

describe('medianStart', () => {
  it('is the one in the middle by its window, of two the shorter', () => {
    expect(medianStart(STARTS)?.path).toBe('2.dit');
    expect(medianStart(STARTS.slice(0, 2))?.path).toBe('1.dit');
    expect(medianStart([])).toBeUndefined();
  });
});

const ascending = (a: number, b: number): number => a - b;
