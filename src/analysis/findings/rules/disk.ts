/** Syscalls wait for the disk. */
import { byActor, type FindingRule, ofCategory, sum, worth } from './rule.js';

export const disk: FindingRule<'disk'> = (facts) => {
  const waits = ofCategory(facts, 'disk wait');
  const ns = sum(waits);
  if (!worth(ns, facts.window, 10)) return undefined;
  return { ns, facts: { waits: waits.length, byActor: byActor(waits) } };
};
