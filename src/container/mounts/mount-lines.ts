/** A container's mounts, and what of the kernel's own file systems they leave open. */
import { mountInfoLines } from '../../platform/mounts.js';

export interface MountLine {
  /** Of the file system, what is mounted: "/", "/docker.sock". Untrusted. */
  readonly root: string;
  /** In the container. Untrusted. */
  readonly target: string;
  readonly type: string;
  readonly readOnly: boolean;
}

/** Of /proc/PID/mountinfo, in the order they were made. */
export const mountLines = (mountInfo: string): MountLine[] =>
  mountInfoLines(mountInfo).map(({ root, target, type, options, superOptions }) => ({
    root,
    target,
    type,
    readOnly: [options, superOptions].some((list) => list.split(',').includes('ro')),
  }));

/** Through these a process changes the machine, whatever its container. */
const KERNEL_PATHS = [
  '/proc/sys',
  '/proc/sysrq-trigger',
  '/proc/irq',
  '/proc/bus',
  '/proc/fs',
  '/sys',
];
const KERNEL_TYPES = new Set(['proc', 'sysfs']);
/** File systems whose every mount is the machine's. */
const SHARED_TYPES = new Set([
  'cgroup',
  'cgroup2',
  'debugfs',
  'tracefs',
  'securityfs',
  'bpf',
  'efivarfs',
]);

/** Whether this kernel has a path below /proc or /sys. */
type HasPath = (path: string) => boolean;

/** Paths of the kernel's own file systems that are mounted for writing. */
export function writableKernelPaths(mounts: readonly MountLine[], hasPath: HasPath): string[] {
  const open = KERNEL_PATHS.filter(hasPath).filter((path) => {
    const mount = covering(mounts, path);
    return mount !== undefined && KERNEL_TYPES.has(mount.type) && !mount.readOnly;
  });
  const shared = mounts
    .filter(({ type, readOnly }) => SHARED_TYPES.has(type) && !readOnly)
    .map(({ target }) => target);
  return [...new Set([...open, ...shared])];
}

/** Docker's list (moby, oci/defaults.go); they tell of the machine's memory, keys and hardware. */
const MASKED_PATHS = [
  '/proc/acpi',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/sys/firmware',
];

/** Those of Docker's masked paths with nothing mounted over them. */
export function unmaskedPaths(mounts: readonly MountLine[], hasPath: HasPath): string[] {
  return MASKED_PATHS.filter(hasPath).filter((path) => {
    const mount = covering(mounts, path);
    return mount !== undefined && KERNEL_TYPES.has(mount.type) && mount.target !== path;
  });
}

/** What lies at a path: the innermost mount, and of several on one another the last. */
function covering(mounts: readonly MountLine[], path: string): MountLine | undefined {
  let best: MountLine | undefined;
  for (const mount of mounts) {
    const { target } = mount;
    const covers = target === '/' || path === target || path.startsWith(`${target}/`);
    if (covers && target.length >= (best?.target.length ?? 0)) best = mount;
  }
  return best;
}
