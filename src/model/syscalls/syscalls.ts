/**
 * What dit knows of each system call: what of it is recorded, what it is about, how it is shown. The one place: settings
 * of the BPF programs, decoders, phases, findings, tests and renderers go by it. Arguments are counted from 0.
 */
import type { Foreign } from '../../base/foreign.js';
import { own } from '../../base/own.js';

/** What a call is about; a call that is about none of these is told by its name alone. */
export type SyscallRole =
  /** Makes a process or a thread. */
  | 'clone'
  | 'exec'
  /** Ends one, or waits for its end. */
  | 'exit'
  | 'namespace'
  /** Changes what "/" is. */
  | 'root'
  | 'mount'
  /** Capabilities, seccomp, user and groups. */
  | 'confine'
  /** Waits until data are on the disk. */
  | 'sync'
  /** One thread waits for another, or wakes it: sockets, pipes, polls, futexes. */
  | 'hand-over'
  | 'sleep';

/** What the BPF programs record of a call besides its name, times and result. */
export interface RecordedArguments {
  /** Arguments that are NUL-terminated strings. */
  readonly texts?: readonly number[];
  /** Of those the one whose length is the argument after it. */
  readonly sized?: number;
  /** The argument that is a descriptor whose path is wanted. */
  readonly descriptor?: number;
  /** Only where that descriptor is a file of a cgroup file system. */
  readonly cgroupFilesOnly?: boolean;
  /** The argument that points to a u64: its value is recorded in place of the pointer. */
  readonly pointer?: number;
  /** File data dirtied inside it is an overlay's copy-up: of the file that its first text or its descriptor names. */
  readonly mayCopyUp?: boolean;
  /** The argument whose bytes are a text where they begin with "POST": a request to an engine. */
  readonly request?: number;
  /** Not where argument 2, open flags, asks for reading alone. */
  readonly skipReadOnly?: boolean;
}

export interface Syscall {
  readonly does?: SyscallRole;
  /** The argument with a bit for each namespace that it makes, or joins. */
  readonly namespaceFlags?: number;
  readonly joins?: true;
  /** The argument with an open's flags. */
  readonly openFlags?: number;
  /** Absent: only its name, times and result, and those not in every mode. */
  readonly recorded?: RecordedArguments;
  /**
   * Its arguments, a letter each: s text, f descriptor, a folder's descriptor of an …at call, d number, o octal,
   * x hexadecimal, C M U O flags of clone, mount, umount, open, P a prctl option, _ a pointer.
   */
  readonly shown?: string;
  /** Milestones, actors and phases are made of it: strace prints it where it prints few. */
  readonly few?: true;
  /** A thread of the Go runtime that has nothing to do is in it. */
  readonly idles?: true;
  /** Bytes of a message leave by it, as many as it returns; or come. */
  readonly sends?: true;
  readonly receives?: true;
}

const path0: RecordedArguments = { texts: [0] };
const path1: RecordedArguments = { texts: [1] };
const copies = (recorded: RecordedArguments): RecordedArguments => ({
  ...recorded,
  mayCopyUp: true,
});

