/** A container's mounts, and what of the kernel's own file systems they leave open. */

export interface MountLine {
  /** Of the file system, what is mounted: "/", "/docker.sock". Untrusted. */
  readonly root: string;
  /** In the container. Untrusted. */
  readonly target: string;
  readonly type: string;
  readonly readOnly: boolean;
}

/** Of /proc/PID/mountinfo, in the order they were made (proc_pid_mountinfo(5)). */
export function mountLines(mountInfo: string): MountLine[] {
  return mountInfo.split('\n').flatMap((line) => {
    const fields = line.split(' ');
    const separator = fields.indexOf('-', 6);
    const [, , , root, target, options = ''] = fields;
    const [type = '', , superOptions = ''] = fields.slice(separator + 1);
    if (separator < 0 || root === undefined || target === undefined) return [];
    const readOnly = [options, superOptions].some((list) => list.split(',').includes('ro'));
    return [{ root: unescaped(root), target: unescaped(target), type, readOnly }];
  });
}

/** The kernel writes blank, tab, newline and backslash as three octal digits. */
const unescaped = (path: string): string =>
  path.replace(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );

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
