/** Binaries are read from the disk, because the page cache does not hold them. */
import { byActor, type FindingRule, ofCategory, sum, worth } from './rule.js';

export const coldCache: FindingRule<'cold-cache'> = (facts) => {
  const cold = ofCategory(facts, 'cold binaries');
  const ns = sum(cold);
  if (!worth(ns, facts.window, 5)) return undefined;
  return { ns, facts: { waits: cold.length, byActor: byActor(cold) } };
};
