/** The cgroups of a private engine's containers, and the end of all that is in them. */
import { existsSync } from 'node:fs';
import { rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemErrorCode } from '../../base/errors.js';
import { cgroupFolders, cgroupMounts } from '../../platform/mounts.js';
import type { EngineLayout } from './layout.js';
import { containerProcesses, signal, waitForEnd } from './processes.js';
import { dataRootIdentity } from './state.js';

const ROOT = '/dit';

/**
 * The parent that no other engine has, so that whatever is below it is this one's, also what a runtime that was
 * killed left there: with the data root's identity in its name. The data root must exist.
 */
export const cgroupParentOf = (layout: EngineLayout): string =>
  `${ROOT}/${layout.name}-${dataRootIdentity(layout)}`;

/**
 * Kills what is below the parent in every hierarchy, and removes it.
 * @returns what cannot be removed within the limit: something in it does not end
 */
export async function removeCgroups(parent: string, limitMs: number): Promise<string[]> {
  const deadline = performance.now() + limitMs;
  let folders = cgroupFolders(parent);
  while (folders.length > 0 && performance.now() < deadline) {
    const inside = containerProcesses(folders);
    for (const live of inside) signal(live, 'SIGKILL');
    await thaw(folders);
    await waitForEnd(inside, Math.max(0, deadline - performance.now()));
    for (const folder of folders) await removeFolder(folder);
    folders = cgroupFolders(parent);
    // Whatever is about to end keeps its cgroup for a moment.
    if (folders.length > 0) await sleep(10);
  }
  for (const { target } of cgroupMounts()) await removeFolder(join(target, ROOT));
  return folders;
}

/** The processes of a paused container take no signal. */
async function thaw(folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    for (const [file, running] of [
      ['freezer.state', 'THAWED'],
      ['cgroup.freeze', '0'],
    ] as const) {
      const path = join(folder, file);
      // A cgroup that goes meanwhile needs no thawing; one that stays frozen is found by the wait for its processes.
      if (existsSync(path)) await writeFile(path, running).catch(() => undefined);
    }
  }
}

/** Another engine's cgroup, or a dying process, keeps a folder. */
async function removeFolder(folder: string): Promise<void> {
  try {
    await rmdir(folder);
  } catch (error) {
    if (!['EBUSY', 'ENOTEMPTY', 'ENOENT'].includes(systemErrorCode(error) ?? '')) throw error;
  }
}
