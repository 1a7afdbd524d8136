import { describe, expect, it } from 'vitest';
import { analyse } from '../../../src/analysis/analyse.js';
import { MILESTONES } from '../../../src/analysis/milestones/milestones.js';
import { compareRuns } from '../../../src/analysis/summaries/diff.js';
import { explainRun } from '../../../src/analysis/summaries/explain.js';
import type { ContainerRun } from '../../../src/model/trace/trace.js';
import { packagePath } from '../../../src/platform/package-files.js';
import { readTraceFile } from '../../../src/tracefile/reader.js';

/** Of recordings of commands, of starts with --init, and of recordings without a kernel. */
const OTHER_SOURCES = ['command exec', "init's command exec", 'start answered'];
const HOOKS = ['hooks began', 'hooks ended'];
const SAMPLES = [
  { file: 'docker-20.10/none.dit', version: '20.10', without: [] },
  { file: 'docker-20.10/bridge.dit', version: '20.10', without: [] },
  { file: 'docker-20.10/slow-runtime.dit', version: '20.10', without: [] },
  // This engine sets the network up itself.
  { file: 'docker-28.5/none.dit', version: '28.5', without: HOOKS },
  { file: 'docker-28.5/bridge.dit', version: '28.5', without: HOOKS },
] as const;

describe.each(SAMPLES)('the recorded start $file', ({ file, version, without }) => {
  const recording = readTraceFile(packagePath(`traces/samples/${file}`));
  const trace = analyse(recording);
  const run = trace.runs[0] as ContainerRun;

  it('is whole, and of one container', () => {
    expect(trace.runs).toHaveLength(1);
    expect(trace.warnings.filter(({ code }) => code !== 'inferred')).toEqual([]);
    expect(recording.header.engine.version).toContain(version);
    expect(recording.footer).toMatchObject({
      outcome: 'complete',
      events: recording.events.length,
    });
    expect(recording.loss?.losses.every(({ records }) => records === 0)).toBe(true);
  });

  it('has every milestone, in causal order, with exact evidence', () => {
    const expected = MILESTONES.map(([name]) => name).filter(
      (name) => !(without as readonly string[]).includes(name) && !OTHER_SOURCES.includes(name),
    );
    expect(run.milestones.map(({ name }) => name)).toEqual(expected);
    expect(run.milestones.map(({ certainty }) => certainty)).not.toContain('inferred');
    const upToExec = run.milestones.slice(0, expected.indexOf('entrypoint exec') + 1);
    const times = upToExec.map(({ time }) => time);
    // The rootfs is mounted and hooks run where the engine's release does it; the rest is one chain.
    expect([...times].sort((a, b) => a - b)).toEqual(times);
    expect(run.absent.map(({ name }) => name)).toEqual([...without]);
  });

  it('is attributed to the nanosecond', () => {
    const window = run.window as NonNullable<ContainerRun['window']>;
    let at: number = window.start;
    for (const { start, end } of run.segments) {
      expect(start).toBe(at);
      at = end;
    }
    expect(at).toBe(window.end);
    const explained = explainRun(run, 1).reduce((sum, { ns }) => sum + ns, 0);
    expect(explained).toBe(window.end - window.start);
    const named = run.segments.filter(({ actor }) => actor !== 'other');
    const share = named.reduce((sum, { start, end }) => sum + end - start, 0) / explained;
    expect(share).toBeGreaterThanOrEqual(0.999);
  });

  it('goes through the actors of a start', () => {
    const actors = new Set(run.segments.map(({ actor }) => actor));
    for (const actor of [
      'client',
      'dockerd',
      'containerd',
      'shim',
      'runc create',
      'init',
      'runc start',
    ]) {
      expect(actors).toContain(actor);
    }
    expect(actors.has('hook')).toBe(without.length === 0);
  });
});

describe('the start with a runtime that sleeps 200 ms', () => {
  const runOf = (file: string): ContainerRun =>
    analyse(readTraceFile(packagePath(`traces/samples/${file}`))).runs[0] as ContainerRun;
  const slow = runOf('docker-20.10/slow-runtime.dit');

  it('differs from the usual one by that sleep before all', () => {
    const [first] = compareRuns(runOf('docker-20.10/none.dit'), slow).differences;
    expect(first).toMatchObject({ actor: 'runc create', phase: 'runtime', category: 'sleep' });
    const grown = ((first?.after ?? 0) - (first?.before ?? 0)) / 1e6;
    expect(Math.abs(grown - 200)).toBeLessThan(5);
  });

  it('has it as its first finding', () => {
    expect(slow.findings[0]).toMatchObject({ id: 'sleep' });
  });
});
