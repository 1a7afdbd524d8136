/** The labels by which dit's own containers are known, and the removal of those whose dit is dead. */
import { readFileSync } from 'node:fs';
import type Dockerode from 'dockerode';
import { engineError } from '../platform/docker.js';
import { processStat } from '../platform/process-table.js';

export const RUN_LABEL = 'dev.dit.run';
const OWNER_LABEL = 'dev.dit.owner';

/** One life of one process on one boot of one machine: a remote engine may hold another host's containers. */
function ownerOf(pid: number): string {
  return `${bootId()}.${pid}.${processStat(pid)?.startTicks ?? 0}`;
}

const bootId = (): string => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();

export function ownerLabels(traceId: string): Record<string, string> {
  return { [RUN_LABEL]: traceId, [OWNER_LABEL]: ownerOf(process.pid) };
}

/**
 * Removes containers of dit runs that were killed before they could clean up. Others' are never touched.
 * @throws DitError engine-…
 */
export async function removeOrphans(docker: Dockerode): Promise<number> {
  const ours = await docker
    .listContainers({ all: true, filters: { label: [RUN_LABEL] } })
    .catch((error: unknown) => {
      throw engineError(error, 'listing containers');
    });
  const orphans = ours.filter(({ Labels }) => {
    const owner = Labels[OWNER_LABEL] ?? '';
    const [boot, pid] = owner.split('.');
    return boot === bootId() && ownerOf(Number(pid)) !== owner;
  });
  await Promise.allSettled(
    orphans.map(({ Id }) => docker.getContainer(Id).remove({ force: true, v: true })),
  );
  return orphans.length;
}
