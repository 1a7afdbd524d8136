/** The memory controller's files of a process's cgroup, of either version of cgroups. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DitError, EXIT } from '../../base/errors.js';
import { cgroupFolder, cgroupHierarchies } from './container-cgroup.js';

export interface MemoryCgroup {
  readonly version: 1 | 2;
  readonly folder: string;
}

/** All in bytes, as the controller counts: pages belong to the cgroup that touched them first. */
export interface CgroupMemory {
  readonly usage: number;
  /** File pages: v1 "cache", v2 "file"; a tmpfs's are among them. */
  readonly cache: number;
  /** v1 "rss", v2 "anon". */
  readonly anonymous: number;
  /** Infinity: none. */
  readonly limit: number;
  /** How often the kernel killed a process because of the limit; undefined where it does not count (before 4.19). */
  readonly oomKills: number | undefined;
  /** The kernel's lines that were read. */
  readonly lines: readonly string[];
}

/**
 * The cgroup that holds the process's memory.
 * @throws DitError exit 3: no memory controller
 */
export function memoryCgroup(pid: number): MemoryCgroup {
  const found = cgroupFolder(
    'memory',
    readFileSync(`/proc/${pid}/cgroup`, 'utf8'),
    cgroupHierarchies(),
  );
  if (found !== undefined) return { version: found.version, folder: found.path };
  throw new DitError({
    code: 'memory-controller-missing',
    exitCode: EXIT.unavailable,
    message: "the kernel's memory controller is not mounted here",
    remedy: CONTROLLER_REMEDY,
  });
}

const CONTROLLER_REMEDY =
  "enable the controller on the kernel's command line: cgroup_enable=memory";

/** @throws DitError exit 3 where its files cannot be read */
export function readCgroupMemory({ version, folder }: MemoryCgroup): CgroupMemory {
  try {
    const text = (name: string): string => readFileSync(join(folder, name), 'utf8');
    return version === 1 ? memoryV1(text) : memoryV2(text);
  } catch (error) {
    throw new DitError({
      code: 'memory-cgroup-unreadable',
      exitCode: EXIT.unavailable,
      message: `the memory controller's files in '${folder}' cannot be read: ${(error as Error).message}`,
      remedy: CONTROLLER_REMEDY,
      cause: error,
    });
  }
}

type ReadFile = (name: string) => string;

/** Near 2^63, rounded down to pages: none. */
const V1_NO_LIMIT = 2 ** 62;

/** Pure. */
export function memoryV1(text: ReadFile): CgroupMemory {
  const stat = text('memory.stat');
  const usage = text('memory.usage_in_bytes').trim();
  const limit = Number(text('memory.limit_in_bytes'));
  const control = text('memory.oom_control');
  const lines = [
    `memory.usage_in_bytes ${usage}`,
    ...linesOf(stat, ['cache', 'rss', 'mapped_file'], 'memory.stat'),
    ...linesOf(control, ['oom_kill'], 'memory.oom_control'),
  ];
  return {
    usage: Number(usage),
    cache: field(stat, 'cache') ?? Number.NaN,
    anonymous: field(stat, 'rss') ?? Number.NaN,
    limit: limit > V1_NO_LIMIT ? Number.POSITIVE_INFINITY : limit,
    oomKills: field(control, 'oom_kill'),
    lines,
  };
}

/** Pure. */
export function memoryV2(text: ReadFile): CgroupMemory {
  const stat = text('memory.stat');
  const usage = text('memory.current').trim();
  const max = text('memory.max').trim();
  const events = text('memory.events');
  const lines = [
    `memory.current ${usage}`,
    ...linesOf(stat, ['anon', 'file', 'file_mapped'], 'memory.stat'),
    ...linesOf(events, ['oom_kill'], 'memory.events'),
  ];
  return {
    usage: Number(usage),
    cache: field(stat, 'file') ?? Number.NaN,
    anonymous: field(stat, 'anon') ?? Number.NaN,
    limit: max === 'max' ? Number.POSITIVE_INFINITY : Number(max),
    oomKills: field(events, 'oom_kill'),
    lines,
  };
}

const lineOf = (text: string, name: string): string | undefined =>
  text.split('\n').find((line) => line.startsWith(`${name} `));

const linesOf = (text: string, names: readonly string[], file: string): string[] =>
  names.flatMap((name) => {
    const line = lineOf(text, name);
    return line === undefined ? [] : [`${file} ${line}`];
  });

function field(text: string, name: string): number | undefined {
  const value = lineOf(text, name)?.slice(name.length + 1);
  return value === undefined ? undefined : Number(value);
}

/** Of the cgroup and all below it. */
export function cgroupProcesses(folder: string): number[] {
  const pids = readFileSync(join(folder, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean);
  const below = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [...pids.map(Number), ...below.flatMap(({ name }) => cgroupProcesses(join(folder, name)))];
}
