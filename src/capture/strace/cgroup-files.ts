/** Paths below cgroup file systems: what strace's file names say of cgroups. Pure. */

export interface CgroupHierarchy {
  /** Where it is mounted: "/sys/fs/cgroup/memory". */
  readonly root: string;
  /** As /proc/cgroups counts them; 0: cgroup v2. */
  readonly id: number;
}

export interface CgroupPath {
  readonly hierarchy: CgroupHierarchy;
  /** From the hierarchy's root: "/docker/0123…". */
  readonly path: string;
}

/** The hierarchy with the longest root that holds the file; undefined: it is not a cgroup's file. */
export function cgroupPathOf(
  file: string,
  hierarchies: readonly CgroupHierarchy[],
): CgroupPath | undefined {
  let found: CgroupHierarchy | undefined;
  for (const hierarchy of hierarchies) {
    const inside = file === hierarchy.root || file.startsWith(`${hierarchy.root}/`);
    if (inside && hierarchy.root.length > (found?.root.length ?? 0)) found = hierarchy;
  }
  if (found === undefined) return undefined;
  return { hierarchy: found, path: file.slice(found.root.length) || '/' };
}

/** Files that move whoever is written into them. */
const MOVING: ReadonlySet<string> = new Set(['cgroup.procs', 'tasks', 'cgroup.threads']);

/** The cgroup into which a write to `file` moves a task. */
export function cgroupMovedInto(
  file: string,
  hierarchies: readonly CgroupHierarchy[],
): CgroupPath | undefined {
  const slash = file.lastIndexOf('/');
  if (!MOVING.has(file.slice(slash + 1))) return undefined;
  return cgroupPathOf(file.slice(0, slash), hierarchies);
}
