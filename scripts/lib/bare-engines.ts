/** Private engines that are no Docker: podman, containerd by itself, and an OCI runtime by itself. */
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DitError, EXIT } from '../../src/base/errors.js';
import { cgroupParentOf } from '../../src/engine/private/cgroups.js';
import { clearEngine } from '../../src/engine/private/clear.js';
import { markNamespace } from '../../src/engine/private/launch.js';
import {
  type EngineLayout,
  engineLayout,
  UNPACKED_ENGINE,
} from '../../src/engine/private/layout.js';
import { ownOutside } from '../../src/engine/private/outside.js';
import { withEngineLock, writeState } from '../../src/engine/private/state.js';
import { cgroupMounts } from '../../src/platform/mounts.js';
import {
  hideMounts,
  inMountNamespace,
  type Step,
} from '../../src/platform/processes/mount-namespace.js';
import { IMAGE_REFERENCE, writeBundle, writeImageArchive } from './builtin-bundle.js';

/** What a command is given to use an engine. */
export interface PrivateEngine {
  readonly env: Readonly<Record<string, string>>;
  /** Folders with its programs. */
  readonly binDirs: readonly string[];
  /** Of the mount namespace that the command is to run in; none: on the machine as it is. */
  readonly steps: readonly Step[];
}

const START_LIMIT_MS = 30_000;

/**
 * crun refuses a machine where version 2 of cgroups is mounted beside version 1 and holds a controller: it
 * gets to see version 1 alone.
 */
export function hybridCgroups(): string[] {
  const mounts = cgroupMounts();
  if (!mounts.some(({ type }) => type === 'cgroup')) return [];
  return mounts.filter(({ type }) => type === 'cgroup2').map(({ target }) => target);
}

/**
 * @param folder with podman's unpacked packages
 * @param runtime podman's OCI runtime, a path
 */
export async function startPodman(
  name: string,
  folder: string,
  runtime: string,
): Promise<PrivateEngine> {
  const { layout, outside } = await begin(name);
  const file = (base: string): string => join(layout.execRoot, base);
  await writeFile(file('containers.conf'), podmanConfig(layout, folder, runtime));
  await writeFile(
    file('storage.conf'),
    toml({
      storage: {
        driver: 'overlay',
        graphroot: join(layout.dataRoot, 'storage'),
        runroot: file('storage'),
      },
    }),
  );
  await writeFile(file('registries.conf'), '');
  const env = {
    CONTAINERS_CONF: file('containers.conf'),
    CONTAINERS_STORAGE_CONF: file('storage.conf'),
    CONTAINERS_REGISTRIES_CONF: file('registries.conf'),
  };
  const podman = join(folder, 'usr/bin/podman');
  const steps = stepsFor(runtime, outside);
  const policy = join(folder, 'etc/containers/policy.json');
  await writeImageArchive(file('image.tar'));
  const load = [podman, 'load', '--quiet', `--signature-policy=${policy}`, '-i', file('image.tar')];
  await runToEnd(inMountNamespace(steps, load), env);
  const options = `--rm --pull=never --network=none --cgroup-parent=${cgroupParentOf(layout)}`;
  return {
    env: {
      ...env,
      CONTAINER_RUN: `${podman} run ${options} ${IMAGE_REFERENCE} echo hello`,
      CONTAINER_LIST: `${podman} ps --all --quiet`,
    },
    binDirs: [join(folder, 'usr/bin')],
    steps,
  };
}

function podmanConfig(layout: EngineLayout, folder: string, runtime: string): string {
  const runtimeName = runtime.slice(runtime.lastIndexOf('/') + 1);
  return toml({
    engine: {
      cgroup_manager: 'cgroupfs',
      events_logger: 'none',
      runtime: runtimeName,
      conmon_path: [join(folder, 'usr/bin/conmon')],
      helper_binaries_dir: [join(folder, 'usr/lib/podman')],
      tmp_dir: join(layout.execRoot, 'libpod'),
      // Its other kind is in /dev/shm, which is everybody's.
      lock_type: 'file',
    },
    'engine.runtimes': { [runtimeName]: [runtime] },
    containers: {
      seccomp_profile: join(folder, 'usr/share/containers/seccomp.json'),
      // podman's own are higher than a root without CAP_SYS_RESOURCE may set.
      default_ulimits: ['nofile=1024:4096', 'nproc=1024:4096'],
    },
    network: {
      network_backend: 'netavark',
      network_config_dir: join(layout.dataRoot, 'networks'),
    },
  });
}

