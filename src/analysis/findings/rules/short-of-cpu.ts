/** The start's threads could run and had no CPU. */
import { durationOf, NS_PER_MS } from '../../../base/time.js';
import { lengthOf } from '../../../model/trace/totals.js';
import { byActor, type FindingRule, longestFirst, ofCategory, sum, worth } from './rule.js';

/** A thread that is ready waits tens of µs for any CPU; an engine's start has hundreds of such waits on an idle machine. */
const LONG_WAIT_NS = durationOf(NS_PER_MS);

export const shortOfCpu: FindingRule<'short-of-cpu'> = (facts) => {
  const waits = longestFirst(ofCategory(facts, 'scheduling delay')).filter(
    (wait) => lengthOf(wait) >= LONG_WAIT_NS,
  );
  const [longest] = waits;
  const ns = sum(waits);
  if (longest === undefined || !worth(ns, facts.window, 10, 0.1)) return undefined;
  return {
    ns,
    facts: {
      waits: waits.length,
      leastNs: LONG_WAIT_NS,
      longestNs: durationOf(lengthOf(longest)),
      byActor: byActor(waits),
    },
  };
};
