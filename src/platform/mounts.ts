/** The mount table, and the cgroup hierarchies in it. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { unlessAbsent } from '../base/errors.js';

export interface Mount {
  readonly target: string;
  readonly type: string;
}

/** A line of /proc/PID/mountinfo (proc_pid_mountinfo(5)). */
export interface MountInfoLine extends Mount {
  /** Of the file system, what is mounted: "/", "/docker.sock". */
  readonly root: string;
  /** Of the mount, as the kernel writes them: "rw,relatime". */
  readonly options: string;
  /** Of the file system, as the kernel writes them: paths in them are escaped still. */
  readonly superOptions: string;
  readonly line: string;
}

/** In the order they were made. */
export function mountInfoLines(mountInfo: string): MountInfoLine[] {
  return mountInfo.split('\n').flatMap((line) => {
    // "36 35 98:0 /root /target options optional… - type source super-options"
    const fields = line.split(' ');
    const separator = fields.indexOf('-', 6);
    const [, , , root, target, options] = fields;
    const [type, , superOptions = ''] = separator < 0 ? [] : fields.slice(separator + 1);
    if (root === undefined || target === undefined || options === undefined) return [];
    if (type === undefined) return [];
    const paths = { root: unescapeOctal(root), target: unescapeOctal(target) };
    return [{ ...paths, type, options, superOptions, line }];
  });
}

/** Mounts of this mount namespace in the order they were made. */
export const readMounts = (mountInfo = readFileSync('/proc/self/mountinfo', 'utf8')): Mount[] =>
  mountInfoLines(mountInfo).map(({ target, type }) => ({ target, type }));

/** The kernel writes blank, tab, newline and backslash, and in options comma and "=", as three octal digits. */
export const unescapeOctal = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );

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
    const entries = unlessAbsent(() => readdirSync(folder, { withFileTypes: true }), undefined);
    if (entries === undefined) return;
    for (const entry of entries) if (entry.isDirectory()) visit(join(folder, entry.name));
    found.push(folder);
  };
  for (const mount of cgroupMounts()) visit(join(mount.target, path));
  return found;
}
