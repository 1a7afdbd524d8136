import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { criticalChain } from '../../../../src/analysis/summaries/chain.js';
import { ACTORS } from '../../../../src/model/trace/actor-kind.js';
import type { ContainerRun } from '../../../../src/model/trace/trace.js';
import { keyOf } from '../../../support/lives.js';
import { type Piece, sampleRun, segmentsFrom } from '../../../support/traces.js';

const MS = 1e6;

/** Each actor is one process. */
function runOf(pieces: readonly Piece[]): ContainerRun {
  const segments = segmentsFrom(100, pieces).map((segment) => ({
    ...segment,
    process: keyOf(ACTORS.indexOf(segment.actor)),
  }));
  return sampleRun({ segments });
}

describe('criticalChain', () => {
  const run = runOf([
    [2 * MS, 'client', 'user code', 'runtime', 'client'],
    [5 * MS, 'dockerd', 'user code', 'runtime', 'dockerd'],
    [0.1 * MS, 'client', 'user code', 'runtime', 'client'],
    [0.2 * MS, 'containerd', 'user code', 'runtime', 'containerd'],
    [8 * MS, 'dockerd', 'blocked', 'storage', 'fsync', 'block-io'],
    [3 * MS, 'dockerd', 'runnable', 'runtime', 'scheduling delay'],
    [4 * MS, 'init', 'syscall', 'kernel', 'mounts'],
  ]);

  it('makes a link of what one process does in a row, and folds short visits', () => {
    expect(criticalChain(run, 1 * MS)).toEqual([
      expect.objectContaining({ actor: 'client', start: 100, duration: 2 * MS, visits: 0 }),
      {
        actor: 'dockerd',
        process: keyOf(ACTORS.indexOf('dockerd')),
        start: 100 + 2 * MS,
        duration: 16.3 * MS,
        waitingNs: 11 * MS,
        parts: [
          { phase: 'storage', category: 'fsync', ns: 8 * MS },
          { phase: 'runtime', category: 'dockerd', ns: 5 * MS },
          { phase: 'runtime', category: 'scheduling delay', ns: 3 * MS },
          { phase: 'runtime', category: 'containerd', ns: 0.2 * MS },
          { phase: 'runtime', category: 'client', ns: 0.1 * MS },
        ],
        visits: 2,
      },
      expect.objectContaining({ actor: 'init', duration: 4 * MS }),
    ]);
  });

  it('folds nothing when asked for everything', () => {
    const links = criticalChain(run, 0);
    expect(links.map(({ actor }) => actor)).toEqual([
      'client',
      'dockerd',
      'client',
      'containerd',
      'dockerd',
      'init',
    ]);
    expect(links.every(({ visits }) => visits === 0)).toBe(true);
  });

  it('is nothing for a start without a path', () => {
    expect(criticalChain(runOf([]), 0)).toEqual([]);
  });

  it('sums to the window, whatever is folded, and its links follow each other', () => {
    const piece: fc.Arbitrary<Piece> = fc.tuple(
      fc.integer({ min: 1, max: 3e6 }),
      fc.constantFrom(...ACTORS),
      fc.constantFrom('user code', 'syscall', 'runnable', 'blocked'),
      fc.constantFrom('kernel', 'runtime', 'storage', undefined),
      fc.constantFrom('mounts', 'runc', 'exec'),
    );
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1 }), fc.nat({ max: 5e6 }), (pieces, least) => {
        const any = runOf(pieces);
        let at = 100;
        for (const link of criticalChain(any, least)) {
          expect(link.start).toBe(at);
          expect(link.parts.reduce((sum, { ns }) => sum + ns, 0)).toBe(link.duration);
          expect(link.waitingNs).toBeLessThanOrEqual(link.duration);
          at += link.duration;
        }
        expect(at).toBe(any.segments.at(-1)?.end);
      }),
    );
  });
});
