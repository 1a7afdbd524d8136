/** How much a layer holds: its folder walked on the disk. */
import { systemErrorCode } from '../../base/errors.js';
import type { HeldFolder } from '../../platform/files/held-folder.js';

export interface LayerSize {
  readonly files: number;
  /** Of regular files, each inode once; not what they take on the disk. */
  readonly bytes: number;
  /** Not all of it was walked: the figures are lower bounds. */
  readonly cut: boolean;
}

/** An image may hold hundreds of thousands of files; a test must not take minutes for them. */
const MOST_ENTRIES = 50_000;
/** A folder that is walked takes a descriptor. */
const MOST_DEPTH = 256;
/** Between two looks at the signal. */
const ENTRIES_AT_ONCE = 1000;

/**
 * Its owner may exchange what is in it meanwhile: the walk stays below the folder, and what disappears is left out.
 * @throws the system's error of the folder itself
 */
export async function layerSize(
  folder: HeldFolder,
  signal: AbortSignal,
  most = MOST_ENTRIES,
): Promise<LayerSize> {
  const seen = new Set<string>();
  let entries = 0;
  let files = 0;
  let bytes = 0;
  let cut = false;

  const add = (parent: HeldFolder, name: string, depth: number): Promise<void> | undefined => {
    const stat = parent.statOf(name);
    if (stat?.isDirectory()) return enter(parent, name, depth + 1);
    if (!stat?.isFile()) return undefined;
    if (stat.nlink > 1) {
      const inode = `${stat.dev}:${stat.ino}`;
      if (seen.has(inode)) return undefined;
      seen.add(inode);
    }
    files++;
    bytes += stat.size;
    return undefined;
  };
  const enter = async (parent: HeldFolder, name: string, depth: number): Promise<void> => {
    if (depth > MOST_DEPTH) {
      cut = true;
      return;
    }
    let child: HeldFolder;
    try {
      child = parent.folder(name);
    } catch (error) {
      const code = systemErrorCode(error);
      if (code === 'ENOENT' || code === 'ENOTDIR') return;
      throw error;
    }
    try {
      await walk(child, depth);
    } finally {
      child.close();
    }
  };
  const walk = async (at: HeldFolder, depth: number): Promise<void> => {
    for (const name of at.names()) {
      if (++entries > most) cut = true;
      if (entries % ENTRIES_AT_ONCE === 1) await new Promise(setImmediate);
      signal.throwIfAborted();
      if (entries > most) return;
      await add(at, name, depth);
    }
  };

  signal.throwIfAborted();
  await walk(folder, 0);
  return { files, bytes, cut };
}
