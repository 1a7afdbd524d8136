/** Threads as /proc shows them to who traces them: by whom, in which state, how often they have waited. */

import { readFileSync } from 'node:fs';
import { unlessAbsent } from '../../base/errors.js';
import { namespaceOf } from '../../platform/processes/pid-namespace.js';
import { processStat, threadIds } from '../../platform/processes/process-table.js';
import type { KnownThreads } from './threads.js';

export interface Tracee {
  readonly pid: number;
  readonly tid: number;
  /** 0: nobody. */
  readonly tracerPid: number;
  /** "S", "R", "t" while its tracer has it stopped, "T" while a signal has. */
  readonly state: string;
  readonly voluntarySwitches: number;
}

/** The threads of these processes that still live. */
export const traceesOf = (pids: Iterable<number>): Tracee[] =>
  [...pids].flatMap((pid) => threadIds(pid).flatMap((tid) => traceeOf(pid, tid) ?? []));

function traceeOf(pid: number, tid: number): Tracee | undefined {
  const path = `/proc/${pid}/task/${tid}/status`;
  const status = unlessAbsent(() => readFileSync(path, 'utf8'), undefined);
  if (status === undefined) return undefined;
  const field = (name: string): string =>
    new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(status)?.[1] ?? '';
  const state = field('State');
  if (state === 'Z' || state === 'X') return undefined;
  return {
    pid,
    tid,
    tracerPid: Number(field('TracerPid')),
    state,
    voluntarySwitches: Number(field('voluntary_ctxt_switches')),
  };
}

/** What the decoder must know of processes that were there before. */
export function knownThreads(pids: Iterable<number>): KnownThreads[] {
  const own = namespaceOf('self', 'pid');
  return [...pids].flatMap((pid) => {
    const stat = processStat(pid);
    if (stat === undefined) return [];
    const otherPids = namespaceOf(pid, 'pid') !== own;
    return [{ pid, comm: stat.comm, tids: threadIds(pid), otherPids }];
  });
}
