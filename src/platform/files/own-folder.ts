/** Folders for a process's own use, which the next one takes away where it was killed before it could. */
import { mkdtempSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { hasEnded, identityOf, ownIdentity } from '../processes/process-identity.js';
import { HeldFolder, removeTree } from './held-folder.js';

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

/** Others may write below it too: only what belongs to this user is touched. */
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
