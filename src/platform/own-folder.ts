/** Folders for a process's own use, which the next one takes away where it was killed before it could. */
import { lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { processStat } from './process-table.js';

const startTicksOf = (pid: number): string => String(processStat(pid)?.startTicks ?? 0);

/**
 * "/var/tmp/dit-io-4711-8154-aB3dE6": pid and start of the process that it belongs to.
 * @param what "io"
 * @throws the system's error
 */
export function makeOwnFolder(below: string, what: string): string {
  const prefix = `dit-${what}-`;
  for (const name of readdirSync(below)) {
    const [, pid, startTicks] = /^(\d+)-(\d+)-\w{6}$/.exec(name.slice(prefix.length)) ?? [];
    if (!name.startsWith(prefix) || pid === undefined) continue;
    if (startTicksOf(Number(pid)) !== startTicks) removeOurs(join(below, name));
  }
  return mkdtempSync(join(below, `${prefix}${process.pid}-${startTicksOf(process.pid)}-`));
}

/** Others may write below it too: what is not this user's alone is not touched. */
function removeOurs(path: string): void {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (!stat?.isDirectory() || stat.uid !== process.getuid?.() || (stat.mode & 0o077) !== 0) return;
  rmSync(path, { recursive: true, force: true });
}
