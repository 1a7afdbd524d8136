/**
 * Names that stand for numbers in strace's output. dit's own strace prints numbers (`-X raw`), but for errors
 * and signals; the flags are for logs that were made without it.
 */

import { constants } from 'node:os';
import { own } from '../../base/own.js';

/** Errors that node:os does not name; the restarts are results that only the kernel and a tracer see. */
const MORE_ERRORS: Readonly<Record<string, number>> = {
  ENOTBLK: 15,
  ENONET: 64,
  EREMOTE: 66,
  EBADFD: 77,
  EUSERS: 87,
  ESOCKTNOSUPPORT: 94,
  EPFNOSUPPORT: 96,
  ESHUTDOWN: 108,
  ETOOMANYREFS: 109,
  EHOSTDOWN: 112,
  EUCLEAN: 117,
  EREMOTEIO: 121,
  ENOMEDIUM: 123,
  EMEDIUMTYPE: 124,
  ENOKEY: 126,
  EKEYEXPIRED: 127,
  EKEYREVOKED: 128,
  EKEYREJECTED: 129,
  EOWNERDEAD: 130,
  ENOTRECOVERABLE: 131,
  ERFKILL: 132,
  EHWPOISON: 133,
  ERESTARTSYS: 512,
  ERESTARTNOINTR: 513,
  ERESTARTNOHAND: 514,
  ENOIOCTLCMD: 515,
  ERESTART_RESTARTBLOCK: 516,
  ENOTSUPP: 524,
};

export const ERESTARTSYS = 512;

/** The number of "ENOENT"; undefined for a name that is not known. */
export const errorNumber = (name: string): number | undefined =>
  own(MORE_ERRORS, name) ?? own(constants.errno, name);

/** The number of "SIGKILL", "SIGRT_3" or "9". */
export function signalNumber(name: string): number | undefined {
  const realTime = /^SIGRT_(\d{1,2})$/.exec(name)?.[1];
  if (realTime !== undefined) return 32 + Number(realTime);
  return /^\d{1,2}$/.test(name) ? Number(name) : own(constants.signals, name);
}

/** linux/sched.h, asm-generic/fcntl.h (as on x86_64), linux/prctl.h, linux/mount.h. */
const FLAGS: Readonly<Record<string, number>> = {
  NULL: 0,
  CLONE_NEWTIME: 0x80,
  CLONE_VM: 0x100,
  CLONE_FS: 0x200,
  CLONE_FILES: 0x400,
  CLONE_SIGHAND: 0x800,
  CLONE_PIDFD: 0x1000,
  CLONE_PTRACE: 0x2000,
  CLONE_VFORK: 0x4000,
  CLONE_PARENT: 0x8000,
  CLONE_THREAD: 0x10000,
  CLONE_NEWNS: 0x20000,
  CLONE_SYSVSEM: 0x40000,
  CLONE_SETTLS: 0x80000,
  CLONE_PARENT_SETTID: 0x100000,
  CLONE_CHILD_CLEARTID: 0x200000,
  CLONE_DETACHED: 0x400000,
  CLONE_UNTRACED: 0x800000,
  CLONE_CHILD_SETTID: 0x1000000,
  CLONE_NEWCGROUP: 0x2000000,
  CLONE_NEWUTS: 0x4000000,
  CLONE_NEWIPC: 0x8000000,
  CLONE_NEWUSER: 0x10000000,
  CLONE_NEWPID: 0x20000000,
  CLONE_NEWNET: 0x40000000,
  CLONE_IO: 0x80000000,
  CLONE_CLEAR_SIGHAND: 0x100000000,
  CLONE_INTO_CGROUP: 0x200000000,
  O_RDONLY: 0,
  O_WRONLY: 0o1,
  O_RDWR: 0o2,
  O_CREAT: 0o100,
  O_EXCL: 0o200,
  O_NOCTTY: 0o400,
  O_TRUNC: 0o1000,
  O_APPEND: 0o2000,
  O_NONBLOCK: 0o4000,
  O_DSYNC: 0o10000,
  O_LARGEFILE: 0o100000,
  O_DIRECTORY: 0o200000,
  O_NOFOLLOW: 0o400000,
  O_NOATIME: 0o1000000,
  O_CLOEXEC: 0o2000000,
  O_SYNC: 0o4010000,
  O_PATH: 0o10000000,
  O_TMPFILE: 0o20200000,
  AT_FDCWD: -100,
  PR_SET_PDEATHSIG: 1,
  PR_SET_DUMPABLE: 4,
  PR_SET_KEEPCAPS: 8,
  PR_SET_NAME: 15,
  PR_SET_SECCOMP: 22,
  PR_CAPBSET_DROP: 24,
  PR_SET_CHILD_SUBREAPER: 36,
  PR_SET_NO_NEW_PRIVS: 38,
  PR_CAP_AMBIENT: 47,
  MS_RDONLY: 0x1,
  MS_NOSUID: 0x2,
  MS_NODEV: 0x4,
  MS_NOEXEC: 0x8,
  MS_REMOUNT: 0x20,
  MS_BIND: 0x1000,
  MS_MOVE: 0x2000,
  MS_REC: 0x4000,
  MS_SILENT: 0x8000,
  MS_UNBINDABLE: 0x20000,
  MS_PRIVATE: 0x40000,
  MS_SLAVE: 0x80000,
  MS_SHARED: 0x100000,
  MS_RELATIME: 0x200000,
  MS_STRICTATIME: 0x1000000,
  MNT_FORCE: 1,
  MNT_DETACH: 2,
  UMOUNT_NOFOLLOW: 8,
};

const SHIFT = /^(\d+)<<(\d{1,2})$/;

/**
 * "0x1200000|SIGCHLD" as a number: the sum of its parts, for they are different bits. A part that is not
 * known counts as 0. undefined: it is not a number.
 */
export function flagsValue(text: string): number | undefined {
  let sum: number | undefined;
  for (const part of text.split('|')) {
    const value = constantValue(part);
    if (value !== undefined) sum = (sum ?? 0) + value;
  }
  return sum;
}

function constantValue(text: string): number | undefined {
  if (/^-?(0x[0-9a-f]+|[1-9]\d*|0)$/i.test(text)) {
    return text.startsWith('-') ? -Number(text.slice(1)) : Number(text);
  }
  if (/^0[0-7]+$/.test(text)) return Number.parseInt(text, 8);
  const shift = SHIFT.exec(text);
  if (shift !== null) return Number(shift[1]) * 2 ** Number(shift[2]);
  return own(FLAGS, text) ?? own(constants.signals, text);
}
