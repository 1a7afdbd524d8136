import { plural } from '../../base/count.js';
import { NS_PER_MS } from '../../base/time.js';
import { actorTimes, type FindingWords, ms } from './text.js';

export const shortOfCpu: FindingWords<'short-of-cpu'> = ({ ns, facts }) => ({
  title: `ready to run but without a CPU for ${ms(ns)} ms: the start was short of CPU`,
  evidence: `${plural(facts.waits, 'wait')} of ${facts.leastNs / NS_PER_MS} ms and more on the critical path, the longest ${ms(facts.longestNs)} ms: ${actorTimes(facts.byActor)}`,
  remedy:
    'measure on an idle machine; in production, give the engine a CPU of its own (CPUAffinity, cpusets)',
});
