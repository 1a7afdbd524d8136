import { plural } from '../../base/count.js';
import { actorTimes, type FindingWords, ms } from './text.js';

export const coldCache: FindingWords<'cold-cache'> = ({ ns, facts: { waits, byActor } }) => ({
  title: `binaries were read from disk for ${ms(ns)} ms: the page cache was cold`,
  evidence: `${plural(waits, 'wait')} for block I/O in page faults and execve: ${actorTimes(byActor)}`,
  remedy:
    "the next start will be faster; after a boot or under memory pressure, keep the engine's binaries cached (vmtouch -l)",
});
