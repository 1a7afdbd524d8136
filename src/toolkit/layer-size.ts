/** How much a layer holds: its folder walked on the disk. */
import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { systemErrorCode } from '../base/errors.js';

export interface LayerSize {
  readonly files: number;
  /** Of regular files, each inode once; not what they take on the disk. */
  readonly bytes: number;
  /** Not all of it was walked: the figures are lower bounds. */
  readonly cut: boolean;
}

/** An image may hold hundreds of thousands of files; a test must not take minutes for them. */
const MOST_ENTRIES = 50_000;

/** What disappears meanwhile is left out. @throws what the file system says of the folder itself */
export async function layerSize(
  folder: string,
  signal: AbortSignal,
  most = MOST_ENTRIES,
): Promise<LayerSize> {
  const seen = new Set<string>();
  const folders = [folder];
  let entries = 0;
  let files = 0;
  let bytes = 0;
  for (let next = folders.pop(); next !== undefined; next = folders.pop()) {
    signal.throwIfAborted();
    try {
      for await (const entry of await opendir(next)) {
        if (++entries > most) return { files, bytes, cut: true };
        const path = join(next, entry.name);
        if (entry.isDirectory()) folders.push(path);
        if (!entry.isFile()) continue;
        const { size, nlink, dev, ino } = await lstat(path);
        if (nlink > 1) {
          const inode = `${dev}:${ino}`;
          if (seen.has(inode)) continue;
          seen.add(inode);
        }
        files++;
        bytes += size;
      }
    } catch (error) {
      if (next === folder || systemErrorCode(error) !== 'ENOENT') throw error;
    }
  }
  return { files, bytes, cut: false };
}
