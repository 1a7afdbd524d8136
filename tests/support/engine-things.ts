/** What is in an engine, to be compared before and after: whatever dit makes must be gone again. */
import type Dockerode from 'dockerode';

export interface EngineThings {
  readonly containers: readonly string[];
  readonly images: readonly string[];
  readonly volumes: readonly string[];
  readonly networks: readonly string[];
}

/** Ids, and of volumes the names, sorted. */
export async function engineThings(docker: Dockerode): Promise<EngineThings> {
  const [containers, images, { Volumes }, networks] = await Promise.all([
    docker.listContainers({ all: true }),
    docker.listImages({ all: true }),
    docker.listVolumes(),
    docker.listNetworks(),
  ]);
  const ids = (all: readonly { readonly Id: string }[]): string[] => all.map(({ Id }) => Id).sort();
  return {
    containers: ids(containers),
    images: ids(images),
    volumes: (Volumes ?? []).map(({ Name }) => Name).sort(),
    networks: ids(networks),
  };
}
