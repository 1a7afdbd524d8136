/** Containers, volumes, networks and images of a dit that was killed before it could take them away. */
import type Dockerode from 'dockerode';
import { engineError } from '../../engine/docker.js';
import { isOrphan, RUN_LABEL } from '../../engine/owner-labels.js';

/**
 * Whatever cannot be removed now is found again by the next run. Containers first: they hold the others.
 * @throws DitError engine-…
 */
export async function removeOrphanedThings(docker: Dockerode): Promise<void> {
  const filters = { label: [RUN_LABEL] };
  try {
    const containers = await docker.listContainers({ all: true, filters });
    await Promise.allSettled(
      containers
        .filter(({ Labels }) => isOrphan(Labels))
        .map(({ Id }) => docker.getContainer(Id).remove({ force: true, v: true })),
    );
    const [{ Volumes }, networks, images] = await Promise.all([
      docker.listVolumes({ filters }),
      docker.listNetworks({ filters }),
      docker.listImages({ filters }),
    ]);
    await Promise.allSettled([
      ...(Volumes ?? [])
        .filter((volume) => isOrphan(volume.Labels))
        .map(({ Name }) => docker.getVolume(Name).remove({ force: true })),
      ...networks
        .filter((network) => isOrphan(network.Labels))
        .map(({ Id }) => docker.getNetwork(Id).remove()),
      ...images
        .filter((image) => isOrphan(image.Labels))
        .map(({ Id }) => docker.getImage(Id).remove({ force: true })),
    ]);
  } catch (error) {
    throw engineError(error, 'looking for what a killed dit left behind');
  }
}
