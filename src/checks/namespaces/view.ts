/** What one side of a container's namespaces sees: the container itself, or the host. Pure. */

/** What one side sees. */
export interface NamespaceView {
  /** "net": "net:[4026531840]"; kinds that the kernel does not have are missing. */
  readonly links: ReadonlyMap<string, string>;
  readonly hostname: string;
  readonly processes: number;
  /** Lines of mountinfo. */
  readonly mounts: readonly string[];
  readonly interfaces: readonly string[];
  /** Ids of SysV message queues. */
  readonly queues: readonly string[];
  /** /proc/PID/uid_map, a line each, single blanks. */
  readonly uidMap: readonly string[];
  /** Paths of /proc/PID/cgroup. */
  readonly cgroups: readonly string[];
}

export const NAMESPACES = ['pid', 'uts', 'mnt', 'net', 'ipc', 'user', 'cgroup', 'time'] as const;
export type NamespaceKind = (typeof NAMESPACES)[number];

/** Below /proc. */
export const VIEW_FILES = [
  'sys/kernel/hostname',
  'self/mountinfo',
  'self/net/dev',
  'sysvipc/msg',
  'self/uid_map',
  'self/cgroup',
] as const;

/** @param texts of VIEW_FILES, in their order */
export function viewOf(
  links: ReadonlyMap<string, string>,
  texts: readonly string[],
  inProc: readonly string[],
): NamespaceView {
  const lines = (at: number): string[] =>
    (texts[at] ?? '').split('\n').filter((line) => line.trim() !== '');
  return {
    links,
    hostname: (texts[0] ?? '').trim(),
    processes: inProc.filter((name) => /^\d+$/.test(name)).length,
    mounts: lines(1),
    interfaces: lines(2).flatMap((line) => /^\s*([^\s:|]+):/.exec(line)?.[1] ?? []),
    queues: lines(3).flatMap((line) => /^\s*-?\d+\s+(\d+)\s/.exec(line)?.[1] ?? []),
    uidMap: lines(4).map((line) => line.trim().replace(/\s+/g, ' ')),
    cgroups: lines(5).flatMap((line) => /^\d+:[^:]*:(.*)$/.exec(line)?.[1] ?? []),
  };
}
