/** Takes one file out of the page cache, so that who reads it next is charged for it. */
import { HANDED_FILE, runOnFile } from './run-on-file.js';

/**
 * GNU sync and dd do it (fsync, then POSIX_FADV_DONTNEED): Node cannot. Nothing else leaves the cache, and the file
 * is only opened for reading, so an overlay does not copy it up.
 * @param file open for reading
 * @returns whether both programs said that it is done; pages that are mapped stay
 */
export async function evictFile(file: number): Promise<boolean> {
  const synced = await runOnFile('sync', ['--', HANDED_FILE], file);
  if (synced.failed) return false;
  const dropped = await runOnFile('dd', [`if=${HANDED_FILE}`, 'iflag=nocache', 'count=0'], file);
  return !dropped.failed;
}
