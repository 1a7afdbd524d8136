/** The mount table, and the cgroup hierarchies in it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Mount {
  readonly target: string;
  readonly type: string;
}

/** Mounts of this mount namespace in the order they were made. */
export function readMounts(mountInfo = readFileSync('/proc/self/mountinfo', 'utf8')): Mount[] {
  const mounts: Mount[] = [];
  for (const line of mountInfo.split('\n')) {
    // "36 35 98:0 /root /target options optional… - type source super-options"
    const fields = line.split(' ');
    const separator = fields.indexOf('-', 6);
    const target = fields[4];
    const type = fields[separator + 1];
    if (separator < 0 || target === undefined || type === undefined) continue;
    mounts.push({ target: unescapeMountPath(target), type });
  }
  return mounts;
}

/** The kernel writes blank, tab, newline and backslash in a path as three octal digits. */
function unescapeMountPath(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}

/** Mount points strictly below a folder, innermost first: the order to unmount them in. */
export function mountsBelow(folder: string, mounts = readMounts()): string[] {
  return mounts
    .map((mount) => mount.target)
    .filter((target) => target.startsWith(`${folder}/`))
    .reverse();
}

export function cgroupMounts(mounts = readMounts()): Mount[] {
  return mounts.filter((mount) => mount.type === 'cgroup' || mount.type === 'cgroup2');
}

/** A cgroup's folder in every hierarchy and the folders below it, deepest first. */
export function cgroupFolders(path: string): string[] {
  const found: string[] = [];
  const visit = (folder: string): void => {
    let entries: import('node:fs').Dirent[];
    try {
      entries = readdirSync(folder, { withFileTypes: true });
    } catch {
      return;
    }
    for (const entry of entries) if (entry.isDirectory()) visit(join(folder, entry.name));
    found.push(folder);
  };
  for (const mount of cgroupMounts()) visit(join(mount.target, path));
  return found;
}
