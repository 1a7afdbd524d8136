/** Runs checks one after the other, each in a sandbox of its own, and says what became of each. */
import { randomBytes } from 'node:crypto';
import { DitError, EXIT, messageOf } from '../base/errors.js';
import type { CheckReport, CheckResult } from '../model/check.js';
import { type Check, type CheckContext, skipped } from './check.js';
import { Sandbox } from './sandbox.js';

/** What a check left behind although it was taken away, in words. */
export interface CheckRun {
  readonly report: CheckReport;
  readonly leftBehind: readonly string[];
}

/**
 * One check. Whatever it throws becomes its verdict, but for an interruption, which is thrown when everything is
 * taken away.
 */
export async function runCheck(
  check: Check,
  context: Omit<CheckContext, 'sandbox'>,
): Promise<CheckRun> {
  const { name, shows, thresholds } = check;
  const sandbox = new Sandbox(context.docker, randomBytes(16).toString('hex'));
  const begin = performance.now();
  let result: CheckResult;
  let leftBehind: readonly string[] = [];
  try {
    context.signal.throwIfAborted();
    result = await check.run({ ...context, sandbox });
  } catch (error) {
    if (context.signal.aborted) throw context.signal.reason;
    result = resultOf(error);
  } finally {
    leftBehind = await sandbox.close();
  }
  context.signal.throwIfAborted();
  const ms = performance.now() - begin;
  return { report: { name, shows, thresholds, ms, ...result }, leftBehind };
}

/** A missing capability skips a check; everything else fails it. */
function resultOf(error: unknown): CheckResult {
  if (error instanceof DitError && error.exitCode === EXIT.capability) {
    return skipped(error.message, error.remedy ?? '');
  }
  return {
    ...skipped(`it could not be done: ${messageOf(error)}`, remedyOf(error)),
    verdict: 'fail',
  };
}

const remedyOf = (error: unknown): string =>
  error instanceof DitError && error.remedy !== undefined
    ? error.remedy
    : 'run it again; if it fails again, with DIT_DEBUG=1';
