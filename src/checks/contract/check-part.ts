/** A check that consists of several measurements: each judges itself, and the worst decides. */
import { type Foreign, joinForeign } from '../../base/foreign.js';
import type { CheckResult, Verdict } from '../../model/checks/check.js';

export interface CheckPart extends CheckResult {
  readonly verdict: Exclude<Verdict, 'skipped'>;
}

const WORST_FIRST: readonly CheckPart['verdict'][] = ['fail', 'warn', 'pass'];

export function joinParts(parts: readonly CheckPart[]): CheckResult {
  const verdict = WORST_FIRST.find((each) => parts.some((part) => part.verdict === each)) ?? 'pass';
  return {
    verdict,
    reason: joinForeign(
      parts.map(({ reason }) => reason),
      '; ',
    ),
    remedy: parts.find((part) => part.verdict === verdict)?.remedy ?? '',
    figures: parts.flatMap(({ figures }) => figures),
    findings: parts.flatMap(({ findings }) => findings),
    evidence: parts.flatMap(({ evidence }) => evidence),
  };
}

/** What could not be measured, and lets the rest stand: the id is the finding's. */
export const leftOut = (id: string, title: Foreign, remedy: Foreign): CheckPart => ({
  verdict: 'pass',
  reason: title,
  remedy: '',
  figures: [],
  findings: [{ severity: 'info', id, title, remedy }],
  evidence: [],
});
