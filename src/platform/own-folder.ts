/** Folders for a process's own use, which the next one takes away where it was killed before it could. */
import { mkdtempSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { DitError, EXIT, messageOf } from '../base/errors.js';
import { HeldFolder, removeTree } from './held-folder.js';
import { hasEnded, identityOf, ownIdentity } from './process-identity.js';

/**
 * "/var/tmp/dit-io-4711-8154-4026531836-aB3dE6", mode 0700: the process that it belongs to by pid, start and pid
 * namespace.
 * @param what "io"
 * @throws the system's error
 */
export function makeOwnFolder(below: string, what: string): string {
  const prefix = `dit-${what}-`;
  for (const name of readdirSync(below)) {
    if (!name.startsWith(prefix)) continue;
    // An earlier dit's has no namespace.
    const [, ...parts] = /^(\d+)-(\d+)(?:-(\d+))?-\w{6}$/.exec(name.slice(prefix.length)) ?? [];
    const owner = identityOf(...parts);
    if (owner !== undefined && hasEnded(owner)) removeOurs(below, name);
  }
  const { pid, startTicks, namespace } = ownIdentity();
  return mkdtempSync(join(below, `${prefix}${pid}-${startTicks}-${namespace}-`));
}

/** With all that is in it, which a container may have put there. @throws the system's error */
export function removeOwnFolder(path: string): void {
  const parent = HeldFolder.open(dirname(path));
  try {
    removeTree(parent, basename(path));
  } finally {
    parent.close();
  }
}

/** Others may write below it too: what is not this user's alone is not touched. */
function removeOurs(below: string, name: string): void {
  const parent = HeldFolder.open(below);
  try {
    const stat = parent.statOf(name);
    if (stat?.isDirectory() && stat.uid === process.getuid?.() && (stat.mode & 0o077) === 0) {
      removeTree(parent, name);
    }
  } catch {
    // What a killed process left and this one cannot remove, a mount perhaps, must not stop it.
  } finally {
    parent.close();
  }
}

/** Where files go that nobody keeps: $TMPDIR, else what every system has. */
const temporaryPlaces = (): string[] => [...new Set([tmpdir(), '/tmp', '/var/tmp', '/dev/shm'])];

/**
 * A folder of this process for files that nobody keeps; `removeOwnFolder` takes it away.
 * @throws DitError no-temporary-folder (exit 2)
 */
export function makeTemporaryFolder(what: string): string {
  const refusals: string[] = [];
  for (const place of temporaryPlaces()) {
    try {
      if (!isSafe(place)) throw new Error('another user can exchange what is in it');
      return makeOwnFolder(resolve(place), what);
    } catch (error) {
      refusals.push(`${place}: ${messageOf(error)}`);
    }
  }
  throw new DitError({
    code: 'no-temporary-folder',
    exitCode: EXIT.usage,
    message: `no folder takes temporary files (${refusals.join('; ')})`,
    remedy: 'make room, or name a folder of your own: TMPDIR=DIR',
  });
}

/** Whether names in a folder stay what they are: it and all above it are root's or this user's, or are sticky. */
function isSafe(place: string): boolean {
  for (let folder = realpathSync(place); ; folder = dirname(folder)) {
    const { uid, mode } = statSync(folder);
    const others = (mode & 0o022) !== 0 && (mode & 0o1000) === 0;
    if (others || (uid !== 0 && uid !== process.getuid?.())) return false;
    if (folder === dirname(folder)) return true;
  }
}
