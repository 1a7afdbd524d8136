/** Folders that dit leaves to its user, by paths that people name. See safe-path.ts for the links in them. */
import { resolve } from 'node:path';
import { systemErrorCode } from '../../base/errors.js';
import { removeTree } from './held-folder.js';
import { enterFolder, findPlace, makeFolderIn, type NamedPlace } from './safe-path.js';
import type { NewFile } from './whole-file.js';

/**
 * A folder and those above it that are not there.
 * @returns those that were made, absolute, outermost first
 * @throws the system's error, ForeignLinkError
 */
export function makeFolders(path: string, { mode, owner }: NewFile): string[] {
  const made: string[] = [];
  enterFolder(resolve(path), { mode, owner, onMade: (each) => made.push(resolve(each)) }).close();
  return made;
}

/** @throws the system's error: EEXIST where anything has the name */
export function makeNewFolder(path: string, { mode, owner }: NewFile): void {
  const at = namedPlace(path);
  try {
    makeFolderIn(at.folder, at.name, mode, owner);
  } finally {
    at.folder.close();
  }
}

/** Stays where something is in it, or it is gone. */
export function removeEmptyFolder(path: string): void {
  const at = namedPlace(path);
  try {
    at.folder.removeFolder(at.name);
  } catch (error) {
    if (!['ENOTEMPTY', 'ENOENT'].includes(systemErrorCode(error) ?? '')) throw error;
  } finally {
    at.folder.close();
  }
}

/** With all that is in it. @throws the system's error */
export function removeFolder(path: string): void {
  const at = namedPlace(path);
  try {
    removeTree(at.folder, at.name);
  } finally {
    at.folder.close();
  }
}

function withoutEnd(path: string): string {
  let end = path.length;
  while (path[end - 1] === '/') end--;
  return path.slice(0, end);
}

function namedPlace(path: string): NamedPlace {
  const found = findPlace(withoutEnd(path) || '/');
  if (found.folder !== undefined) return found;
  throw Object.assign(new Error(`EEXIST: '${path}' is an open file`), { code: 'EEXIST' });
}
