/** What a trace proves: a table of rules, one a file; their words are in words/findings. */
import { durationOf } from '../../base/time.js';
import type { Recording } from '../../model/recording/recording.js';
import type { Finding, FindingId } from '../../model/trace/findings.js';
import type { ContainerRun, ProcessLife } from '../../model/trace/trace.js';
import { cgroupRcu } from './rules/cgroup-rcu.js';
import { coldCache } from './rules/cold-cache.js';
import { copyUp } from './rules/copy-up.js';
import { disk } from './rules/disk.js';
import { fsync } from './rules/fsync.js';
import { networkHook } from './rules/network-hook.js';
import { otherStart } from './rules/other-start.js';
import type { FindingRule, RunFacts } from './rules/rule.js';
import { sealing } from './rules/sealing.js';
import { shortOfCpu } from './rules/short-of-cpu.js';
import { sleep } from './rules/sleep.js';
import { slowHook } from './rules/slow-hook.js';

/** Of findings of one weight, the first here comes first. */
export const FINDING_RULES: { readonly [I in FindingId]: FindingRule<I> } = {
  'short-of-cpu': shortOfCpu,
  'network-hook': networkHook,
  'slow-hook': slowHook,
  fsync,
  'cold-cache': coldCache,
  disk,
  'cgroup-rcu': cgroupRcu,
  sealing,
  sleep,
  'other-start': otherStart,
  'copy-up': copyUp,
};

/** Largest first. */
export function findingsOf(
  run: ContainerRun,
  recording: Recording,
  processes: readonly ProcessLife[],
): Finding[] {
  if (run.window === undefined) return [];
  const window = durationOf(run.window.end - run.window.start);
  const facts: RunFacts = { run, recording, processes, window };
  return (Object.keys(FINDING_RULES) as FindingId[])
    .flatMap((id) => find(id, facts))
    .sort((a, b) => b.ns - a.ns);
}

function find<I extends FindingId>(id: I, facts: RunFacts): Finding<I>[] {
  const found = FINDING_RULES[id](facts);
  return found === undefined ? [] : [{ id, ...found }];
}
