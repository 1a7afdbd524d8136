/**
 * Which syscalls strace prints. Each one stops its thread twice whether it is printed or not, so a short list
 * saves only strace's own work: printing, and the look-up of paths.
 */

import { raw } from '../../base/foreign.js';
import { syscallsThat } from '../../model/syscalls/syscalls.js';

export type SyscallChoice = 'few' | 'all';

/** What milestones, actors and phases are made of. */
const FEW_SYSCALLS = syscallsThat(({ few }) => few === true);

/** The longest text of a call; container ids have 64 bytes. Paths are never cut. */
const STRING_LIMIT = 256;

/** As it is since strace 5.10. */
export function straceFlags(syscalls: SyscallChoice): string[] {
  // "?": a machine may lack the syscall.
  const trace =
    syscalls === 'all' ? 'all' : [...FEW_SYSCALLS].map((name) => `?${raw(name)}`).join(',');
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