/** containerd with its own root, state and socket, and ctr. */
export async function startContainerd(name: string): Promise<PrivateEngine> {
  const { layout, outside } = await begin(name);
  const file = (base: string): string => join(layout.execRoot, base);
  const address = file('containerd.sock');
  await writeFile(
    file('containerd.toml'),
    [
      'version = 2',
      `root = ${JSON.stringify(join(layout.dataRoot, 'containerd'))}`,
      `state = ${JSON.stringify(file('containerd'))}`,
      'disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]',
      toml({ grpc: { address } }),
    ].join('\n'),
  );
  const bin = join(UNPACKED_ENGINE, 'usr/bin');
  const binDirs = [bin, join(UNPACKED_ENGINE, 'usr/sbin')];
  const config = `--config=${file('containerd.toml')}`;
  const inside = [markNamespace(layout), ...outside];
  const daemon = inMountNamespace(inside, [join(bin, 'containerd'), config]);
  const ctr = [join(bin, 'ctr'), '--address', address];
  await startDaemon(layout, daemon, binDirs, [...ctr, 'version']);
  await writeImageArchive(file('image.tar'));
  await runToEnd([...ctr, 'images', 'import', file('image.tar')], {});
  const options = `--rm --fifo-dir ${file('fifo')} --cgroup ${cgroupParentOf(layout)}/dit-hello`;
  return {
    env: {
      CONTAINERD_ADDRESS: address,
      CONTAINER_RUN: `${ctr.join(' ')} run ${options} ${IMAGE_REFERENCE} dit-hello echo hello`,
      CONTAINER_LIST: `${ctr.join(' ')} containers list --quiet`,
    },
    binDirs,
    steps: outside,
  };
}

/** An OCI runtime and a bundle; @param runtime its path */
export async function startRuntime(name: string, runtime: string): Promise<PrivateEngine> {
  const { layout, outside } = await begin(name);
  const bundle = join(layout.dataRoot, 'bundle');
  await writeBundle(bundle, `${cgroupParentOf(layout)}/dit-hello`);
  const root = join(layout.execRoot, 'runtime');
  return {
    env: {
      OCI_BUNDLE: bundle,
      CONTAINER_RUN: `${runtime} --root ${root} run --bundle ${bundle} dit-hello`,
      CONTAINER_LIST: `${runtime} --root ${root} list --quiet`,
    },
    binDirs: [runtime.slice(0, runtime.lastIndexOf('/'))],
    steps: stepsFor(runtime, outside),
  };
}

/** Ends what still runs, and takes away all that the engine made. Does nothing when there is nothing. */
export async function stopBareEngine(name: string): Promise<void> {
  const layout = engineLayout(name);
  await withEngineLock(() => clearEngine(layout));
  await rm(layout.dataRoot, { recursive: true, force: true });
}

const stepsFor = (runtime: string, outside: readonly Step[]): Step[] => [
  ...(runtime.endsWith('/crun') ? hideMounts(hybridCgroups()) : []),
  ...outside,
];

/** The engine's folders, and those that stand in for the machine's. */
async function begin(name: string): Promise<{ layout: EngineLayout; outside: Step[] }> {
  const layout = engineLayout(name);
  return withEngineLock(async () => {
    await mkdir(layout.runDir, { recursive: true, mode: 0o711 });
    await mkdir(layout.execRoot, { recursive: true, mode: 0o700 });
    await mkdir(layout.dataRoot, { recursive: true, mode: 0o711 });
    const { dataRoot } = layout;
    await writeState(layout, { dataRoot, cgroupParent: cgroupParentOf(layout) });
    return { layout, outside: ownOutside(layout) };
  });
}

async function startDaemon(
  layout: EngineLayout,
  [program = '', ...args]: readonly string[],
  binDirs: readonly string[],
  answers: readonly string[],
): Promise<void> {
  const log = openSync(layout.logFile, 'w', 0o600);
  const env = { ...process.env, PATH: [...binDirs, process.env.PATH].join(':') };
  const daemon = spawn(program, args, {
    env,
    stdio: ['ignore', log, log],
    detached: true,
    cwd: '/',
  });
  closeSync(log);
  daemon.unref();
  let ended = false;
  daemon.once('exit', () => {
    ended = true;
  });
  const deadline = performance.now() + START_LIMIT_MS;
  for (;;) {
    try {
      await runToEnd(answers, {});
      return;
    } catch (error) {
      if (ended || performance.now() > deadline) {
        throw new DitError({
          code: 'engine-start',
          exitCode: EXIT.engine,
          message: `the private engine '${layout.name}' does not start:\n${await readFile(layout.logFile, 'utf8')}`,
          remedy: `read ${layout.logFile}`,
          cause: error,
        });
      }
      await sleep(50);
    }
  }
}

async function runToEnd(
  [program = '', ...args]: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const { execa } = await import('execa');
  await execa(program, args, { env });
}

type Toml = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

/** Tables of strings and lists of strings, which TOML writes as JSON does. */
function toml(tables: Toml): string {
  return Object.entries(tables)
    .map(([table, values]) => {
      const lines = Object.entries(values).map(
        ([key, value]) => `${key} = ${JSON.stringify(value)}`,
      );
      return `[${table}]\n${lines.join('\n')}\n`;
    })
    .join('\n');
}
