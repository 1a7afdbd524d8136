import { plural } from '../../base/count.js';
import { quoting } from '../../base/foreign.js';
import { actorTimes, type FindingWords, ms } from './text.js';

export const sleep: FindingWords<'sleep'> = ({
  ns,
  facts: { sleeps, program, actor, byActor },
}) => ({
  title: `the start slept for ${ms(ns)} ms: it waited for a timer and for nothing else`,
  evidence: quoting`${program ?? 'a process'} (${actor}), ${plural(sleeps, 'sleep')}: ${actorTimes(byActor)}`,
  remedy:
    'look for a sleep or a polling loop in that program; a wrapper around the OCI runtime is a usual suspect',
});
