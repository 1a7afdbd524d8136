/** The rows of the engine matrix, and which milestones each kind of start does not have: data. */
import type { MilestoneName } from '../../src/model/trace/trace.js';

export interface MatrixRow {
  readonly name: string;
  /** Of scripts/engines. */
  readonly engine: string;
  readonly start: Start;
  /** A network of this name is made before and removed after. */
  readonly network?: string;
  /** The first program in the container; /bin/echo when absent. */
  readonly entrypoint?: string;
  /** Milestones that this start does not have, each with what dit must say about it. */
  readonly absent: Absences;
}

export type Absences = Partial<Readonly<Record<MilestoneName, string>>>;

/** Options of `dit trace run`; or the command of `dit trace exec`, given the engine's CONTAINER_RUN. */
export type Start =
  | { readonly run: readonly string[] }
  | { readonly exec: (containerRun: string) => string };

const NETWORK = 'dit-matrix';

const run = (...options: readonly string[]): Start => ({ run: options });
/** @param options in the place of CONTAINER_RUN's network none */
const exec = (options = '--network=none'): Start => ({
  exec: (containerRun) => containerRun.replace('--network=none', options),
});

/** dockerd up to 26 has runc call it back as a hook, for the network; 28 does it between create and start. */
const NO_HOOKS: Absences = {
  'hooks began': 'no hook was run',
  'hooks ended': 'no hook was run',
};

/** `crun run` creates and starts in one process. */
const NO_FIFO: Absences = { 'exec FIFO opened': 'init did not wait at an exec FIFO' };

/** An OCI runtime by itself runs on a folder that somebody else has made ready. */
const NO_ENGINE: Absences = {
  'create requested': 'no call of an engine was seen to name the container',
  'shim exec': 'no shim was executed',
  'rootfs mounted': 'no overlay mount by an engine was seen',
};

/** Other storage, user namespaces and runtimes, and what a start has not by them. */
const VARIANTS: readonly (readonly [engine: string, absent: Absences])[] = [
  ['docker-26.1-containerd', {}],
  ['docker-28.5-containerd', NO_HOOKS],
  ['docker-20.10-userns', {}],
  ['docker-26.1-userns', {}],
  ['docker-28.5-userns', NO_HOOKS],
  ['docker-20.10-crun', {}],
];

export const MATRIX: readonly MatrixRow[] = [
  ...['20.10', '26.1', '28.5'].flatMap((release): MatrixRow[] => {
    const engine = `docker-${release}`;
    const absent = release === '28.5' ? NO_HOOKS : {};
    return [
      { name: `${engine} none`, engine, start: run('--network', 'none'), absent },
      { name: `${engine} bridge`, engine, start: run('--network', 'bridge'), absent },
      { name: `${engine} host`, engine, start: run('--network', 'host'), absent: NO_HOOKS },
      {
        name: `${engine} own network`,
        engine,
        start: run('--network', NETWORK),
        network: NETWORK,
        absent,
      },
      {
        name: `${engine} published port`,
        engine,
        start: exec(`--network=${NETWORK} --publish=127.0.0.1::80`),
        network: NETWORK,
        absent,
      },
      {
        name: `${engine} --init`,
        engine,
        start: run('--network', 'none', '--init'),
        entrypoint: '/sbin/docker-init',
        absent,
      },
    ];
  }),
  ...VARIANTS.flatMap(([engine, absent]) =>
    ['none', 'bridge'].map(
      (network): MatrixRow => ({
        name: `${engine} ${network}`,
        engine,
        start: run('--network', network),
        absent,
      }),
    ),
  ),
  {
    name: 'podman none',
    engine: 'podman',
    start: exec(),
    absent: NO_HOOKS,
  },
  {
    name: 'podman host',
    engine: 'podman',
    start: exec('--network=host'),
    absent: NO_HOOKS,
  },
  { name: 'podman-runc none', engine: 'podman-runc', start: exec(), absent: NO_HOOKS },
  { name: 'containerd', engine: 'containerd', start: exec(), absent: NO_HOOKS },
  {
    name: 'runc',
    engine: 'runc',
    start: exec(),
    absent: { ...NO_ENGINE, ...NO_HOOKS },
  },
  {
    name: 'crun',
    engine: 'crun',
    start: exec(),
    absent: { ...NO_ENGINE, ...NO_HOOKS, ...NO_FIFO },
  },
];
