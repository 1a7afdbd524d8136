/** The start waits for files to be on the disk. */
import { durationOf } from '../../../base/time.js';
import { viewSyscall } from '../../../model/syscalls/syscall-view.js';
import type { SyncCause } from '../../../model/trace/findings.js';
import { median } from '../../../stats/summary.js';
import { byActor, type FindingRule, ofCategory, sum, sumBy, worth } from './rule.js';

/** A flush takes less on a disk that is fast and has nothing else to do: 2 ms, as that is shown. */
const SLOW_NS = 1_950_000;
/** As few of the flushes as this, and the disk was busy for a moment: it is not slow. */
const STALLS_SHARE = 0.25;

const isSlow = (ns: number): boolean => ns >= SLOW_NS;

export const fsync: FindingRule<'fsync'> = (facts) => {
  const synced = ofCategory(facts, 'fsync');
  const ns = sum(synced);
  if (!worth(ns, facts.window, 5)) return undefined;
  const lengths = sumBy(synced, ({ syscall }) => syscall).map(([, each]) => each);
  const [worst] = sumBy(synced, ({ syscall }) =>
    syscall === undefined ? undefined : viewSyscall(facts.recording, syscall).file(0),
  );
  return {
    ns,
    facts: {
      calls: lengths.length,
      medianNs: durationOf(median(lengths)),
      longestNs: lengths[0] ?? durationOf(0),
      slow: lengths.filter(isSlow).length,
      cause: causeOf(lengths, ns),
      worst: worst === undefined ? undefined : { file: worst[0], ns: worst[1] },
      byActor: byActor(synced),
    },
  };
};

/** What each call took decides, not their mean: one that stalls makes 24 quick ones look slow. */
function causeOf(lengths: readonly number[], ns: number): SyncCause {
  const slow = lengths.filter(isSlow);
  if (slow.reduce((total, each) => total + each, 0) < ns / 2) return 'many';
  return slow.length <= lengths.length * STALLS_SHARE ? 'stalls' : 'slow-disk';
}
