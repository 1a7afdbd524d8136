import { describe, expect, it } from 'vitest';
import { DitError } from '../../../src/base/errors.js';
import { foldedStacks } from '../../../src/export/folded.js';
import type { Trace } from '../../../src/model/trace/trace.js';
import { SAMPLES, sampleTrace } from '../../support/samples.js';
import {
  failedTrace,
  hostileTrace,
  sampleRun,
  segmentsFrom,
  startedTrace,
} from '../../support/traces.js';

/** As flamegraph.pl reads a line. */
function parse(text: string): { stack: string[]; ns: number }[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const [, stack, ns] = /^(.*)\s+?(\d+(?:\.\d*)?)$/.exec(line) ?? [];
      if (stack === undefined) throw new Error(`no folded line: ${line}`);
      return { stack: stack.split(';'), ns: Number(ns) };
    });
}

const folded = (trace: Trace) => parse([...foldedStacks(trace)].join(''));
const sum = (lines: readonly { ns: number }[]): number =>
  lines.reduce((total, { ns }) => total + ns, 0);

describe('folded stacks', () => {
  it.each(SAMPLES)('of %s sum up to the window', (name) => {
    const trace = sampleTrace(name);
    const { window } = trace.runs[0] as Trace['runs'][0];
    expect(sum(folded(trace))).toBe((window?.end ?? 0) - (window?.start ?? 0));
  });

  it('go from the start to the category, the largest first', () => {
    const lines = folded(startedTrace());
    expect(lines[0]).toEqual({
      stack: ['eager_lamport', 'hook', '(unknown program)', 'user code', 'hooks (runtime)'],
      ns: 61e6,
    });
    expect(lines.map(({ ns }) => ns)).toEqual(lines.map(({ ns }) => ns).sort((a, b) => b - a));
  });

  it('say what a blocked thread waits for', () => {
    expect(folded(startedTrace()).map(({ stack }) => stack.slice(3))).toContainEqual([
      'blocked',
      'waits for block I/O',
      'fsync (storage)',
    ]);
  });

  it('add up what has the same stack', () => {
    const segments = segmentsFrom(0, [
      [5, 'init', 'user code', 'runtime', 'runc'],
      [3, 'shim', 'user code', 'runtime', 'shim'],
      [7, 'init', 'user code', 'runtime', 'runc'],
    ]);
    expect(folded(startedTrace({ runs: [sampleRun({ segments })] }))).toMatchObject([
      { ns: 12 },
      { ns: 3 },
    ]);
  });

  it('keep names that would part frames or lines together', () => {
    const name = 'a;b\nc 7 ';
    const [line] = folded(startedTrace({ runs: [sampleRun({ name })] }));
    expect(line?.stack).toHaveLength(5);
    expect(line?.stack[0]).toBe('a:b\\nc 7');
  });

  it('hold nothing that a terminal acts on', () => {
    expect([...foldedStacks(hostileTrace())].join('')).not.toMatch(/[^\P{C}\n]/u);
  });

  it('tell the starts of a trace with many apart', () => {
    const trace = startedTrace({ runs: [sampleRun(), sampleRun()] });
    expect(folded(trace)[0]?.stack[0]).toBe('eager_lamport 0123456789ab');
  });

  it('need a start that was seen whole', () => {
    expect(() => foldedStacks(failedTrace())).toThrow(DitError);
    expect(() => foldedStacks(failedTrace())).toThrow(/no start that was seen whole/);
  });
});
