/** A test of several parts: each is judged by itself, and the worst decides. */

import { joinForeign } from '../../base/foreign.js';
import type { CheckFindingFacts, Judgement, ReasonFacts } from '../../model/checks/check.js';
import type { ReasonText } from './check.js';
import { type MeasuredVerdict, worstOf, worstVerdict } from './problems.js';

export interface JudgedPart<Reason extends ReasonFacts, Finding extends CheckFindingFacts> {
  readonly verdict: MeasuredVerdict;
  readonly reason: Reason;
  readonly findings: readonly Finding[];
}

export interface PartsReason<Reason extends ReasonFacts> {
  readonly kind: 'parts';
  readonly parts: readonly { readonly verdict: MeasuredVerdict; readonly reason: Reason }[];
}

export const joinParts = <Reason extends ReasonFacts, Finding extends CheckFindingFacts>(
  parts: readonly JudgedPart<Reason, Finding>[],
): Judgement<PartsReason<Reason>, Finding> => ({
  verdict: worstVerdict(parts),
  reason: { kind: 'parts', parts: parts.map(({ verdict, reason }) => ({ verdict, reason })) },
  findings: parts.flatMap(({ findings }) => findings),
});

/** All of them, and what to do about the worst. */
export function partsText<Reason extends ReasonFacts>(
  { parts }: PartsReason<Reason>,
  textOf: (reason: Reason) => ReasonText,
): ReasonText {
  const worst = worstOf(parts)?.worst;
  return {
    reason: joinForeign(
      parts.map(({ reason }) => textOf(reason).reason),
      '; ',
    ),
    remedy: worst === undefined ? '' : textOf(worst.reason).remedy,
  };
}
