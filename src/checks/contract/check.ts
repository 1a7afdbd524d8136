/**
 * The contract of the toolkit tests. A test is a folder of three parts: check.ts measures, judge.ts decides and
 * text.ts finds the words. Only the first has effects.
 */

import type { Foreign } from '../../base/foreign.js';
import type { MeasureContext } from '../../measure/context.js';
import type {
  CheckFindingFacts,
  CheckName,
  CheckResult,
  Figure,
  Judgement,
  ReasonFacts,
} from '../../model/checks/check.js';

/** A test as the runner sees it. */
export interface Check<Name extends CheckName = CheckName> {
  readonly name: Name;
  /** In a sentence. */
  readonly shows: string;
  /** What decides between pass, warn and fail, in words. */
  readonly thresholds: string;
  /** @throws DitError; the runner makes a failed check of it, or a skipped one where a capability is missing (exit 3) */
  readonly run: (context: MeasureContext) => Promise<CheckResult>;
}

export interface CheckParts<
  Name extends CheckName,
  Facts,
  Reason extends ReasonFacts,
  Finding extends CheckFindingFacts,
> {
  readonly name: Name;
  /** @throws DitError */
  readonly measure: (context: MeasureContext) => Promise<Facts | Skip<Reason>>;
  /** Pure. */
  readonly judge: (facts: Facts) => Judgement<Reason, Finding>;
  readonly text: CheckText<Facts, Reason, Finding>;
}

/** The words of a test. Pure. */
export interface CheckText<Facts, Reason, Finding> {
  readonly shows: string;
  /** Made of the same data that judge.ts goes by. */
  readonly thresholds: string;
  readonly reason: (reason: Reason) => ReasonText;
  readonly finding: (finding: Finding) => CheckFindingText;
  readonly figures: (facts: Facts) => readonly Figure[];
  readonly evidence: (facts: Facts) => readonly Foreign[];
}

export interface ReasonText {
  readonly reason: Foreign;
  /** '' where there is nothing to do. */
  readonly remedy: Foreign;
}

export interface CheckFindingText {
  readonly title: Foreign;
  readonly remedy: Foreign;
}

/** In the place of facts: the test cannot be made here, and why. */
export class Skip<Reason extends ReasonFacts> {
  constructor(readonly reason: Reason) {}
}

/** Puts the parts together. */
export function defineCheck<
  Name extends CheckName,
  Facts,
  Reason extends ReasonFacts,
  Finding extends CheckFindingFacts,
>(parts: CheckParts<Name, Facts, Reason, Finding>): Check<Name> {
  const { name, measure, text } = parts;
  const { shows, thresholds } = text;
  const run = async (context: MeasureContext): Promise<CheckResult> => {
    const measured = await measure(context);
    return measured instanceof Skip
      ? skipped(text.reason(measured.reason))
      : resultOf(parts, measured);
  };
  return { name, shows, thresholds, run };
}

/** What was measured, judged and put into words. Pure. */
export function resultOf<Facts, Reason extends ReasonFacts, Finding extends CheckFindingFacts>(
  { judge, text }: Pick<CheckParts<CheckName, Facts, Reason, Finding>, 'judge' | 'text'>,
  facts: Facts,
): CheckResult {
  const { verdict, reason, findings } = judge(facts);
  if (verdict === 'skipped') return skipped(text.reason(reason));
  return {
    verdict,
    ...text.reason(reason),
    figures: text.figures(facts),
    findings: findings.map((finding) => {
      const { severity, id } = finding;
      return { severity, id, ...text.finding(finding) };
    }),
    evidence: text.evidence(facts),
  };
}

/** A test that is not made here. */
export const skipped = ({ reason, remedy }: ReasonText): CheckResult => ({
  verdict: 'skipped',
  reason,
  remedy,
  figures: [],
  findings: [],
  evidence: [],
});
