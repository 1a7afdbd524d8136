/** Files and folders that dit leaves to its user. */
import { chownSync, mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { CommandContext } from './context.js';

/** A file or folder that was made through sudo belongs to whoever typed the command; a device was not made. */
export function giveToSudoUser(path: string, env: CommandContext['env']): void {
  const uid = Number(env.SUDO_UID);
  const gid = Number(env.SUDO_GID);
  if (!Number.isInteger(uid) || !Number.isInteger(gid) || env.SUDO_UID === undefined) return;
  try {
    const made = statSync(path);
    if (made.isFile() || made.isDirectory()) chownSync(path, uid, gid);
  } catch {
    // Not ours to give (a foreign file system): root can still read it.
  }
}

/**
 * A folder and those above it that are not there.
 * Not by mkdir's `recursive`: Node's never ends where a folder that is there answers ENOENT, as those of /proc do.
 * @returns those that were made, outermost first
 * @throws the system's error
 */
export function makeFolders(path: string, mode = 0o777): string[] {
  const folder = resolve(path);
  if (isFolder(folder)) return [];
  const above = dirname(folder);
  const made = above === folder ? [] : makeFolders(above, mode);
  try {
    mkdirSync(folder, { mode });
  } catch (error) {
    // Another process may have made it meanwhile.
    if (isFolder(folder)) return made;
    throw error;
  }
  return [...made, folder];
}

/** makeFolders, for a user who may have typed sudo. @throws the system's error */
export function makeUserFolders(path: string, env: CommandContext['env'], mode = 0o777): string[] {
  const made = makeFolders(path, mode);
  for (const folder of made) giveToSudoUser(folder, env);
  return made;
}

const isFolder = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
