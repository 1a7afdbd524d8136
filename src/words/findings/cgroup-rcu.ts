import { plural } from '../../base/count.js';
import { type FindingWords, ms } from './text.js';

export const cgroupRcu: FindingWords<'cgroup-rcu'> = ({ ns, facts: { writes } }) => ({
  title: `moving a process into its cgroup waited ${ms(ns)} ms for the kernel`,
  evidence: `${plural(writes, 'write')} to cgroup.procs blocked until an RCU grace period ended`,
  remedy: 'mount cgroup2 with favordynmods (Linux 6.0 and later; CONFIG_CGROUP_FAVOR_DYNMODS)',
});
