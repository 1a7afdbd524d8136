/** The network is set up by a hook that executes dockerd anew. */
import type { ProcessKey } from '../../../base/ids.js';
import { type Duration, durationOf } from '../../../base/time.js';
import type { Segment } from '../../../model/trace/trace.js';
import { networkHookSince } from './network-hook-life.js';
import { type FindingRule, worth } from './rule.js';

export const networkHook: FindingRule<'network-hook'> = ({ run, processes, window }) => {
  const key = run.processes.find((each) => networkHookSince(processes[each]) !== undefined);
  const hook = key === undefined ? undefined : processes[key];
  const [from, to] = [networkHookSince(hook), hook?.end];
  if (hook === undefined || from === undefined || to === undefined) return undefined;
  const ns = heldFor(run.segments, hook.key, from, to);
  if (!worth(ns, window, 5)) return undefined;
  // dockerd forks them, for all the containers that start: those that this start waited for are its own.
  const onPath = new Set(run.segments.map(({ process }) => process));
  const again = [...onPath].filter((own) => {
    const life = own === undefined || own === key ? undefined : processes[own];
    return (
      life?.start !== undefined &&
      life.start >= from &&
      life.start < to &&
      life.execs.some(({ filename }) => filename.startsWith('/proc/'))
    );
  }).length;
  return { ns, facts: { pid: hook.pid, execs: again + 1, windowNs: window } };
};

/**
 * Time on the path within [from, to) from when a process first has it until it last has it: where the path leaves it
 * and comes back, it waited for what came between. 0: nothing waited for the process.
 */
function heldFor(
  segments: readonly Segment[],
  process: ProcessKey,
  from: number,
  to: number,
): Duration {
  const has = (segment: Segment): boolean =>
    segment.process === process && segment.end > from && segment.start < to;
  const first = segments.find(has);
  const last = segments.findLast(has);
  if (first === undefined || last === undefined) return durationOf(0);
  return durationOf(Math.min(last.end, to) - Math.max(first.start, from));
}
