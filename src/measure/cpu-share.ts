/** A cgroup's CPU counters, and what happened between two readings of them. Pure. */

import { NS_PER_MS } from '../base/time.js';

/** Where counters are read: cpuacct.usage and cpu.stat of version 1 of cgroups, cpu.stat of version 2, or the engine. */
export type CpuSource = 'cgroup v1' | 'cgroup v2' | 'engine statistics';

/** A cgroup's counters at an instant. */
export interface CpuCounters {
  /** ms on the clock of who counts: CLOCK_MONOTONIC here, the engine's wall clock there. */
  readonly atMs: number;
  readonly usageNs: number;
  readonly periods: number;
  /** Of those, the ones in which the quota was used up. */
  readonly throttledPeriods: number;
  /** Summed over the CPUs on which tasks waited. */
  readonly throttledNs: number;
  /** As the kernel writes them; none from the engine. */
  readonly lines: readonly string[];
}

/**
 * @param stat cpu.stat: version 1 has throttled_time in ns, version 2 throttled_usec and usage_usec
 * @param usage cpuacct.usage of version 1, ns
 */
export function parseCpuStat(stat: string, usage: string | undefined): Omit<CpuCounters, 'atMs'> {
  const values = new Map(
    stat.split('\n').map((line): [string, number] => {
      const [name = '', value = ''] = line.split(' ');
      return [name, Number(value)];
    }),
  );
  const value = (name: string): number => values.get(name) ?? 0;
  return {
    usageNs: usage === undefined ? value('usage_usec') * 1000 : Number(usage),
    periods: value('nr_periods'),
    throttledPeriods: value('nr_throttled'),
    throttledNs: values.has('throttled_time')
      ? value('throttled_time')
      : value('throttled_usec') * 1000,
    lines: [
      ...(usage === undefined ? [] : [`cpuacct.usage ${usage}`]),
      ...stat
        .split('\n')
        .filter((line) => /^(usage_usec|nr_periods|nr_throttled|throttled_)/.test(line)),
    ],
  };
}

/** What happened between two readings. */
export interface CpuShare {
  /** Of one CPU: 0.5 is half of one, 1.5 is one and a half. */
  readonly share: number;
  readonly intervalMs: number;
  readonly periods: number;
  readonly throttledPeriods: number;
  readonly throttledNs: number;
}

export function cpuShare(before: CpuCounters, after: CpuCounters): CpuShare {
  const intervalMs = after.atMs - before.atMs;
  return {
    share: (after.usageNs - before.usageNs) / (intervalMs * NS_PER_MS),
    intervalMs,
    periods: after.periods - before.periods,
    throttledPeriods: after.throttledPeriods - before.throttledPeriods,
    throttledNs: after.throttledNs - before.throttledNs,
  };
}

/** Of the periods, in which a group that wants more uses its quota up: 5 % may miss by the timers' own jitter. */
export const THROTTLED_AT_LEAST = 0.95;

export const isStarved = ({ periods, throttledPeriods }: CpuShare): boolean =>
  throttledPeriods < periods * THROTTLED_AT_LEAST;

/** The CPUs of a list: "0-2,5" is 0, 1, 2, 5. */
export function cpusOf(list: string): number[] {
  return list.split(',').flatMap((part) => {
    const range = /^(\d+)(?:-(\d+))?$/.exec(part);
    if (range === null) return [];
    const first = Number(range[1]);
    const last = Math.min(Number(range[2] ?? first), first + 8191);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}
