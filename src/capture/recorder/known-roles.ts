/** What the processes are that were there before a recording: daemons, and what runs in containers by then. */
import type { ProcessRole } from '../../model/recording/recording.js';
import { namespaceOf } from '../../platform/processes/pid-namespace.js';
import type { ProcessStat } from '../../platform/processes/process-table.js';

/**
 * By pid. A container's process descends from the engine as a shim does, and is told from it by its mounts, which
 * are never the engine's. Otherwise whatever it executes, be it called runc, would count as the engine's.
 * @param daemons the roles that are known, by pid
 */
export function knownRoles(
  family: readonly ProcessStat[],
  daemons: ReadonlyMap<number, ProcessRole>,
): (pid: number) => ProcessRole {
  const mounts = (pid: number | 'self'): number | undefined => namespaceOf(pid, 'mnt');
  const engines = new Set([mounts('self'), ...[...daemons.keys()].map(mounts)]);
  const roles = new Map(daemons);
  for (const { pid } of family) {
    const own = roles.has(pid) ? undefined : mounts(pid);
    if (own !== undefined && !engines.has(own)) roles.set(pid, 'entrypoint');
  }
  return (pid) => roles.get(pid) ?? '';
}
