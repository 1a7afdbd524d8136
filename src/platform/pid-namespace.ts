/** Whether this process sees the pids that the kernel's own events carry. */
import { readlinkSync } from 'node:fs';
import { DitError, EXIT } from '../base/errors.js';

/** The inode of the initial pid namespace: PROC_PID_INIT_INO of linux/proc_ns.h. */
const INITIAL_PID_NAMESPACE = 'pid:[4026531836]';

/**
 * BPF programs see the pids of the initial namespace; in another one, nobody would be recognised.
 * @throws DitError pid-namespace
 */
export function needInitialPidNamespace(): void {
  let own: string;
  try {
    own = readlinkSync('/proc/self/ns/pid');
  } catch {
    return;
  }
  if (own === INITIAL_PID_NAMESPACE) return;
  throw new DitError({
    code: 'pid-namespace',
    exitCode: EXIT.capability,
    message: `dit runs in a pid namespace of its own (${own}), where the kernel's process ids mean nothing`,
    remedy: "run it in the host's pid namespace: outside the container, or with --pid=host",
  });
}
