/** What becomes of a check that ends in any way. */
import type Dockerode from 'dockerode';
import { expect, test } from 'vitest';
import { DitError, EXIT } from '../../../src/base/errors.js';
import type { Check } from '../../../src/checks/contract/check.js';
import { runCheck } from '../../../src/checks/run-checks.js';
import type { MeasureContext } from '../../../src/measure/context.js';
import type { CheckResult } from '../../../src/model/checks/check.js';

const PASSED: CheckResult = {
  verdict: 'pass',
  reason: 'as it should be',
  remedy: '',
  figures: [],
  findings: [],
  evidence: [],
};

const check = (run: Check['run']): Check => ({
  name: 'cpu',
  shows: 'something',
  thresholds: 'above',
  run,
});

function contextWith(signal: AbortSignal): Omit<MeasureContext, 'sandbox'> {
  return { docker: {} as Dockerode, signal, say: () => {} } as unknown as Omit<
    MeasureContext,
    'sandbox'
  >;
}
const context = contextWith(new AbortController().signal);

test('a result comes with the name and the time', async () => {
  const { report, leftBehind } = await runCheck(
    check(async () => PASSED),
    context,
  );
  expect(report).toMatchObject({ name: 'cpu', shows: 'something', thresholds: 'above', ...PASSED });
  expect(report?.ms).toBeGreaterThanOrEqual(0);
  expect(leftBehind).toEqual([]);
});

test('a missing capability skips, with the remedy', async () => {
  const error = new DitError({
    code: 'x',
    exitCode: EXIT.unavailable,
    message: 'no eBPF here',
    remedy: 'sudo',
  });
  const { report } = await runCheck(
    check(() => Promise.reject(error)),
    context,
  );
  expect(report).toMatchObject({ verdict: 'skipped', reason: 'no eBPF here', remedy: 'sudo' });
});

test('anything else that is thrown fails', async () => {
  const { report } = await runCheck(
    check(() => Promise.reject(new Error('the engine went away'))),
    context,
  );
  expect(report?.verdict).toBe('fail');
  expect(report?.reason).toContain('the engine went away');
  expect(report?.remedy).not.toBe('');
});

test('what a check made is taken away in reverse order, and what stays is told', async () => {
  const undone: string[] = [];
  const { leftBehind } = await runCheck(
    check(async ({ sandbox }) => {
      sandbox.undo('first', () => {
        undone.push('first');
      });
      sandbox.undo('second', () => {
        throw new Error('busy');
      });
      sandbox.undo('third', () => {
        undone.push('third');
      });
      throw new Error('half-way');
    }),
    context,
  );
  expect(undone).toEqual(['third', 'first']);
  expect(leftBehind).toEqual(['second: busy']);
});

test('an interrupted check has no report; what it made is taken away, and what stays is told', async () => {
  const controller = new AbortController();
  let undone = false;
  const run = await runCheck(
    check(async ({ sandbox, signal }) => {
      sandbox.undo('all', () => {
        undone = true;
      });
      sandbox.undo('one', () => {
        throw new Error('busy');
      });
      controller.abort(new Error('ended by SIGINT'));
      signal.throwIfAborted();
      return PASSED;
    }),
    contextWith(controller.signal),
  );
  expect(run).toEqual({ report: undefined, leftBehind: ['one: busy'] });
  expect(undone).toBe(true);
});
