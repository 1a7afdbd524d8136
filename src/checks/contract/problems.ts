/** Of several problems or parts of a test the worst decides. */

import type { Verdict } from '../../model/checks/check.js';

/** Of what was measured: a skipped test has measured nothing. */
export type MeasuredVerdict = Exclude<Verdict, 'skipped'>;

const WORST_FIRST: readonly MeasuredVerdict[] = ['fail', 'warn', 'pass'];

interface Judged {
  readonly verdict: MeasuredVerdict;
}

export const worstVerdict = (parts: readonly Judged[]): MeasuredVerdict =>
  WORST_FIRST.find((each) => parts.some(({ verdict }) => verdict === each)) ?? 'pass';

/** The first of the worst, and how many others there are; undefined without any. */
export function worstOf<Problem extends Judged>(
  problems: readonly Problem[],
): { readonly worst: Problem; readonly others: number } | undefined {
  const verdict = worstVerdict(problems);
  const worst = problems.find((problem) => problem.verdict === verdict);
  return worst && { worst, others: problems.length - 1 };
}
