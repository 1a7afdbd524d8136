/** A finding in words: the only way to them. Each has a file here, and a line in the table. */
import type { Finding, FindingId } from '../../model/trace/findings.js';
import { cgroupRcu } from './cgroup-rcu.js';
import { coldCache } from './cold-cache.js';
import { copyUp } from './copy-up.js';
import { disk } from './disk.js';
import { fsync } from './fsync.js';
import { networkHook } from './network-hook.js';
import { otherStart } from './other-start.js';
import { sealing } from './sealing.js';
import { shortOfCpu } from './short-of-cpu.js';
import { sleep } from './sleep.js';
import { slowHook } from './slow-hook.js';
import type { FindingText, FindingWords } from './text.js';

const WORDS: { readonly [I in FindingId]: FindingWords<I> } = {
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

export function findingText<I extends FindingId>(finding: Finding<I>): FindingText {
  return WORDS[finding.id](finding);
}
