import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareRuns } from '../../../../src/analysis/summaries/diff.js';
import { differencesBetween } from '../../../../src/analysis/summaries/environment-differences.js';
import { traceTimeOf } from '../../../../src/base/time.js';
import { ACTORS } from '../../../../src/model/trace/actor-kind.js';
import type { ContainerRun, Trace } from '../../../../src/model/trace/trace.js';
import {
  type Piece,
  sampleRun,
  segmentsFrom,
  startedTrace,
  windowOf,
} from '../../../support/traces.js';

const MS = 1e6;

function runOf(pieces: readonly Piece[]): ContainerRun {
  const segments = segmentsFrom(7, pieces);
  return sampleRun({ segments, window: windowOf(7, segments.at(-1)?.end ?? 7) });
}

describe('compareRuns', () => {
  it('tells what grew, shrank, came and went by actor and category, the largest change first', () => {
    const before = runOf([
      [5 * MS, 'dockerd', 'user code', 'runtime', 'dockerd'],
      [9 * MS, 'dockerd', 'blocked', 'storage', 'fsync'],
      [3 * MS, 'init', 'syscall', 'kernel', 'mounts'],
      [1 * MS, 'dockerd', 'user code', 'runtime', 'dockerd'],
    ]);
    const after = runOf([
      [8 * MS, 'dockerd', 'user code', 'runtime', 'dockerd'],
      [20 * MS, 'runc create', 'blocked', 'runtime', 'sleep', 'timer'],
      [3 * MS, 'init', 'syscall', 'kernel', 'mounts'],
    ]);
    const runtime = { phase: 'runtime' };
    expect(compareRuns(before, after)).toEqual({
      before: 18 * MS,
      after: 31 * MS,
      differences: [
        { actor: 'runc create', ...runtime, category: 'sleep', before: 0, after: 20 * MS },
        { actor: 'dockerd', phase: 'storage', category: 'fsync', before: 9 * MS, after: 0 },
        { actor: 'dockerd', ...runtime, category: 'dockerd', before: 6 * MS, after: 8 * MS },
        { actor: 'init', phase: 'kernel', category: 'mounts', before: 3 * MS, after: 3 * MS },
      ],
    });
  });

  it('adds up to the difference of the windows, exactly', () => {
    const pieces: fc.Arbitrary<Piece[]> = fc.array(
      fc.tuple(
        fc.integer({ min: 1, max: 1e9 }),
        fc.constantFrom(...ACTORS),
        fc.constantFrom('user code', 'syscall', 'runnable', 'blocked'),
        fc.constantFrom('kernel', 'runtime', 'storage', undefined),
        fc.constantFrom('mounts', 'runc', 'exec'),
      ),
    );
    fc.assert(
      fc.property(pieces, pieces, (a, b) => {
        const { differences, before, after } = compareRuns(runOf(a), runOf(b));
        const changes = differences.reduce((sum, each) => sum + (each.after - each.before), 0);
        expect(changes).toBe(after - before);
        const keys = differences.map(({ actor, category }) => `${actor} ${category}`);
        expect(new Set(keys).size).toBe(keys.length);
      }),
    );
  });
});

describe('differencesBetween', () => {
  const sideOf = (trace: Trace, run = trace.runs[0] as ContainerRun) => ({ trace, run });
  const same = startedTrace({ runs: [sampleRun({ exitCode: 0 })] });

  /** The sample with other facts in its header. */
  function differing(
    change: (header: Trace['recording']['header']) => Partial<Trace['recording']['header']>,
  ): Trace {
    const { header } = same.recording;
    return {
      ...same,
      recording: { ...same.recording, header: { ...header, ...change(header) } },
    };
  }

  it('says which start it is about where a recording holds several', () => {
    const [run] = same.runs as [ContainerRun];
    const two = { ...same, runs: [run, { ...run, name: 'other' }] };
    expect(differencesBetween(sideOf(same), sideOf(two))).toEqual([
      'after: one of 2 starts in its recording, that of eager_lamport (0123456789ab)',
    ]);
  });

  it('is silent where nothing but the start differs', () => {
    expect(differencesBetween(sideOf(same), sideOf(startedTrace({ runs: same.runs })))).toEqual([]);
  });

  it.each([
    [
      'engine: "Docker Engine 28.5.0" before, "Docker Engine 20.10.24" after',
      differing(({ engine }) => ({ engine: { ...engine, version: '20.10.24' } })),
    ],
    [
      'kernel: "6.12.0 x86_64" before, "6.1.0 x86_64" after',
      differing(({ host }) => ({ host: { ...host, kernelRelease: '6.1.0' } })),
    ],
    [
      'source: "ebpf" before, "strace" after',
      differing(({ source }) => ({ source: { ...source, name: 'strace' } })),
    ],
    [
      'after: recorded by a source that slows what it measures',
      differing(({ source }) => ({ source: { ...source, perturbed: true } })),
    ],
    [
      'image: "alpine:3.20" before, "nginx" after',
      differing(({ target }) => ({ target: { ...target, image: 'nginx' } })),
    ],
    [
      'network: "none" before, not given after',
      differing(({ target }) => ({ target: { ...target, network: '' } })),
    ],
    [
      'after: the recording has no end',
      { ...same, recording: { ...same.recording, footer: undefined } },
    ],
    [
      'after: 12 events were lost',
      {
        ...same,
        recording: {
          ...same.recording,
          loss: { at: traceTimeOf(0), losses: [{ where: 'sys_exit', records: 12 }] },
        },
      },
    ],
    ['after: the container exited with 3', startedTrace()],
  ] as [string, Trace][])('notes %s', (note, after) => {
    expect(differencesBetween(sideOf(same), sideOf(after))).toEqual([note]);
  });

  it('tells a cold start from a warm one', () => {
    const reading = (ms: number): ContainerRun => ({
      ...runOf([[ms * MS, 'client', 'blocked', 'storage', 'cold binaries', 'block-io']]),
      exitCode: 0,
    });
    expect(differencesBetween(sideOf(same, reading(42)), sideOf(same, reading(2)))).toEqual([
      'page cache: before waited 42.0 ms for the disk, the other 2.0 ms: one cold, one warm',
    ]);
    expect(differencesBetween(sideOf(same, reading(42)), sideOf(same, reading(30)))).toEqual([]);
    expect(differencesBetween(sideOf(same, reading(0.1)), sideOf(same, reading(4)))).toEqual([]);
  });
});
