/** Another hook than the network's holds the start up. */
import { networkHookSince } from './network-hook-life.js';
import { type FindingRule, longestFirst, programOf, sum, worth } from './rule.js';

export const slowHook: FindingRule<'slow-hook'> = ({ run, processes, window }) => {
  const own = run.segments.filter(
    ({ actor, process }) =>
      actor === 'hook' &&
      process !== undefined &&
      networkHookSince(processes[process]) === undefined,
  );
  const ns = sum(own);
  if (!worth(ns, window, 10)) return undefined;
  const process = longestFirst(own)[0]?.process;
  const life = process === undefined ? undefined : processes[process];
  return { ns, facts: { program: programOf(life), windowNs: window } };
};
