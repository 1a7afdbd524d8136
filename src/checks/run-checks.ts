/** Runs checks one after the other, each in a sandbox of its own, and reports what became of each. */

import { randomBytes } from 'node:crypto';
import { DitError, EXIT, messageOf } from '../base/errors.js';
import { type Foreign, quoting } from '../base/foreign.js';
import type { MeasureContext } from '../measure/context.js';
import { Sandbox } from '../measure/sandbox/sandbox.js';
import type { CheckReport, CheckResult } from '../model/checks/check.js';
import { type Check, skipped } from './contract/check.js';

export interface CheckRun {
  /** undefined: it was interrupted. */
  readonly report: CheckReport | undefined;
  /** What could not be taken away, in words. */
  readonly leftBehind: readonly Foreign[];
}

/** One check. Whatever it throws becomes its verdict, but for an interruption. */
export async function runCheck(
  check: Check,
  context: Omit<MeasureContext, 'sandbox'>,
): Promise<CheckRun> {
  const { name, shows, thresholds } = check;
  const sandbox = new Sandbox(context.docker, randomBytes(16).toString('hex'), context.signal);
  const begin = performance.now();
  let result: CheckResult;
  try {
    context.signal.throwIfAborted();
    result = await check.run({ ...context, sandbox });
  } catch (error) {
    result = resultOf(error);
  }
  const leftBehind = await sandbox.close();
  const ms = performance.now() - begin;
  const report = context.signal.aborted ? undefined : { name, shows, thresholds, ms, ...result };
  return { report, leftBehind };
}

/** A missing capability skips a check; everything else fails it. */
function resultOf(error: unknown): CheckResult {
  if (error instanceof DitError && error.exitCode === EXIT.unavailable) {
    return skipped({ reason: error.message, remedy: error.remedy ?? '' });
  }
  return {
    ...skipped({
      reason: quoting`the test could not be completed: ${messageOf(error)}`,
      remedy: remedyOf(error),
    }),
    verdict: 'fail',
  };
}

const remedyOf = (error: unknown): Foreign =>
  error instanceof DitError && error.remedy !== undefined
    ? error.remedy
    : 'run it again; if it fails again, rerun it with DIT_DEBUG=1 for details';
