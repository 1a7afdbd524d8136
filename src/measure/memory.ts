/** Memory of identical containers: what their processes map and share, and what their cgroups are charged. */
import { systemErrorCode } from '../base/errors.js';
import {
  type CgroupMemory,
  cgroupProcesses,
  memoryCgroup,
  readCgroupMemory,
} from '../container/cgroup/cgroup-memory.js';
import {
  type ProcessMemory,
  processMemory,
  readSmapsRollup,
  sumOfMemory,
} from '../container/process/process-memory.js';

interface ContainerMemory {
  /** Every process in the container's cgroup. */
  readonly pids: readonly number[];
  /** Of all of them. */
  readonly processes: ProcessMemory;
  readonly cgroup: CgroupMemory;
}

/**
 * Of one container, read on its host as root. Shared pages are divided among all who map them now: containers that
 * are to be compared must all be running, and are best read right after each other (`measureContainers`).
 * @param pid any process of it
 * @throws DitError exit 3: no memory controller
 */
function measureContainer(pid: number): ContainerMemory {
  const at = memoryCgroup(pid);
  const pids: number[] = [];
  const each: ProcessMemory[] = [];
  for (const process of cgroupProcesses(at.folder)) {
    const text = rollupOf(process);
    if (text === undefined) continue;
    pids.push(process);
    each.push(processMemory(text));
  }
  return { pids, processes: sumOfMemory(each), cgroup: readCgroupMemory(at) };
}

export interface ContainersMemory {
  readonly containers: readonly ContainerMemory[];
  /** Of all containers. Their PSS is what they take together, but for pages that others map too. */
  readonly processes: ProcessMemory;
  /** Sums of what the cgroups are charged. */
  readonly usage: number;
  readonly cache: number;
}

export function measureContainers(pids: readonly number[]): ContainersMemory {
  const containers = pids.map(measureContainer);
  const sum = (value: (memory: CgroupMemory) => number): number =>
    containers.reduce((total, { cgroup }) => total + value(cgroup), 0);
  return {
    containers,
    processes: sumOfMemory(containers.map(({ processes }) => processes)),
    usage: sum(({ usage }) => usage),
    cache: sum(({ cache }) => cache),
  };
}

/** undefined: it ended meanwhile. */
function rollupOf(pid: number): string | undefined {
  try {
    return readSmapsRollup(pid);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
}
