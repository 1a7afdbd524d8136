/** A lock between processes that ends with its holder, however that ends. */
import { closeSync, constants, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { DitError, EXIT } from '../../base/errors.js';
import { loadAddon } from '../addon.js';

/** How long a lock that was let go may stay unnoticed by those who wait for it. */
const LOOK_EVERY_MS = 20;

/**
 * Runs `work` while holding the file or folder at `path` (a file is made if absent, its folder must exist).
 * Two calls in one process exclude each other too.
 * @param signal ends the wait; the work is told of it by whoever wrote it
 * @throws DitError addon-missing; lock-busy, where others hold it for `waitSeconds`; the signal's reason; what `work`
 *   throws
 */
export async function withFileLock<T>(
  path: string,
  waitSeconds: number,
  work: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const { lockFile } = loadAddon();
  // Node opens with O_CLOEXEC: no child that outlives this process keeps the lock.
  const descriptor = openLock(path);
  try {
    const deadline = performance.now() + waitSeconds * 1000;
    while (!lockFile(descriptor)) {
      if (performance.now() >= deadline) throw busy(path, waitSeconds);
      signal?.throwIfAborted();
      await sleep(LOOK_EVERY_MS);
    }
    return await work();
  } finally {
    closeSync(descriptor);
  }
}

function openLock(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_CREAT, 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EISDIR') throw error;
    return openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  }
}

function busy(path: string, waitSeconds: number): DitError {
  return new DitError({
    code: 'lock-busy',
    exitCode: EXIT.engine,
    message: `another process holds '${path}' for more than ${waitSeconds} s`,
    remedy: `see who: fuser -v ${path}`,
  });
}
