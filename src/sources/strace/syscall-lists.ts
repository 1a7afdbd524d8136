/**
 * Which syscalls strace prints. Each one stops its thread twice whether it is printed or not, so a short list
 * saves only strace's own work: printing, and the look-up of paths.
 */

export type SyscallChoice = 'few' | 'all';

/** What milestones, actors and phases are made of. */
export const FEW_SYSCALLS: readonly string[] = [
  // processes: who is whose child, and what it executes
  'execve',
  'execveat',
  'clone',
  'clone3',
  'fork',
  'vfork',
  // runc's stages name themselves
  'prctl',
  // namespaces
  'unshare',
  'setns',
  // mounts: the root file system, and the container's own
  'mount',
  'umount2',
  'pivot_root',
  'chroot',
  'fsopen',
  'fsconfig',
  'fsmount',
  'fspick',
  'open_tree',
  'move_mount',
  'mount_setattr',
  // cgroups are folders, and a process moves by a write
  'mkdir',
  'mkdirat',
  'write',
  // the exec FIFO: runc waits in its open, crun in a select
  'openat',
  'openat2',
  'select',
  'pselect6',
  // confinement
  'seccomp',
  'capset',
  'sethostname',
  // durability
  'fsync',
  'fdatasync',
  'syncfs',
  'sync',
  'sync_file_range',
  // what is done through it is no syscall
  'io_uring_setup',
];

/** The longest text of a call; container ids have 64 bytes. Paths are never cut. */
const STRING_LIMIT = 256;

/** As it is since strace 5.10. */
export function straceFlags(syscalls: SyscallChoice): string[] {
  // "?": a machine that lacks a syscall is no error.
  const trace = syscalls === 'all' ? 'all' : FEW_SYSCALLS.map((name) => `?${name}`).join(',');
  return [
    '-f',
    // Neither "Process 12 attached" nor signals, which Go sends itself by the hundred.
    '-q',
    '-e',
    'signal=none',
    // The path behind a descriptor; numbers, not their names, which change from release to release.
    '-y',
    '-X',
    'raw',
    '-s',
    String(STRING_LIMIT),
    '-a',
    '1',
    '--absolute-timestamps=format:unix,precision:ns',
    '--syscall-times=ns',
    '-e',
    `trace=${trace}`,
  ];
}
