/** Moving a process into a cgroup waits for a grace period of RCU. */
import { type FindingRule, ofCategory, sum, worth } from './rule.js';

export const cgroupRcu: FindingRule<'cgroup-rcu'> = (facts) => {
  const waits = ofCategory(facts, 'cgroups').filter(
    ({ waitsFor }) =>
      waitsFor?.kind === 'rcu' ||
      (waitsFor?.kind === 'kernel-thread' && waitsFor.comm.startsWith('rcu_')),
  );
  const ns = sum(waits);
  if (!worth(ns, facts.window, 5)) return undefined;
  return { ns, facts: { writes: waits.length } };
};
