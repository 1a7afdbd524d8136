/** Takes away all that a private engine made, whatever became of it: nothing else's is touched. */
import { rm } from 'node:fs/promises';
import { DitError, EXIT } from '../../base/errors.js';
import { mountsBelow } from '../../platform/mounts.js';
import { runProgram } from '../../platform/processes/child-process.js';
import { removeBridges } from './bridge.js';
import { cgroupParentOf, removeCgroups } from './cgroups.js';
import type { EngineLayout } from './layout.js';
import { removeOutside } from './outside.js';
import { engineProcesses, signal, waitForEnd } from './processes.js';
import { dataRootIdentity, readState } from './state.js';

const KILL_LIMIT_MS = 5_000;

/**
 * In the reverse of the order in which it comes to be, under the lock of all engines. The data root stays.
 * @param options.keepLog for whoever is told to read it; a later start or stop takes it away
 * @throws DitError engine-leftovers, after all else: a process that does not end keeps its cgroup
 */
export async function clearEngine(
  layout: EngineLayout,
  options: { readonly keepLog?: boolean } = {},
): Promise<void> {
  const state = await readState(layout.name);
  const processes = engineProcesses(layout);
  for (const live of processes) signal(live, 'SIGKILL');
  await waitForEnd(processes, KILL_LIMIT_MS);
  const busy: string[] = [];
  for (const parent of cgroupParents(layout, state?.cgroupParent)) {
    busy.push(...(await removeCgroups(parent, KILL_LIMIT_MS)));
  }
  await removeBridges(layout, state?.bridge);
  await unmountAll(layout);
  await rm(layout.execRoot, { recursive: true, force: true });
  for (const file of [layout.socketPath, layout.pidFile]) await rm(file, { force: true });
  removeOutside(layout);
  // The state goes last: whoever is killed on the way leaves it for the next.
  await rm(options.keepLog === true ? layout.stateFile : layout.runDir, {
    recursive: true,
    force: true,
  });
  if (busy.length > 0) throw leftoversError(layout, busy);
}

/** The state is lost with the run directory, and the data root may have been deleted by hand: either will do. */
function cgroupParents(layout: EngineLayout, recorded: string | undefined): Set<string> {
  const parents = new Set<string>();
  if (dataRootIdentity(layout) !== undefined) parents.add(cgroupParentOf(layout));
  if (recorded !== undefined) parents.add(recorded);
  return parents;
}

/** A running engine's are in its mount namespace; what is mounted here must not be deleted through its mount point. */
async function unmountAll(layout: EngineLayout): Promise<void> {
  const targets = [...mountsBelow(layout.runDir), ...mountsBelow(layout.dataRoot)];
  if (targets.length === 0) return;
  // What stays mounted stays in the way of the removal, which says so.
  await runProgram('umount', ['-n', '--lazy', '--', ...targets]);
}

function leftoversError(layout: EngineLayout, busy: readonly string[]): DitError {
  return new DitError({
    code: 'engine-leftovers',
    exitCode: EXIT.engine,
    message: `a process of the private engine '${layout.name}' does not end: '${busy.at(-1)}' stays`,
    remedy: `see which: cat ${busy[0]}/cgroup.procs`,
  });
}
