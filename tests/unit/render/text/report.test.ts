import { describe, expect, it } from 'vitest';
import { columnsOf } from '../../../../src/render/common/columns.js';
import { PLAIN_THEME } from '../../../../src/render/common/theme.js';
import { renderReport } from '../../../../src/render/text/report.js';
import { ACTED_ON } from '../../../support/terminal.js';
import {
  cutTrace,
  failedTrace,
  HOSTILE,
  hostileTrace,
  sampleRecording,
  sampleRun,
  startedTrace,
} from '../../../support/traces.js';

const report = (trace = startedTrace(), width = 80, all = false): string =>
  renderReport(trace, { theme: PLAIN_THEME, width, all });

describe('report', () => {
  it('always says how many events were lost', () => {
    expect(report()).toContain('\nlost events: 0 of 6\n');
    expect(report(failedTrace())).toContain('\nlost events: 1,234 of 1,240\n');
    expect(report(cutTrace())).toContain('\nlost events: unknown');
  });

  it('sums to the window', () => {
    expect(report()).toContain('\nsum = window: 264,113,201 ns\n');
  });

  it('says so when it does not', () => {
    const run = sampleRun();
    const text = report(startedTrace({ runs: [{ ...run, segments: run.segments.slice(1) }] }));
    expect(text).toContain('\nsum 261,113,000 ns, window: 264,113,201 ns\n');
  });

  it('lists milestones by time, however the trace orders them', () => {
    const run = sampleRun();
    const reversed = startedTrace({ runs: [{ ...run, milestones: run.milestones.toReversed() }] });
    expect(report(reversed)).toBe(report());
  });

  it('tells inferred from exact, and where each comes from', () => {
    expect(report(startedTrace(), 120)).toMatch(
      / 7 {2}cgroup attached .* inferred {2}pid 2020 into/,
    );
    expect(report(startedTrace(), 120)).toMatch(/ 2 {2}create answered .* exact {5}api: create/);
  });

  it('gives the reason of what is absent', () => {
    expect(report(startedTrace(), 120)).toMatch(
      / - {2}removed +absent +the container was not removed/,
    );
  });

  it('begins with what went wrong', () => {
    expect(report(failedTrace(), 200).split('\n')[1]).toBe(
      '! the start failed: OCI runtime create failed: exec: "/nosuch": stat /nosuch: no such file or directory: unknown',
    );
    expect(report(cutTrace(), 200).split('\n').slice(1, 3)).toEqual([
      '! the recording ends early: dit was killed or the file was cut; its last event is 305.0 ms after its beginning',
      '! the file is damaged in 1 place; the rest was read',
    ]);
    const interrupted = startedTrace();
    const footer = { ...interrupted.recording.footer, outcome: 'interrupted' } as never;
    expect(report({ ...interrupted, recording: { ...interrupted.recording, footer } })).toContain(
      '! the recording was interrupted',
    );
  });

  it('shows what there is of a recording without a container', () => {
    const text = report(startedTrace({ runs: [] }));
    expect(text).toContain('alpine:3.20   no whole start was recorded\n');
    expect(text).toContain('! no container was created while this was recorded');
    expect(text).not.toContain('TIMELINE');
  });

  it('reads an empty recording', () => {
    const recording = sampleRecording({ footer: undefined, loss: undefined });
    const nothing = {
      order: new Uint32Array(),
      processes: [],
      runs: [],
      foreign: [],
      warnings: [],
    };
    const text = report({ recording, ...nothing }, 200);
    expect(text).toContain('it holds no event');
  });

  it('heads each run where there are several', () => {
    const text = report(startedTrace({ runs: [sampleRun(), sampleRun({ name: 'other_run' })] }));
    expect(text).toContain('2 containers were started\n');
    expect(text).toMatch(/^0123456789ab {2}other_run .* ms from the create request/m);
    expect(text.match(/^TIMELINE/gm)).toHaveLength(2);
  });

  it('shows everything when asked', () => {
    expect(report(startedTrace(), 80)).toContain('and 11 smaller ones, together 98.113 ms: --all');
    const all = report(startedTrace(), 80, true);
    expect(all).not.toContain('smaller ones');
    expect(all).toContain('attached: tp_btf/sched_switch');
    expect(all).toMatch(/^16 {2}init +unattributed/m);
  });

  it.each([40, 41, 60, 80, 120, 200])('keeps to %i columns', (width) => {
    for (const trace of [startedTrace(), failedTrace(), cutTrace(), hostileTrace()]) {
      for (const line of report(trace, width).split('\n')) {
        expect(columnsOf(line)).toBeLessThanOrEqual(width);
      }
    }
  });

  it('lets nothing through that a terminal acts on', () => {
    const text = report(hostileTrace(), 200, true);
    expect(ACTED_ON.test(text.replaceAll('\n', ''))).toBe(false);
    expect(text).not.toContain(HOSTILE);
    expect(text).toContain('\\x1b[2J');
  });
});
