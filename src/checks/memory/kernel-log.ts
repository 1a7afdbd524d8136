/** What the kernel's log says of a container's end: who was killed, on whose account. */
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { systemErrorCode } from '../../base/errors.js';

/** Records are no longer than that. */
const RECORD_BYTES = 8192;

/** Messages in the kernel's ring, oldest first, without their heads; none where it may not be read. */
function* kernelMessages(): Generator<string> {
  let file: number;
  try {
    file = openSync('/dev/kmsg', constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    // It may not be read, or is not there: what is read from it is said to be missing.
    return;
  }
  const buffer = Buffer.alloc(RECORD_BYTES);
  try {
    for (;;) {
      try {
        // One record a read: "6,1234,567890,-;message\n", and lines with a blank before them.
        const record = buffer.toString('utf8', 0, readSync(file, buffer));
        yield record.slice(record.indexOf(';') + 1).split('\n')[0] ?? '';
      } catch (error) {
        // EPIPE: a record was overwritten before it was read.
        if (systemErrorCode(error) !== 'EPIPE') return;
      }
    }
  } finally {
    closeSync(file);
  }
}

/** "oom-kill:constraint=CONSTRAINT_MEMCG,…,task=dd,pid=4711,uid=0" of a container, the newest. */
export function oomKillMessage(containerId: string): string | undefined {
  let found: string | undefined;
  for (const message of kernelMessages()) {
    if (message.startsWith('oom-kill:') && message.includes(containerId)) found = message;
  }
  return found;
}