export const SYSCALLS: Readonly<Record<string, Syscall>> = {
  // processes
  clone: { does: 'clone', namespaceFlags: 0, recorded: {}, shown: 'C', few: true },
  clone3: { does: 'clone', namespaceFlags: 0, recorded: { pointer: 0 }, shown: 'C', few: true },
  fork: { does: 'clone', few: true },
  vfork: { does: 'clone', few: true },
  execve: { does: 'exec', recorded: path0, shown: 's', few: true },
  execveat: { does: 'exec', recorded: path1, shown: 'as', few: true },
  wait4: { does: 'exit', recorded: {}, shown: 'd_x' },
  waitid: { does: 'exit', recorded: {}, shown: 'dd_x' },
  exit_group: { does: 'exit' },
  exit: { does: 'exit' },
  setsid: { recorded: {} },
  kill: { recorded: {}, shown: 'dd' },
  tgkill: { recorded: {}, shown: 'ddd' },
  pidfd_open: { recorded: {}, shown: 'dx' },
  pidfd_send_signal: { recorded: {}, shown: 'fd' },
  // namespaces and the root
  unshare: { does: 'namespace', namespaceFlags: 0, recorded: {}, shown: 'C', few: true },
  setns: {
    does: 'namespace',
    namespaceFlags: 1,
    joins: true,
    recorded: { descriptor: 0 },
    shown: 'fC',
    few: true,
  },
  pivot_root: { does: 'root', recorded: { texts: [0, 1] }, shown: 'ss', few: true },
  chroot: { does: 'root', recorded: path0, shown: 's', few: true },
  // mounts, both interfaces
  mount: { does: 'mount', recorded: { texts: [0, 1, 2] }, shown: 'sssM', few: true },
  umount2: { does: 'mount', recorded: path0, shown: 'sU', few: true },
  fsopen: { does: 'mount', recorded: path0, shown: 'sx', few: true },
  fsconfig: { does: 'mount', recorded: { texts: [2, 3] }, shown: 'fdss', few: true },
  fsmount: { does: 'mount', recorded: {}, shown: 'fxx', few: true },
  fspick: { does: 'mount', recorded: path1, shown: 'asx', few: true },
  open_tree: { does: 'mount', recorded: path1, shown: 'asx', few: true },
  open_tree_attr: { does: 'mount' },
  move_mount: { does: 'mount', recorded: { texts: [1, 3] }, shown: 'asas', few: true },
  mount_setattr: { does: 'mount', recorded: path1, shown: 'asx', few: true },
  // identity and confinement; by prctl runc's stages name themselves, too
  prctl: { recorded: {}, shown: 'Px', few: true },
  sethostname: { recorded: { texts: [0], sized: 0 }, shown: 's', few: true },
  setdomainname: { recorded: { texts: [0], sized: 0 }, shown: 's' },
  seccomp: { does: 'confine', recorded: {}, shown: 'dx', few: true },
  capset: { does: 'confine', recorded: {}, few: true },
  setuid: { does: 'confine', recorded: {}, shown: 'd' },
  setgid: { does: 'confine', recorded: {}, shown: 'd' },
  setresuid: { does: 'confine', recorded: {}, shown: 'ddd' },
  setresgid: { does: 'confine', recorded: {}, shown: 'ddd' },
  setgroups: { does: 'confine', recorded: {}, shown: 'd' },
  keyctl: { does: 'confine', recorded: {} },
  // durability
  fsync: { does: 'sync', recorded: { descriptor: 0 }, shown: 'f', few: true },
  fdatasync: { does: 'sync', recorded: { descriptor: 0 }, shown: 'f', few: true },
  sync_file_range: { does: 'sync', recorded: { descriptor: 0 }, shown: 'fdd', few: true },
  syncfs: { does: 'sync', recorded: { descriptor: 0 }, shown: 'f', few: true },
  sync: { does: 'sync', recorded: {}, few: true },
  msync: { does: 'sync' },
  // bytes: into control files of cgroups, and requests to an engine
  write: {
    recorded: { descriptor: 0, cgroupFilesOnly: true, request: 1 },
    shown: 'f_d',
    few: true,
    sends: true,
  },
  writev: { sends: true },
  read: { receives: true },
  readv: { receives: true },
  sendto: { does: 'hand-over', recorded: { request: 1 }, sends: true },
  sendmsg: { does: 'hand-over', sends: true },
  sendmmsg: { does: 'hand-over' },
  recvfrom: { does: 'hand-over', receives: true },
  recvmsg: { does: 'hand-over', receives: true },
  recvmmsg: { does: 'hand-over' },
  // one thread hands over to another, or waits; crun waits for its exec FIFO in a select
  futex: { does: 'hand-over', idles: true },
  epoll_wait: { does: 'hand-over', idles: true },
  epoll_pwait: { does: 'hand-over', idles: true },
  epoll_pwait2: { does: 'hand-over' },
  epoll_ctl: { does: 'hand-over' },
  poll: { does: 'hand-over' },
  ppoll: { does: 'hand-over' },
  select: { does: 'hand-over', few: true },
  pselect6: { does: 'hand-over', few: true },
  socket: { does: 'hand-over' },
  socketpair: { does: 'hand-over' },
  connect: { does: 'hand-over' },
  accept: { does: 'hand-over' },
  accept4: { does: 'hand-over' },
  pipe2: { does: 'hand-over' },
  eventfd2: { does: 'hand-over' },
  nanosleep: { does: 'sleep', idles: true },
  clock_nanosleep: { does: 'sleep', idles: true },
  sched_yield: { idles: true },
  // files: what is opened, and what makes overlayfs copy up
  open: { openFlags: 1, recorded: copies(path0), shown: 'sO' },
  openat: {
    openFlags: 2,
    recorded: copies({ texts: [1], skipReadOnly: true }),
    shown: 'asO',
    few: true,
  },
  openat2: { recorded: copies(path1), shown: 'as', few: true },
  creat: { recorded: copies(path0), shown: 'so' },
  mkdir: { recorded: path0, shown: 'so', few: true },
  mkdirat: { recorded: path1, shown: 'aso', few: true },
  mknodat: { recorded: path1, shown: 'aso' },
  symlinkat: { recorded: { texts: [0, 2] }, shown: 'sas' },
  link: { recorded: copies({ texts: [0, 1] }), shown: 'ss' },
  linkat: { recorded: copies({ texts: [1, 3] }), shown: 'asas' },
  unlink: { recorded: path0, shown: 's' },
  unlinkat: { recorded: path1, shown: 'asx' },
  rmdir: { recorded: path0, shown: 's' },
  rename: { recorded: copies({ texts: [0, 1] }), shown: 'ss' },
  renameat: { recorded: copies({ texts: [1, 3] }), shown: 'asas' },
  renameat2: { recorded: copies({ texts: [1, 3] }), shown: 'asasx' },
  truncate: { recorded: copies(path0), shown: 'sd' },
  ftruncate: { recorded: { descriptor: 0 }, shown: 'fd' },
  chmod: { recorded: copies(path0), shown: 'so' },
  fchmod: { recorded: copies({ descriptor: 0 }), shown: 'fo' },
  fchmodat: { recorded: copies(path1), shown: 'aso' },
  fchmodat2: { recorded: copies(path1), shown: 'asox' },
  chown: { recorded: copies(path0), shown: 'sdd' },
  lchown: { recorded: copies(path0), shown: 'sdd' },
  fchown: { recorded: copies({ descriptor: 0 }), shown: 'fdd' },
  fchownat: { recorded: copies(path1), shown: 'asdd' },
  utime: { recorded: copies(path0), shown: 's' },
  utimes: { recorded: copies(path0), shown: 's' },
  futimesat: { recorded: copies(path1), shown: 'as' },
  utimensat: { recorded: copies(path1), shown: 'as' },
  setxattr: { recorded: copies({ texts: [0, 1] }), shown: 'ss' },
  lsetxattr: { recorded: copies({ texts: [0, 1] }), shown: 'ss' },
  fsetxattr: { recorded: copies({ texts: [1], descriptor: 0 }), shown: 'fs' },
  setxattrat: { recorded: copies({ texts: [1, 3] }), shown: 'asxs' },
  removexattr: { recorded: copies({ texts: [0, 1] }), shown: 'ss' },
  lremovexattr: { recorded: copies({ texts: [0, 1] }), shown: 'ss' },
  fremovexattr: { recorded: copies({ texts: [1], descriptor: 0 }), shown: 'fs' },
  removexattrat: { recorded: copies({ texts: [1, 3] }), shown: 'asxs' },
  memfd_create: { recorded: path0, shown: 'sx' },
  // what is done through it is no syscall, and nobody sees it
  io_uring_setup: { recorded: {}, shown: 'd', few: true },
  io_uring_enter: {},
};

/** Names, as a recording has them, of the calls of a kind. */
export const syscallsThat = (are: (call: Syscall) => boolean): ReadonlySet<Foreign> =>
  new Set<Foreign>(
    Object.entries(SYSCALLS)
      .filter(([, call]) => are(call))
      .map(([name]) => name),
  );

export const isSyscallFor = (role: SyscallRole, name: Foreign): boolean =>
  own(SYSCALLS, name)?.does === role;

/** Calls that make namespaces where their flags say so. */
export const NAMESPACE_MAKERS = syscallsThat(
  ({ namespaceFlags, joins }) => namespaceFlags !== undefined && joins === undefined,
);

/** Calls by which bytes of a message leave. */
export const SENDERS = syscallsThat(({ sends }) => sends === true);

/** Names with what is recorded of their arguments. */
export const RECORDED_ARGUMENTS: Readonly<Record<string, RecordedArguments>> = Object.fromEntries(
  Object.entries(SYSCALLS).flatMap(([name, { recorded }]) =>
    recorded === undefined ? [] : [[name, recorded]],
  ),
);
