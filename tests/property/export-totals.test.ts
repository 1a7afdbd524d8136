/** However a critical path is exported, its parts sum up to the window. */
import fc from 'fast-check';
import { Profile } from 'pprof-format';
import { describe, expect, it, test } from 'vitest';
import { buildTracks } from '../../src/analysis/tracks/tracks.js';
import { traceTimeOf } from '../../src/base/time.js';
import { csvFile } from '../../src/export/csv.js';
import { foldedStacks } from '../../src/export/folded.js';
import { otlpRequest } from '../../src/export/otlp/otlp.js';
import { pprofProfile } from '../../src/export/pprof.js';
import { speedscopeFile } from '../../src/export/speedscope.js';
import { segmentRows } from '../../src/export/tables/starts.js';
import { ACTORS } from '../../src/model/trace/actor-kind.js';
import type { ContainerRun, Trace } from '../../src/model/trace/trace.js';
import { decodeOtlp } from '../support/otlp-schema.js';
import { SAMPLES, sampleTrace } from '../support/samples.js';
import {
  kernelThread,
  type Piece,
  sampleRun,
  segmentsFrom,
  startedTrace,
} from '../support/traces.js';

const sum = (numbers: Iterable<number>): number => {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
};

/** What each format's parts sum up to, ns. */
function totals(trace: Trace): Record<string, number> {
  const folded = [...foldedStacks(trace)].join('').trimEnd().split('\n');
  const speedscope = JSON.parse([...speedscopeFile(trace, buildTracks(trace))].join(''));
  const pprof = Profile.decode(pprofProfile(trace));
  const { spans } = decodeOtlp(otlpRequest(trace));
  const [head = '', ...rows] = [...csvFile(segmentRows(trace))].join('').trimEnd().split('\r\n');
  const duration = head.split(',').indexOf('duration_ns');
  return {
    folded: sum(folded.map((line) => Number(line.slice(line.lastIndexOf(' ') + 1)))),
    speedscope: leafTime(speedscope.profiles[0].events),
    pprof: sum(pprof.sample.map(({ value }) => Number(value[1]))),
    otlp: sum(
      spans
        .filter(({ attributes }) => attributes['dit.span'] === 'stage')
        .map(({ start, end }) => Number(end - start)),
    ),
    // No column before it has text of others, so a comma parts them all.
    csv: sum(rows.map((row) => Number(row.split(',')[duration]))),
  };
}

/** Time in which frames are open; speedscope's profiles have as many opens as closes. */
function leafTime(events: readonly { type: string; at: number }[]): number {
  let open = 0;
  let at = 0;
  let total = 0;
  for (const event of events) {
    if (open > 0) total += event.at - at;
    at = event.at;
    open += event.type === 'O' ? 1 : -1;
  }
  expect(open).toBe(0);
  return total;
}

function expectTotals(trace: Trace): void {
  const { window } = trace.runs[0] as ContainerRun;
  const ns = (window?.end ?? 0) - (window?.start ?? 0);
  expect(totals(trace)).toEqual({ folded: ns, speedscope: ns, pprof: ns, otlp: ns, csv: ns });
}

describe('exports', () => {
  it.each(SAMPLES)('of %s sum up to the window', (name) => expectTotals(sampleTrace(name)));

  test('of any critical path sum up to the window', () => {
    const piece: fc.Arbitrary<Piece> = fc.tuple(
      fc.integer({ min: 1, max: 2 ** 40 }),
      fc.constantFrom(...ACTORS),
      fc.constantFrom('user code', 'syscall', 'runnable', 'blocked'),
      fc.constantFrom('kernel', 'runtime', 'storage', undefined),
      // Whatever a category is called, it is escaped.
      fc.string({ unit: 'binary' }) as fc.Arbitrary<Piece[4]>,
      fc.constantFrom(undefined, 'block-io' as const, kernelThread('a;b 7')),
    );
    fc.assert(
      fc.property(
        fc.array(piece, { minLength: 1, maxLength: 40 }),
        fc.integer({ min: -1e9, max: 1e12 }),
        (pieces, start) => {
          const segments = segmentsFrom(start, pieces);
          const window = {
            start: traceTimeOf(start),
            end: segments.at(-1)?.end ?? traceTimeOf(start),
            from: 'create requested',
            to: 'entrypoint exec',
          } as const;
          expectTotals(startedTrace({ runs: [sampleRun({ segments, window })] }));
        },
      ),
    );
  });
});
