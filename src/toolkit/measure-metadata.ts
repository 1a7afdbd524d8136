/**
 * Creating, looking up, renaming and unlinking many small files, one system call after the other: no process is
 * started for any of them, so nothing has to be subtracted.
 */
import { closeSync, mkdirSync, openSync, renameSync, statSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { timeSteps } from './timed-steps.js';

/** In the order in which they are done. */
export const METADATA_OPERATIONS = ['create', 'stat', 'rename', 'unlink'] as const;
export type MetadataOperation = (typeof METADATA_OPERATIONS)[number];

/** ns for all files together. */
export type MetadataTimes = Readonly<Record<MetadataOperation, number>>;

/** Empty files in a new folder: made (open and close), looked up, renamed within it, unlinked. The folder is new. */
export async function measureFreshFolder(
  folder: string,
  files: number,
  signal: AbortSignal,
): Promise<MetadataTimes> {
  mkdirSync(folder);
  const names = Array.from({ length: files }, (_, index) => `f${index}`);
  return measure(folder, names, names, signal);
}

/**
 * The same in a folder that an image's layer holds: new files are made in it; those of the layer are looked up,
 * renamed (which copies them up and leaves whiteouts) and unlinked.
 */
export function measureLowerFolder(
  folder: string,
  lowerNames: readonly string[],
  signal: AbortSignal,
): Promise<MetadataTimes> {
  const fresh = lowerNames.map((name) => `new-${name}`);
  return measure(folder, fresh, lowerNames, signal);
}

async function measure(
  folder: string,
  made: readonly string[],
  changed: readonly string[],
  signal: AbortSignal,
): Promise<MetadataTimes> {
  // Joining is not part of the work that is timed.
  const toMake = made.map((name) => join(folder, name));
  const paths = changed.map((name) => join(folder, name));
  const renamed = changed.map((name) => join(folder, `renamed-${name}`));
  const time = async (list: readonly string[], call: (path: string, i: number) => void) =>
    (await timeSteps((i) => call(list[i] as string, i), { steps: list.length, signal })).ns;
  return {
    create: await time(toMake, (path) => closeSync(openSync(path, 'wx'))),
    stat: await time(paths, (path) => statSync(path)),
    rename: await time(paths, (path, i) => renameSync(path, renamed[i] as string)),
    unlink: await time(renamed, (path) => unlinkSync(path)),
  };
}
