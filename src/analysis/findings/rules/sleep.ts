/** A program of the start sleeps. */
import {
  byActor,
  type FindingRule,
  longestFirst,
  ofCategory,
  programOf,
  sum,
  worth,
} from './rule.js';

export const sleep: FindingRule<'sleep'> = (facts) => {
  const slept = ofCategory(facts, 'sleep');
  const [longest] = longestFirst(slept);
  const ns = sum(slept);
  if (longest === undefined || !worth(ns, facts.window, 10)) return undefined;
  const life = longest.process === undefined ? undefined : facts.processes[longest.process];
  return {
    ns,
    facts: {
      sleeps: slept.length,
      program: programOf(life),
      actor: longest.actor,
      byActor: byActor(slept),
    },
  };
};
