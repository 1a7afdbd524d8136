import { describe, expect, it } from 'vitest';
import { analyse } from '../../../../src/analysis/analyse.js';
import { PHASE_RULES } from '../../../../src/analysis/path/phase-rules.js';
import { explainRun } from '../../../../src/analysis/summaries/explain.js';
import { WAKE_CONTEXT, WAKE_FLAG } from '../../../../src/model/recording/event-kinds.js';
import type { ContainerRun, Segment } from '../../../../src/model/trace/trace.js';
import { segmentText } from '../../../../src/words/segment-text.js';
import { PID, startedContainer } from '../../../support/stream.js';
import { sampleRecording, sampleRun, segmentsFrom } from '../../../support/traces.js';

const idle = { pid: 0 };

/** init mounts, then waits in fdatasync for the disk, then runs to its exec. */
function explained(examples = 3) {
  const stream = startedContainer({ shim: 2000, runc: 3000, init: 4000, entrypoint: 10_000 })
    .mark('create', 100, 500)
    .switch(4000, idle, { pid: PID.init })
    .syscall('mount', 4100, 4400, PID.init, PID.init, { texts: { 1: '/proc', 2: 'proc' } })
    .syscall('mount', 4500, 4600, PID.init, PID.init, { texts: { 1: '/sys', 2: 'sysfs' } })
    .syscall('fdatasync', 4990, 9050, PID.init, PID.init, { texts: { 8: 'meta.db' } })
    .switch(5000, { pid: PID.init, ioWait: true }, idle)
    .wake(
      8900,
      idle,
      { pid: PID.init },
      { context: WAKE_CONTEXT.hardIrq, flags: WAKE_FLAG.blockCompletion },
    )
    .switch(9000, idle, { pid: PID.init });
  const recording = stream.recording();
  const run = analyse(recording).runs[0] as ContainerRun;
  return { recording, run, rules: explainRun(run, examples) };
}

describe('explainRun', () => {
  it('has every rule of the table, in its order', () => {
    expect(explained().rules.map(({ rule, phase, because }) => ({ rule, phase, because }))).toEqual(
      PHASE_RULES.map(({ id, phase, because }) => ({ rule: id, phase, because })),
    );
  });

  it('accounts for every piece of the path that a rule decided', () => {
    const { rules, run } = explained();
    const window = (run.window?.end ?? 0) - (run.window?.start ?? 0);
    const unattributed = run.segments
      .filter(({ phase }) => phase === undefined)
      .reduce((sum, { start, end }) => sum + (end - start), 0);
    expect(rules.reduce((sum, { ns }) => sum + ns, 0) + unattributed).toBe(window);
    expect(rules.reduce((sum, { segments }) => sum + segments, 0)).toBe(
      run.segments.filter(({ phase }) => phase !== undefined).length,
    );
  });

  it('shows the longest pieces with the events behind them', () => {
    const { recording, rules } = explained();
    const of = (id: string) => rules.find(({ rule }) => rule === id);
    expect(of('mounts')).toMatchObject({ segments: 2, ns: 400, categories: ['mounts'] });
    expect(of('mounts')?.longest.map((segment) => segmentText(recording, segment))).toEqual([
      expect.stringMatching(/^syscall in mount \/proc proc, event \d+$/),
      expect.stringMatching(/^syscall in mount \/sys sysfs, event \d+$/),
    ]);
    const fsync = of('fsync')?.longest[0] as Segment;
    expect(segmentText(recording, fsync)).toMatch(
      /^blocked in fdatasync meta\.db, event \d+, ended by block I\/O, event \d+$/,
    );
    expect(of('hooks')).toMatchObject({ segments: 0, ns: 0, longest: [], categories: ['hooks'] });
    expect(of('program')?.categories).toContain('runc');
  });

  it('shows as many as were asked for', () => {
    expect(explained(1).rules.map(({ longest }) => longest.length)).not.toContain(2);
    expect(explained(0).rules.every(({ longest }) => longest.length === 0)).toBe(true);
  });

  it('says why something is inferred', () => {
    const [segment] = segmentsFrom(0, [[5, 'init', 'blocked', 'runtime', 'runc']]);
    const inferred = { ...segment, inference: { kind: 'wake-up-missing' } } as Segment;
    expect(segmentText(sampleRecording(), inferred)).toBe(
      'blocked outside any syscall (inferred: its wake-up was not recorded)',
    );
  });

  it('explains a start without a path by nothing', () => {
    const none = explainRun(sampleRun({ segments: [] }), 3);
    expect(none.every(({ segments }) => segments === 0)).toBe(true);
  });
});
