/** Takes one file out of the page cache, so that who reads it next is charged for it. */
import { DISK_MS, HANDED_FILE, runProgram } from '../../platform/processes/child-process.js';

/**
 * GNU sync and dd do it (fsync, then POSIX_FADV_DONTNEED): Node cannot. Nothing else leaves the cache, and the file
 * is only opened for reading, so an overlay does not copy it up.
 * @param file open for reading
 * @returns whether both programs said that it is done; pages that are mapped stay
 */
export async function evictFile(file: number, signal: AbortSignal): Promise<boolean> {
  const options = { limitMs: DISK_MS, signal, files: [file] };
  const synced = await runProgram('sync', ['--', HANDED_FILE], options);
  if (synced.status !== 0) return false;
  const drop = [`if=${HANDED_FILE}`, 'iflag=nocache', 'count=0'];
  return (await runProgram('dd', drop, options)).status === 0;
}
