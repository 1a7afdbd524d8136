/** The page cache of the whole machine, dropped: what starts next is read from the disk. */

import { writeFile } from 'node:fs/promises';
import { DitError, EXIT, messageOf } from '../../base/errors.js';
import { quoting } from '../../base/foreign.js';
import { DISK_MS, needProgram } from '../../platform/processes/child-process.js';

/**
 * Clean pages, dentries and inodes go; what is dirty is written first, for it would stay.
 * @throws DitError cache-kept (exit 3): not root, or the machine's /proc/sys is not writable
 */
export async function dropPageCache(signal: AbortSignal): Promise<void> {
  try {
    await needProgram('sync', [], { limitMs: DISK_MS, signal });
    await writeFile('/proc/sys/vm/drop_caches', '3');
  } catch (error) {
    signal.throwIfAborted();
    throw new DitError({
      code: 'cache-kept',
      exitCode: EXIT.unavailable,
      message: quoting`the page cache cannot be dropped: ${messageOf(error)}`,
      remedy: 'run dit as root on the machine itself',
      cause: error,
    });
  }
}
