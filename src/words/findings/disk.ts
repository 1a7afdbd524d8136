import { plural } from '../../base/count.js';
import { actorTimes, type FindingWords, ms } from './text.js';

export const disk: FindingWords<'disk'> = ({ ns, facts: { waits, byActor } }) => ({
  title: `the disk kept the start waiting for ${ms(ns)} ms`,
  evidence: `${plural(waits, 'wait')} for block I/O in syscalls: ${actorTimes(byActor)}`,
  remedy: "look at the disk below the engine's data root: iostat -x 1, and its I/O limits",
});
