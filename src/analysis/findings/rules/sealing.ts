/** runc copies its own binary and executes the copy, so that a container cannot change it. */
import { raw } from '../../../base/foreign.js';
import type { ProcessKey } from '../../../base/ids.js';
import { type Duration, durationOf } from '../../../base/time.js';
import type { Segment } from '../../../model/trace/trace.js';
import { type FindingRule, worth } from './rule.js';

export const sealing: FindingRule<'sealing'> = ({ run, processes, window }) => {
  for (const key of run.processes) {
    const life = processes[key];
    const [first, second] = life?.execs.filter(({ argv }) => argv[1] === 'init') ?? [];
    if (life === undefined || first === undefined || second === undefined) continue;
    // The container's own command may have an argument "init" too.
    if (!/^\/(dev|proc\/[^/]+)\/fd\//.test(raw(second.filename))) continue;
    const ns = ownTime(run.segments, key, first.time, second.time);
    if (!worth(ns, window, 2, 0.01)) return undefined;
    return { ns, facts: { pid: life.pid, filename: second.filename } };
  }
  return undefined;
};

/** Time on the path within [from, to) that a process itself ran or waited. */
function ownTime(
  segments: readonly Segment[],
  process: ProcessKey,
  from: number,
  to: number,
): Duration {
  return durationOf(
    segments
      .filter((segment) => segment.process === process)
      .reduce(
        (total, { start, end }) => total + Math.max(0, Math.min(end, to) - Math.max(start, from)),
        0,
      ),
  );
}
