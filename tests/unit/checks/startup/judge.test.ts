/** What is said of several recorded starts. */
import { describe, expect, test } from 'vitest';
import type { TraceTime } from '../../../../src/base/time.js';
import { resultOf } from '../../../../src/checks/contract/check.js';
import {
  judgeStartup,
  type NotCold,
  type Start,
  type StartupFacts,
} from '../../../../src/checks/startup/judge.js';
import { startupText } from '../../../../src/checks/startup/text.js';
import { measureStart, middleStart, type StartMeasure } from '../../../../src/measure/start.js';
import type { ContainerRun, Milestone } from '../../../../src/model/trace/trace.js';
import { SAMPLES, sampleTrace } from '../../../support/samples.js';

function startOf(sample: string): Start {
  const trace = sampleTrace(sample);
  const run = trace.runs[0] as ContainerRun;
  return { ...(measureStart(run) as StartMeasure), trace, run };
}

const whole = startOf('docker-28.5/none.dit');
/** Phases of which the whole is 100 ms. */
function made(parts: Partial<Record<string, number>>, more: Partial<Start> = {}): Start {
  const phases = (['runtime', 'kernel', 'storage', 'unattributed'] as const).map((phase) => ({
    phase,
    ns: (parts[phase] ?? 0) * 1e6,
    certainty: 'exact' as const,
  }));
  return { ...whole, totalNs: 100e6, schedulingDelayNs: 0, phases, ...more };
}
const facts = (middle: Start, others: readonly Start[] = []): StartupFacts => ({
  pulledNs: undefined,
  first: whole,
  freshness: 'new layer',
  cold: [],
  notCold: { kind: 'refused', why: 'not root' },
  warm: [middle, ...others],
});
const report = (seen: StartupFacts) => resultOf({ judge: judgeStartup, text: startupText }, seen);
const result = (middle: Start, others?: readonly Start[]) => report(facts(middle, others));

describe('one start', () => {
  test.each(SAMPLES)('of %s: the phases are the whole, without a rest', (sample) => {
    const start = startOf(sample);
    expect(start.to).toBe('entrypoint exec');
    expect(start.phases.reduce((sum, { ns }) => sum + ns, 0)).toBe(start.totalNs);
    expect(start.schedulingDelayNs).toBeLessThan(start.totalNs);
  });

  test('the teardown is from the exit to the answer to the removal, and apart', () => {
    const { run, totalNs } = whole;
    const at = (time: number, name: Milestone['name']): Milestone => ({
      name,
      time: time as TraceTime,
      certainty: 'exact',
      evidence: { kind: 'mark', mark: 0, text: '' },
    });
    const kept = run.milestones.filter(({ name }) => name !== 'exited' && name !== 'removed');
    const ended = { ...run, milestones: [...kept, at(5e8, 'exited'), at(7e8, 'removed')] };
    expect(measureStart(ended)).toMatchObject({ totalNs, teardownNs: 2e8 });
    expect(measureStart({ ...run, milestones: kept })?.teardownNs).toBeUndefined();
  });

  test('that never reached its entrypoint has no measure', () => {
    expect(measureStart({ ...whole.run, window: undefined })).toBeUndefined();
  });
});

test('the middle one of an even number is the faster of two', () => {
  const starts = [40, 10, 30, 20].map((totalNs) => ({ totalNs }));
  expect(middleStart(starts)).toEqual({ totalNs: 20 });
  expect(middleStart([])).toBeUndefined();
});

describe('the verdict', () => {
  test.each([
    ['typical', made({ runtime: 95, storage: 5 }), 'pass', /100\.0 ms/],
    ['scheduling', made({ runtime: 100 }, { schedulingDelayNs: 41e6 }), 'warn', /41 %/],
    ['storage', made({ runtime: 55, storage: 45 }), 'warn', /45 %/],
    ['unattributed', made({ runtime: 98, unattributed: 2 }), 'warn', /2 % of it has no/],
  ])('%s', (kind, start, verdict, reason) => {
    const judged = judgeStartup(facts(start));
    expect(judged).toMatchObject({ verdict, reason: { kind } });
    const said = result(start);
    expect(said.reason).toMatch(reason);
    expect(said.remedy === '').toBe(verdict === 'pass');
  });

  test('a start that takes much longer than the middle one', () => {
    const slow = made({ runtime: 350 }, { totalNs: 350e6 });
    const usual = made({ runtime: 100 });
    expect(judgeStartup(facts(usual, [usual, slow]))).toMatchObject({
      verdict: 'warn',
      reason: { kind: 'spread', times: 3.5 },
    });
  });

  test('a recording that slowed what it measured', () => {
    const start = made({ runtime: 100 });
    const { recording } = start.trace;
    const source = { ...recording.header.source, perturbed: true, perturbation: 'by ptrace' };
    const header = { ...recording.header, source };
    const slowed = { ...start, trace: { ...start.trace, recording: { ...recording, header } } };
    expect(result(slowed)).toMatchObject({
      verdict: 'warn',
      reason: expect.stringMatching(/recording slowed it: by ptrace$/),
    });
  });

  test('the API alone is asked for no phases', () => {
    const start = made({ unattributed: 100 }, { to: 'start answered' });
    const said = result(start);
    expect(said.verdict).toBe('pass');
    expect(said.figures.map(({ group }) => group)).not.toContain('warm start by phase');
  });
});

test.each<[NotCold, string]>([
  [{ kind: 'refused', why: 'not root' }, 'cold: not measured: not root'],
  [
    { kind: 'out of reach' },
    'cold: not measured: the page cache is not on this machine, or dit may not drop it',
  ],
])('what was not measured is reported, not shown as nothing: %j', (notCold, line) => {
  const said = report({ ...facts(made({ runtime: 100 })), notCold });
  expect(said.evidence).toContain(line);
  expect(said.figures.filter(({ name }) => name.startsWith('page cache cold'))).toEqual([]);
});
