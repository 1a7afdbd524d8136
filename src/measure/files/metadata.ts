/**
 * Creating, looking up, renaming and unlinking many small files, one system call after the other: no process is
 * started for any of them, so nothing has to be subtracted.
 */
import { closeSync, constants } from 'node:fs';
import type { HeldFolder } from '../../platform/files/held-folder.js';
import { timeSteps } from './timed-steps.js';

/** In the order in which they are done. */
export const METADATA_OPERATIONS = ['create', 'stat', 'rename', 'unlink'] as const;
export type MetadataOperation = (typeof METADATA_OPERATIONS)[number];

/** ns for all files together. */
export type MetadataTimes = Readonly<Record<MetadataOperation, number>>;

/** Empty files in a new folder: made (open and close), looked up, renamed within it, unlinked. */
export async function measureFreshFolder(
  parent: HeldFolder,
  name: string,
  files: number,
  signal: AbortSignal,
): Promise<MetadataTimes> {
  parent.makeFolder(name);
  const folder = parent.folder(name);
  try {
    const names = Array.from({ length: files }, (_, index) => `f${index}`);
    return await measure(folder, names, names, signal);
  } finally {
    folder.close();
  }
}

/**
 * The same in a folder that an image's layer holds: new files are made in it; those of the layer are looked up,
 * renamed (which copies them up and leaves whiteouts) and unlinked.
 */
export function measureLowerFolder(
  folder: HeldFolder,
  lowerNames: readonly string[],
  signal: AbortSignal,
): Promise<MetadataTimes> {
  const fresh = lowerNames.map((name) => `new-${name}`);
  return measure(folder, fresh, lowerNames, signal);
}

async function measure(
  folder: HeldFolder,
  made: readonly string[],
  changed: readonly string[],
  signal: AbortSignal,
): Promise<MetadataTimes> {
  const renamed = changed.map((name) => `renamed-${name}`);
  const time = async (list: readonly string[], call: (name: string, i: number) => void) =>
    (await timeSteps((i) => call(list[i] as string, i), { steps: list.length, signal })).ns;
  return {
    create: await time(made, (name) => closeSync(folder.create(name, constants.O_WRONLY, 0o666))),
    stat: await time(changed, (name) => folder.statOf(name)),
    rename: await time(changed, (name, i) => folder.rename(name, renamed[i] as string)),
    unlink: await time(renamed, (name) => folder.unlink(name)),
  };
}
