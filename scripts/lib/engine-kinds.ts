/** The kinds of private engine, and how each is started and stopped: the table behind scripts/engines. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { BUILTIN_IMAGE, ensureBuiltinImage } from '../../src/engine/builtin-image.js';
import { UNPACKED_ENGINE } from '../../src/engine/private/layout.js';
import {
  type EngineOptions,
  startEngine,
  stopEngine,
} from '../../src/engine/private/private-engine.js';
import {
  hybridCgroups,
  type PrivateEngine,
  startContainerd,
  startPodman,
  startRuntime,
  stopBareEngine,
} from './bare-engines.js';

export interface EngineKind {
  /**
   * @param instance name of this engine; others of the same kind may live beside it
   * @param folder that scripts/engines made ready for it; '': none is needed
   */
  readonly start: (instance: string, folder: string) => Promise<PrivateEngine>;
  /** `purge`: its images and containers too; a bare engine never keeps them. */
  readonly stop: (instance: string, purge: boolean) => Promise<void>;
  /** Docker's API is at DOCKER_HOST. */
  readonly docker: boolean;
}

const CRUN = '/var/lib/dit/engines/crun/usr/bin/crun';
/** Debian's place of it differs between releases. */
const runc = (): string =>
  ['usr/sbin/runc', 'usr/bin/runc']
    .map((path) => join(UNPACKED_ENGINE, path))
    .find((path) => existsSync(path)) ?? 'runc';

/** What a docker-RELEASE-VARIANT is, beside docker-RELEASE; `folder` as in EngineKind. */
const DOCKER_VARIANTS: Readonly<Record<string, (folder: string) => EngineOptions>> = {
  '': () => ({}),
  containerd: () => ({ config: { features: { 'containerd-snapshotter': true } } }),
  crun: (folder) => ({
    // A release's own engine has its own libraries: it needs the crun that fits them.
    config: {
      'default-runtime': 'crun',
      runtimes: { crun: { path: folder === '' ? CRUN : '/usr/bin/crun' } },
    },
    hiddenMounts: hybridCgroups(),
  }),
  userns: () => ({
    config: { 'userns-remap': 'nobody:nogroup' },
    // Docker looks groups up by the user's name as well.
    ownFiles: { '/etc/subuid': 'nobody:100000:65536\n', '/etc/subgid': 'nobody:100000:65536\n' },
  }),
};

const docker = (variant: string): EngineKind => ({
  docker: true,
  async start(instance, folder) {
    const { endpoint, socketPath } = await startEngine({
      name: instance,
      ...(folder === '' ? {} : { treeRoot: folder }),
      ...DOCKER_VARIANTS[variant]?.(folder),
    });
    const { default: Dockerode } = await import('dockerode');
    await ensureBuiltinImage(new Dockerode({ socketPath }));
    return {
      env: {
        DOCKER_HOST: endpoint,
        CONTAINER_RUN: `docker run --rm --network=none ${BUILTIN_IMAGE} echo hello`,
        CONTAINER_LIST: 'docker ps --all --quiet',
      },
      binDirs: [join(UNPACKED_ENGINE, 'usr/bin')],
      steps: [],
    };
  },
  async stop(instance, purge) {
    await stopEngine({ name: instance, purge });
  },
});

const bare = (start: EngineKind['start']): EngineKind => ({
  docker: false,
  start,
  stop: stopBareEngine,
});

const BARE_KINDS: Readonly<Record<string, EngineKind>> = {
  podman: bare((name, folder) => startPodman(name, folder, join(folder, 'usr/bin/crun'))),
  'podman-runc': bare((name, folder) => startPodman(name, folder, runc())),
  containerd: bare((name) => startContainerd(name)),
  runc: bare((name) => startRuntime(name, runc())),
  crun: bare((name) => startRuntime(name, CRUN)),
};

/** By name; scripts/engines has checked it. */
export function engineKind(name: string): EngineKind {
  return BARE_KINDS[name] ?? docker(/^docker-[\w.]+-(\w+)$/.exec(name)?.[1] ?? '');
}
