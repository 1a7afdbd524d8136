/** The start waits for another container's. */
import { type FindingRule, longestFirst, sum, worth } from './rule.js';

export const otherStart: FindingRule<'other-start'> = ({ run, window }) => {
  const waits = run.segments.filter(({ waitsFor }) => waitsFor?.kind === 'other-container');
  const ns = sum(waits);
  const cause = longestFirst(waits)[0]?.waitsFor;
  if (cause?.kind !== 'other-container' || !worth(ns, window, 5)) return undefined;
  return { ns, facts: { waits: waits.length, actor: cause.actor, pid: cause.pid } };
};
