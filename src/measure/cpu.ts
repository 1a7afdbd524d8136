/** What a container gets of the CPU: its share over an interval, and how often a quota stopped it. */

import { setTimeout as sleep } from 'node:timers/promises';
import type Dockerode from 'dockerode';
import { DitError, EXIT } from '../base/errors.js';
import { ContainerCgroup } from '../container/cgroup/container-cgroup.js';
import type { Certainty } from '../model/trace/certainty.js';
import {
  type CpuCounters,
  type CpuShare,
  type CpuSource,
  cpuShare,
  isStarved,
  parseCpuStat,
} from './cpu-share.js';
import type { Running, Sandbox } from './sandbox/sandbox.js';

/** Reads counters; the clock is CLOCK_MONOTONIC for the kernel's files, the engine's wall clock for its answers. */
interface CpuMeter {
  readonly read: () => Promise<CpuCounters>;
  readonly source: CpuSource;
  readonly certainty: Certainty;
}

/** @param seesKernel the container's cgroup can be read here */
function cpuMeter(docker: Dockerode, container: Running, seesKernel: boolean): CpuMeter {
  if (!seesKernel) {
    return {
      read: () => engineCounters(docker, container.id),
      source: 'engine statistics',
      certainty: 'inferred',
    };
  }
  const cgroup = new ContainerCgroup(container.pid);
  return {
    read: async () => kernelCounters(cgroup),
    source: cgroup.version('cpu') === 1 ? 'cgroup v1' : 'cgroup v2',
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
      exitCode: EXIT.unavailable,
      message: "the container's cgroup has no cpu.stat",
      remedy: 'check that the cpu controller is on: cat /proc/cgroups',
    });
  }
  return { atMs, ...parseCpuStat(stat, usage) };
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

export interface QuotaMeasurement extends CpuShare {
  /** CPUs that it was limited to. */
  readonly limit: number;
  /**
   * The machine had not enough CPU for it: a group that wants more than its quota uses it up in every period, so
   * one with periods that were not throttled did not get it.
   */
  readonly starved: boolean;
  readonly source: CpuSource;
  readonly certainty: Certainty;
  readonly evidence: readonly string[];
}

/** The kernel's default; the quota is a multiple of it. */
const PERIOD_US = 100_000;
/** So that the first periods, in which the shell starts its loops, are not in it. */
const SETTLE_MS = 500;

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
  readonly source: CpuSource;
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
