/** What a container gets of the CPU: its share over an interval, and how often a quota stopped it. */

import { setTimeout as sleep } from 'node:timers/promises';
import type Dockerode from 'dockerode';
import { DitError, EXIT } from '../base/errors.js';
import { ContainerCgroup } from '../container/cgroup/container-cgroup.js';
import type { Certainty } from '../model/trace/trace.js';
import type { Running, Sandbox } from './sandbox/sandbox.js';

/** A cgroup's counters at an instant. */
export interface CpuCounters {
  /** ms on `clock`. */
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

/** Reads counters; the clock is CLOCK_MONOTONIC for the kernel's files, the engine's wall clock for its answers. */
export interface CpuMeter {
  readonly read: () => Promise<CpuCounters>;
  readonly source: string;
  readonly certainty: Certainty;
}

/** @param seesKernel the container's cgroup can be read here */
export function cpuMeter(docker: Dockerode, container: Running, seesKernel: boolean): CpuMeter {
  if (!seesKernel) {
    return {
      read: () => engineCounters(docker, container.id),
      source: "the engine's statistics of the container",
      certainty: 'inferred',
    };
  }
  const cgroup = new ContainerCgroup(container.pid);
  const files = cgroup.version('cpu') === 1 ? 'cpuacct.usage and cpu.stat' : 'cpu.stat';
  return {
    read: async () => kernelCounters(cgroup),
    source: `${files} of the container's cgroup`,
    certainty: 'exact',
  };
}

function kernelCounters(cgroup: ContainerCgroup): CpuCounters {
  const stat = cgroup.read('cpu', 'cpu.stat');
  const before = performance.now();
  const usage = cgroup.version('cpu') === 1 ? cgroup.read('cpuacct', 'cpuacct.usage') : undefined;
  const atMs = (before + performance.now()) / 2;
  if (stat === undefined) {
    throw new DitError({
      code: 'cgroup-cpu',
      exitCode: EXIT.capability,
      message: "the container's cgroup has no cpu.stat",
      remedy: 'is the cpu controller on? cat /proc/cgroups',
    });
  }
  return { atMs, ...parseCpuStat(stat, usage) };
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

async function engineCounters(docker: Dockerode, id: string): Promise<CpuCounters> {
  const stats = await docker.getContainer(id).stats({ stream: false, 'one-shot': true });
  const { cpu_usage: usage, throttling_data: throttling } = stats.cpu_stats;
  return {
    atMs: Date.parse(stats.read),
    usageNs: usage.total_usage,
    periods: throttling?.periods ?? 0,
    throttledPeriods: throttling?.throttled_periods ?? 0,
    throttledNs: throttling?.throttled_time ?? 0,
    lines: [],
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
    share: (after.usageNs - before.usageNs) / (intervalMs * 1e6),
    intervalMs,
    periods: after.periods - before.periods,
    throttledPeriods: after.throttledPeriods - before.throttledPeriods,
    throttledNs: after.throttledNs - before.throttledNs,
  };
}

export interface QuotaMeasurement extends CpuShare {
  /** CPUs that it was limited to. */
  readonly limit: number;
  /**
   * The machine had not enough CPU for it: a group that wants more than its quota uses it up in every period, so
   * one with periods that were not throttled did not get it.
   */
  readonly starved: boolean;
  readonly source: string;
  readonly certainty: Certainty;
  readonly evidence: readonly string[];
}

/** The kernel's default; the quota is a multiple of it. */
const PERIOD_US = 100_000;
/** So that the first periods, in which the shell starts its loops, are not in it. */
const SETTLE_MS = 500;
/** 5 % of periods may miss by the timers' own jitter. */
const THROTTLED_AT_LEAST = 0.95;

export interface QuotaOptions {
  readonly image: string;
  /** CPUs: 0.5. */
  readonly limit: number;
  /** A multiple of the period of 100 ms: then whichever part of a period it begins in does not matter. */
  readonly intervalMs: number;
  readonly seesKernel: boolean;
  readonly signal: AbortSignal;
}

/** Starts a container that wants more than its quota, measures what it gets, and removes it. */
export async function measureQuota(
  docker: Dockerode,
  sandbox: Sandbox,
  { image, limit, intervalMs, seesKernel, signal }: QuotaOptions,
): Promise<QuotaMeasurement> {
  const container = await sandbox.start(
    {
      Image: image,
      Cmd: busyLoops(Math.floor(limit) + 1),
      HostConfig: {
        NetworkMode: 'none',
        CpuPeriod: PERIOD_US,
        CpuQuota: Math.round(limit * PERIOD_US),
      },
    },
    'quota',
  );
  const meter = cpuMeter(docker, container, seesKernel);
  await sleep(SETTLE_MS, undefined, { signal });
  const before = await meter.read();
  await sleep(intervalMs, undefined, { signal });
  const after = await meter.read();
  const share = cpuShare(before, after);
  const evidence = [
    ...(seesKernel ? quotaFiles(new ContainerCgroup(container.pid)) : []),
    ...changes(before.lines, after.lines),
  ];
  await container.remove();
  const { source, certainty } = meter;
  return { ...share, limit, starved: isStarved(share), source, certainty, evidence };
}

export const isStarved = ({ periods, throttledPeriods }: CpuShare): boolean =>
  throttledPeriods < periods * THROTTLED_AT_LEAST;

/** A shell and its children that never wait. */
export function busyLoops(count: number): string[] {
  const loop = 'while :; do :; done';
  return ['sh', '-c', `${`(${loop}) & `.repeat(count - 1)}${loop}`];
}

function quotaFiles(cgroup: ContainerCgroup): string[] {
  return ['cpu.cfs_quota_us', 'cpu.cfs_period_us', 'cpu.max'].flatMap((file) => {
    const text = cgroup.read('cpu', file);
    return text === undefined ? [] : [`${file} ${text}`];
  });
}

/** "nr_throttled 5 -> 55" */
function changes(before: readonly string[], after: readonly string[]): string[] {
  return before.map((line, index) => `${line} -> ${after[index]?.split(' ')[1] ?? ''}`);
}

export interface WeightMeasurement {
  /** What the kernel was told of each: cpu.shares or cpu.weight; what the engine was asked for where it is not known. */
  readonly weights: readonly [number, number];
  /** Of one CPU. */
  readonly shares: readonly [number, number];
  /** Cpus_allowed_list of each. */
  readonly cpus: readonly string[];
  readonly intervalMs: number;
  readonly source: string;
  readonly certainty: Certainty;
  readonly evidence: readonly string[];
}

export interface WeightOptions {
  readonly image: string;
  /** CpuShares of the two containers. */
  readonly asked: readonly [number, number];
  /** The CPU that both must share. */
  readonly cpu: number;
  readonly intervalMs: number;
  readonly seesKernel: boolean;
  readonly signal: AbortSignal;
}

/** Starts two containers that want all of one CPU, measures how they share it, and removes them. */
export async function measureWeights(
  docker: Dockerode,
  sandbox: Sandbox,
  { image, asked, cpu, intervalMs, seesKernel, signal }: WeightOptions,
): Promise<WeightMeasurement> {
  const start = (CpuShares: number): Promise<Running> =>
    sandbox.start(
      {
        Image: image,
        Cmd: busyLoops(1),
        HostConfig: { NetworkMode: 'none', CpuShares, CpusetCpus: String(cpu) },
      },
      'weight',
    );
  const both = [await start(asked[0]), await start(asked[1])] as const;
  const cpus = [await allowedCpus(both[0]), await allowedCpus(both[1])];
  const meters = both.map((container) => cpuMeter(docker, container, seesKernel)) as [
    CpuMeter,
    CpuMeter,
  ];
  const read = (): Promise<[CpuCounters, CpuCounters]> =>
    Promise.all([meters[0].read(), meters[1].read()]);
  await sleep(SETTLE_MS, undefined, { signal });
  const before = await read();
  await sleep(intervalMs, undefined, { signal });
  const after = await read();
  const shares = [cpuShare(before[0], after[0]), cpuShare(before[1], after[1])] as const;
  const told = seesKernel
    ? both.map(({ pid }) => weightFile(new ContainerCgroup(pid)))
    : [undefined, undefined];
  await both[0].remove();
  await both[1].remove();
  return {
    weights: [told[0]?.value ?? asked[0], told[1]?.value ?? asked[1]],
    shares: [shares[0].share, shares[1].share],
    cpus,
    intervalMs: shares[0].intervalMs,
    source: meters[0].source,
    certainty: meters[0].certainty,
    evidence: told.flatMap((each, index) => [
      ...(each === undefined ? [] : [`${each.file} ${each.value}`]),
      `Cpus_allowed_list: ${cpus[index]}`,
    ]),
  };
}

function weightFile(
  cgroup: ContainerCgroup,
): { readonly file: string; readonly value: number } | undefined {
  for (const file of ['cpu.shares', 'cpu.weight']) {
    const text = cgroup.read('cpu', file);
    if (text !== undefined) return { file, value: Number(text) };
  }
  return undefined;
}

/** As the kernel tells a process in the container: "0-1"; '' where there is no cat. */
export async function allowedCpus(container: Running): Promise<string> {
  const { stdout } = await container.exec('cat', '/proc/self/status');
  return /^Cpus_allowed_list:\s*(\S+)$/m.exec(stdout)?.[1] ?? '';
}

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
