import { stripVTControlCharacters } from 'node:util';
import pc from 'picocolors';
import { describe, expect, it } from 'vitest';
import { traceTimeOf } from '../../../../src/base/time.js';
import type { ContainerRun, Trace } from '../../../../src/model/trace/trace.js';
import { columnsOf } from '../../../../src/render/common/columns.js';
import { PLAIN_THEME, type Theme } from '../../../../src/render/common/theme.js';
import { niceStep, renderTimeline } from '../../../../src/render/text/timeline.js';
import { sampleRun, segmentsFrom, startedTrace, windowOf } from '../../../support/traces.js';

const colours = pc.createColors(true);
const COLOURED: Theme = {
  heading: colours.bold,
  strong: colours.bold,
  dim: colours.dim,
  good: colours.green,
  warning: colours.yellow,
  bad: colours.red,
  phase: {
    runtime: colours.cyan,
    kernel: colours.magenta,
    storage: colours.yellow,
    unattributed: colours.red,
  },
};

/** "  critical path" and its total take 26 columns: the rest is the drawing. */
const FRAME = 26;

function draw(trace: Trace, width: number, theme = PLAIN_THEME): string[] {
  const run = trace.runs[0] as ContainerRun;
  if (run.window === undefined) throw new Error('the sample has a window');
  return renderTimeline(trace, run, run.window, run.milestones, theme, width);
}

const lane = (lines: readonly string[], name: string): string =>
  (lines.find((line) => line.startsWith(name)) ?? '').slice(15);

/** Ten columns of 10 ms each. */
function smallTrace(): Trace {
  const segments = segmentsFrom(0, [
    [20e6, 'client', 'user code', 'runtime', 'client'],
    [20e6, 'dockerd', 'blocked', 'storage', 'fsync'],
    [20e6, 'dockerd', 'runnable', 'runtime', 'scheduling delay'],
    [20e6, 'init', 'syscall', 'kernel', 'mounts'],
    [20e6, 'init', 'blocked', undefined, 'unattributed'],
  ]);
  const window = windowOf(0, 100e6);
  return startedTrace({
    processes: [],
    runs: [sampleRun({ segments, window, milestones: [] })],
  });
}

describe('timeline', () => {
  it('draws each slice in its lane and on the path, told apart without colour', () => {
    const lines = draw(smallTrace(), FRAME + 10);
    expect(lane(lines, 'critical path')).toBe('██▓▓··▒▒??   100.0 ms');
    expect(lane(lines, 'client')).toBe('██            20.0 ms');
    expect(lane(lines, 'dockerd')).toBe('  ▓▓··        40.0 ms');
    expect(lane(lines, 'init')).toBe('      ▒▒??    40.0 ms');
    expect(lines[4]).toBe(`${' '.repeat(15)}├─────────`);
    expect(lines.join('\n')).toContain('? unattributed');
  });

  it('numbers the milestones below their columns, on more rows where they crowd', () => {
    const trace = smallTrace();
    const [run] = trace.runs;
    const at = (ms: number) => ({ ...sampleRun().milestones[0], time: traceTimeOf(ms * 1e6) });
    const milestones = [at(0), at(41), at(42), at(99)] as ContainerRun['milestones'];
    const lines = draw({ ...trace, runs: [{ ...(run as ContainerRun), milestones }] }, FRAME + 10);
    expect(lines.slice(7, 9).map((line) => line.slice(15))).toEqual(['1   2    4', '    3']);
  });

  it('names the stages between milestones, where there is room', () => {
    const [stages] = draw(startedTrace(), 80);
    expect(stages).toBe('stage          ├create├─├──├runc───├hooks───────────────├init──├start');
    expect(draw(smallTrace(), 80)[0]).toMatch(/^critical path/);
  });

  it('shows who is there, and who is busy, beside the path', () => {
    const lines = draw(startedTrace(), 120);
    const hook = lane(lines, 'hook');
    expect(hook).toMatch(/^ +█+┈+ +61\.0 ms$/);
    expect(lane(lines, 'runc create')).toMatch(/┈─┈/);
    expect(lane(lines, 'dockerd')).toMatch(/^┈███▓+┈*─┈+─┈+·+┈+ +81\.0 ms$/);
  });

  it('keeps the order of a start', () => {
    const names = draw(startedTrace(), 80)
      .map((line) => line.slice(0, 15).trim())
      .filter((name) => /^[a-z ]+$/.test(name));
    expect(names).toEqual([
      'stage',
      'critical path',
      'client',
      'dockerd',
      'containerd',
      'shim',
      'runc create',
      'init',
      'hook',
      'runc start',
    ]);
  });

  it('leaves out what works for another container', () => {
    const trace = startedTrace();
    const processes = trace.processes.map((life) =>
      life.actors[0]?.actor === 'runc start'
        ? {
            ...life,
            actors: life.actors.map((span) => ({ ...span, containerId: 'f'.repeat(64) as never })),
          }
        : life,
    );
    const run = sampleRun({
      segments: sampleRun().segments.filter(({ actor }) => actor !== 'runc start'),
    });
    const lines = draw({ ...trace, processes, runs: [run] }, 80);
    expect(lane(lines, 'runc start')).toBe('');
  });

  it.each([40, 60, 80, 120, 333])('fits %i columns', (width) => {
    for (const line of draw(startedTrace(), width))
      expect(columnsOf(line)).toBeLessThanOrEqual(width);
  });

  it('is the same picture in colour', () => {
    const plain = draw(startedTrace(), 100);
    const coloured = draw(startedTrace(), 100, COLOURED);
    expect(coloured).not.toEqual(plain);
    expect(coloured.map(stripVTControlCharacters)).toEqual(plain);
  });
});

describe('niceStep', () => {
  it.each([
    [1, 1],
    [1.1, 2],
    [3, 5],
    [6, 10],
    [47_000, 50_000],
  ])('at least %d', (least, step) => expect(niceStep(least)).toBe(step));
});
