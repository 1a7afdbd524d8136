/** Takes one file out of the page cache, so that who reads it next is charged for it. */

/**
 * GNU sync and dd do it (fsync, then POSIX_FADV_DONTNEED): Node cannot. Nothing else leaves the cache, and the file
 * is only opened for reading, so an overlay does not copy it up.
 * @returns whether both programs said that it is done; pages that are mapped stay
 */
export async function evictFile(path: string): Promise<boolean> {
  const { execa } = await import('execa');
  const options = { reject: false } as const;
  const synced = await execa('sync', ['--', path], options);
  if (synced.failed) return false;
  const dropped = await execa('dd', [`if=${path}`, 'iflag=nocache', 'count=0'], options);
  return !dropped.failed;
}
