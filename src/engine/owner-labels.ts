/** The labels by which dit's own containers are known, and the removal of those whose dit is dead. */

import type Dockerode from 'dockerode';
import { safeJson } from '../base/escape.js';
import {
  bootId,
  hasEnded,
  identityOf,
  ownIdentity,
} from '../platform/processes/process-identity.js';
import { getJson } from './api/get-json.js';
import { ENGINE_LIMITS } from './api/limits.js';
import { engineError } from './docker.js';
import { apiAddress, type EngineEndpoint } from './endpoint.js';

export const RUN_LABEL = 'dev.dit.run';
const OWNER_LABEL = 'dev.dit.owner';

/** One life of one process on one boot of one machine: a remote engine may hold another host's containers. */
export function ownerLabels(traceId: string): Record<string, string> {
  const { pid, startTicks, namespace } = ownIdentity();
  return {
    [RUN_LABEL]: traceId,
    [OWNER_LABEL]: [bootId(), pid, startTicks, namespace].join('.'),
  };
}

/**
 * Whether these are labels of a process of this boot of this machine that has ended. A dit in a container, or one that
 * this one cannot see because it is in a container itself, may be alive.
 */
export function isOrphan(labels: Readonly<Record<string, string>> | null | undefined): boolean {
  const [boot, ...parts] = (labels?.[OWNER_LABEL] ?? '').split('.');
  const owner = identityOf(...parts);
  return owner !== undefined && boot === bootId() && hasEnded(owner);
}

/**
 * Ids of containers of dit runs that were killed before they could clean up; others' are never among them. Asked
 * plainly: nearly always there are none, and no client has to be loaded for it.
 * @throws DitError engine-…
 */
export async function findOrphans(
  endpoint: EngineEndpoint,
  signal?: AbortSignal,
): Promise<string[]> {
  const filters = encodeURIComponent(safeJson({ label: [RUN_LABEL] }));
  const listed = await getJson(
    apiAddress(endpoint),
    `/containers/json?all=1&filters=${filters}`,
    ENGINE_LIMITS.answerMs,
    signal,
  ).catch((error: unknown) => {
    throw engineError(error, 'listing containers');
  });
  return (listed as Listed[]).flatMap(({ Id, Labels }) => (isOrphan(Labels) ? [Id] : []));
}

interface Listed {
  readonly Id: string;
  readonly Labels?: Readonly<Record<string, string>> | null;
}

/** Whatever cannot be removed now is found again by the next run. */
export async function removeOrphans(docker: Dockerode, ids: readonly string[]): Promise<void> {
  await Promise.allSettled(
    ids.map((id) => docker.getContainer(id).remove({ force: true, v: true })),
  );
}
