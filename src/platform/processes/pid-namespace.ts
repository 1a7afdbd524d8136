/** Namespaces of processes, and whether this process sees the pids that the kernel's own events carry. */
import { readlinkSync } from 'node:fs';
import { DitError, EXIT, systemErrorCode } from '../../base/errors.js';

/** Its inode: PROC_PID_INIT_INO of linux/proc_ns.h. */
export const INITIAL_PID_NAMESPACE = 4026531836;

/** Inode of the namespace; undefined: the process has ended, is another user's, or the kernel has no such namespaces. */
export function namespaceOf(
  pid: number | 'self',
  kind: 'pid' | 'time' | 'mnt',
): number | undefined {
  try {
    return Number(/\[(\d+)\]/.exec(readlinkSync(`/proc/${pid}/ns/${kind}`))?.[1]);
  } catch (error) {
    if (!UNREADABLE.has(systemErrorCode(error) ?? '')) throw error;
    return undefined;
  }
}

const UNREADABLE: ReadonlySet<string> = new Set(['ENOENT', 'ESRCH', 'EACCES', 'EPERM']);

/**
 * BPF programs see the pids of the initial namespace; in another one, nobody would be recognised.
 * @throws DitError pid-namespace
 */
export function needInitialPidNamespace(): void {
  const own = namespaceOf('self', 'pid');
  if (own === undefined || own === INITIAL_PID_NAMESPACE) return;
  throw new DitError({
    code: 'pid-namespace',
    exitCode: EXIT.unavailable,
    message: `dit runs in a pid namespace of its own (pid:[${own}]), where the kernel's process ids mean nothing`,
    remedy: "run it in the host's pid namespace: outside the container, or with --pid=host",
  });
}
