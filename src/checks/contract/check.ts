/** The contract of the ten toolkit tests: what each is given, and what it must do. */

import type { Foreign } from '../../base/foreign.js';
import type { MeasureContext } from '../../measure/context.js';
import type { CheckName, CheckResult } from '../../model/checks/check.js';

export interface Check {
  readonly name: CheckName;
  /** In a sentence. */
  readonly shows: string;
  /** What decides between pass, warn and fail, in words. */
  readonly thresholds: string;
  /** @throws DitError; the runner makes a failed check of it, or a skipped one where a capability is missing (exit 3) */
  readonly run: (context: MeasureContext) => Promise<CheckResult>;
}

/** A check that cannot be done here. */
export const skipped = (reason: Foreign, remedy: Foreign): CheckResult => ({
  verdict: 'skipped',
  reason,
  remedy,
  figures: [],
  findings: [],
  evidence: [],
});
