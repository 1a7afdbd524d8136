/** By which numbers the kernel knows a container's cgroups: for BPF programs that ask whose call it is. */

import { readFileSync, statSync } from 'node:fs';
import { DitError, EXIT, messageOf } from '../../base/errors.js';
import type { Foreign } from '../../base/foreign.js';
import { quoting } from '../../base/foreign.js';
import { cgroupFolder, cgroupHierarchies } from './container-cgroup.js';

/** As bpf/syscall_counts.bpf.c computes it: a cgroup's id is the inode of its folder, one a hierarchy. */
export const cgroupKey = (inode: bigint, hierarchy: number): bigint =>
  BigInt.asUintN(64, inode ^ (BigInt(hierarchy) << 56n));

export interface CgroupKeys {
  readonly keys: readonly bigint[];
  /** Of /proc/PID/cgroup, as the kernel writes them. */
  readonly lines: readonly string[];
}

/** The lines of /proc/PID/cgroup that name the container: the other cgroups it may share with the host. */
export function ownMemberships(membership: string, containerId: string): string[] {
  return membership
    .split('\n')
    .filter((line) => /^\d+:[^:]*:\//.test(line) && line.includes(containerId));
}

/** @throws DitError cgroup-unknown (exit 3) */
export function cgroupKeys(pid: number, containerId: string): CgroupKeys {
  const keys: bigint[] = [];
  let lines: string[] = [];
  let why: Foreign = 'none that is mounted here is named after it';
  try {
    const hierarchies = cgroupHierarchies();
    lines = ownMemberships(readFileSync(`/proc/${pid}/cgroup`, 'utf8'), containerId);
    for (const line of lines) {
      const [hierarchy = '', controllers = ''] = line.split(':');
      const folder = cgroupFolder(controllers.split(',')[0] ?? '', line, hierarchies);
      if (folder === undefined) continue;
      keys.push(cgroupKey(statSync(folder.path, { bigint: true }).ino, Number(hierarchy)));
    }
  } catch (error) {
    why = messageOf(error);
  }
  if (keys.length > 0) return { keys, lines };
  throw new DitError({
    code: 'cgroup-unknown',
    exitCode: EXIT.unavailable,
    message: quoting`the cgroups of container ${containerId.slice(0, 12)} cannot be found: ${why}`,
    remedy: `see them: cat /proc/${pid}/cgroup; run dit where it sees the host's cgroups`,
  });
}
