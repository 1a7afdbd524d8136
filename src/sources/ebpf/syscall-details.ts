/** Which syscalls have their arguments recorded, and which of those are text: a table for the BPF programs. */

export interface SyscallDetail {
  /** Arguments (0-5) that are NUL-terminated strings. */
  readonly texts?: readonly number[];
  /** The argument that is a descriptor whose path is wanted. */
  readonly descriptor?: number;
  /** Only where that descriptor is a file of a cgroup file system. */
  readonly cgroupFilesOnly?: boolean;
  /** The argument that points to a u64: its value is recorded in place of the pointer. */
  readonly pointer?: number;
  /** File data dirtied inside it is an overlay's copy-up. */
  readonly mayCopyUp?: boolean;
  /** The argument whose bytes are a text where they begin with "POST": a request to an engine. */
  readonly request?: number;
  /** Not where argument 2, open flags, asks for reading alone. */
  readonly skipReadOnly?: boolean;
}

const path0: SyscallDetail = { texts: [0] };
const path1: SyscallDetail = { texts: [1] };
const plain: SyscallDetail = {};
const copies = (detail: SyscallDetail): SyscallDetail => ({ ...detail, mayCopyUp: true });

export const SYSCALL_DETAILS: Readonly<Record<string, SyscallDetail>> = {
  // processes and namespaces
  clone: plain,
  clone3: { pointer: 0 }, // clone_args.flags
  unshare: plain,
  setns: { descriptor: 0 },
  execve: path0,
  execveat: path1,
  prctl: plain,
  setsid: plain,
  kill: plain,
  tgkill: plain,
  pidfd_open: plain,
  pidfd_send_signal: plain,
  wait4: plain,
  waitid: plain,
  // mounts: both interfaces
  mount: { texts: [0, 1, 2] },
  umount2: path0,
  pivot_root: { texts: [0, 1] },
  chroot: path0,
  fsopen: path0,
  fsconfig: { texts: [2, 3] },
  fsmount: plain,
  fspick: path1,
  open_tree: path1,
  move_mount: { texts: [1, 3] },
  mount_setattr: path1,
  // identity and confinement
  sethostname: path0,
  setdomainname: path0,
  seccomp: plain,
  capset: plain,
  setuid: plain,
  setgid: plain,
  setresuid: plain,
  setresgid: plain,
  setgroups: plain,
  keyctl: plain,
  // durability
  fsync: { descriptor: 0 },
  fdatasync: { descriptor: 0 },
  sync_file_range: { descriptor: 0 },
  syncfs: { descriptor: 0 },
  sync: plain,
  // control files of cgroups
  // and an engine's client's requests
  write: { descriptor: 0, cgroupFilesOnly: true, request: 1 },
  // files: what is opened, and what makes overlayfs copy up
  open: copies(path0),
  openat: { ...copies(path1), skipReadOnly: true },
  openat2: copies(path1),
  creat: copies(path0),
  mkdir: path0,
  mkdirat: path1,
  mknodat: path1,
  symlinkat: { texts: [0, 2] },
  link: copies({ texts: [0, 1] }),
  linkat: copies({ texts: [1, 3] }),
  unlink: path0,
  unlinkat: path1,
  rmdir: path0,
  rename: copies({ texts: [0, 1] }),
  renameat: copies({ texts: [1, 3] }),
  renameat2: copies({ texts: [1, 3] }),
  truncate: copies(path0),
  ftruncate: { descriptor: 0 }, // its file was opened for writing, so it is copied already
  chmod: copies(path0),
  fchmodat: copies(path1),
  fchmodat2: copies(path1),
  fchmod: copies({ descriptor: 0 }),
  chown: copies(path0),
  lchown: copies(path0),
  fchownat: copies(path1),
  fchown: copies({ descriptor: 0 }),
  utime: copies(path0),
  utimes: copies(path0),
  futimesat: copies(path1),
  utimensat: copies(path1),
  setxattr: copies({ texts: [0, 1] }),
  lsetxattr: copies({ texts: [0, 1] }),
  fsetxattr: copies({ texts: [1], descriptor: 0 }),
  setxattrat: copies({ texts: [1, 3] }),
  removexattr: copies({ texts: [0, 1] }),
  lremovexattr: copies({ texts: [0, 1] }),
  fremovexattr: copies({ texts: [1], descriptor: 0 }),
  removexattrat: copies({ texts: [1, 3] }),
  memfd_create: path0,
  // what is done through it is no syscall, and nobody sees it
  io_uring_setup: plain,
  // netlink is told by the size of the address
  sendto: { request: 1 },
};
