/** Private engines that are no Docker: podman, containerd by itself, and an OCI runtime by itself. */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DitError, EXIT } from '../../src/base/errors.js';
import { hideMounts, inMountNamespace } from '../../src/platform/engine-launch.js';
import {
  type EngineLayout,
  engineLayout,
  UNPACKED_ENGINE,
} from '../../src/platform/engine-layout.js';
import {
  containerProcesses,
  engineProcesses,
  signal,
  waitForEnd,
} from '../../src/platform/engine-processes.js';
import { cgroupFolders, cgroupMounts, mountsBelow, readMounts } from '../../src/platform/mounts.js';
import { IMAGE_REFERENCE, writeBundle, writeImageArchive } from './builtin-bundle.js';

/** What a command is given to use an engine. */
export interface PrivateEngine {
  readonly env: Readonly<Record<string, string>>;
  /** Folders with its programs. */
  readonly binDirs: readonly string[];
  /** Mount points that the command must not see. */
  readonly hiddenMounts: readonly string[];
}

const START_LIMIT_MS = 30_000;
const KILL_LIMIT_MS = 5_000;

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
  const layout = await makeFolders(name);
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
  const hiddenMounts = runtime.endsWith('/crun') ? hybridCgroups() : [];
  const policy = join(folder, 'etc/containers/policy.json');
  await writeImageArchive(file('image.tar'));
  const load = [podman, 'load', '--quiet', `--signature-policy=${policy}`, '-i', file('image.tar')];
  await runToEnd(inMountNamespace(hideMounts(hiddenMounts), load), env);
  const options = `--rm --pull=never --network=none --cgroup-parent=${layout.cgroupParent}`;
  return {
    env: {
      ...env,
      CONTAINER_RUN: `${podman} run ${options} ${IMAGE_REFERENCE} echo hello`,
      CONTAINER_LIST: `${podman} ps --all --quiet`,
    },
    binDirs: [join(folder, 'usr/bin')],
    hiddenMounts,
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
  const layout = await makeFolders(name);
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
  // Shims listen in /run/containerd, which every containerd of the machine shares: this one has its own.
  await mkdir('/run/containerd', { recursive: true, mode: 0o711 });
  const steps = [['mount', '-t', 'tmpfs', '-o', 'mode=711', 'tmpfs', '/run/containerd']];
  const config = `--config=${file('containerd.toml')}`;
  const daemon = inMountNamespace(steps, [join(bin, 'containerd'), config]);
  const ctr = [join(bin, 'ctr'), '--address', address];
  await startDaemon(layout, daemon, binDirs, [...ctr, 'version']);
  await writeImageArchive(file('image.tar'));
  await runToEnd([...ctr, 'images', 'import', file('image.tar')], {});
  const options = `--rm --fifo-dir ${file('fifo')} --cgroup ${layout.cgroupParent}/dit-hello`;
  return {
    env: {
      CONTAINERD_ADDRESS: address,
      CONTAINER_RUN: `${ctr.join(' ')} run ${options} ${IMAGE_REFERENCE} dit-hello echo hello`,
      CONTAINER_LIST: `${ctr.join(' ')} containers list --quiet`,
    },
    binDirs,
    hiddenMounts: [],
  };
}

/** An OCI runtime and a bundle; @param runtime its path */
export async function startRuntime(name: string, runtime: string): Promise<PrivateEngine> {
  const layout = await makeFolders(name);
  const bundle = join(layout.dataRoot, 'bundle');
  await writeBundle(bundle, `${layout.cgroupParent}/dit-hello`);
  const root = join(layout.execRoot, 'runtime');
  return {
    env: {
      OCI_BUNDLE: bundle,
      CONTAINER_RUN: `${runtime} --root ${root} run --bundle ${bundle} dit-hello`,
      CONTAINER_LIST: `${runtime} --root ${root} list --quiet`,
    },
    binDirs: [runtime.slice(0, runtime.lastIndexOf('/'))],
    hiddenMounts: runtime.endsWith('/crun') ? hybridCgroups() : [],
  };
}

/** Ends what still runs, and takes away all that the engine made. Does nothing when there is nothing. */
export async function stopBareEngine(name: string): Promise<void> {
  const layout = engineLayout(name);
  const daemons = engineProcesses(layout);
  for (const live of daemons) signal(live, 'SIGKILL');
  await waitForEnd(daemons, KILL_LIMIT_MS);
  await removeCgroups(layout.cgroupParent);
  const mounts = [...mountsBelow(layout.execRoot), ...mountsBelow(layout.dataRoot)];
  if (mounts.length > 0) await runToEnd(['umount', '--lazy', '--', ...mounts], {});
  const made = await readFile(layout.stateFile, 'utf8').catch(() => '[]');
  for (const path of [...JSON.parse(made), layout.dataRoot, layout.runDir]) {
    if (readMounts().some(({ target }) => target.startsWith(`${path}/`))) continue;
    await rm(path, { recursive: true, force: true });
  }
}

/** Kills what is in them; what is about to end keeps its cgroup for a moment. */
async function removeCgroups(parent: string): Promise<void> {
  const deadline = performance.now() + KILL_LIMIT_MS;
  for (;;) {
    const folders = cgroupFolders(parent).filter((folder) => existsSync(folder));
    if (folders.length === 0 || performance.now() > deadline) break;
    const inside = containerProcesses(folders);
    for (const live of inside) signal(live, 'SIGKILL');
    await waitForEnd(inside, KILL_LIMIT_MS);
    for (const folder of folders) await rmdir(folder).catch(() => undefined);
    await sleep(10);
  }
  // Another engine's cgroups lie there too.
  for (const { target } of cgroupMounts()) {
    await rmdir(join(target, '/dit')).catch(() => undefined);
  }
}

/** What podman, crun and containerd make outside the folders that they are given. */
const SIDE_PATHS = ['/var/lib/containers', '/run/containers', '/run/crun', '/run/containerd'];

async function makeFolders(name: string): Promise<EngineLayout> {
  const layout = engineLayout(name);
  await mkdir(layout.execRoot, { recursive: true, mode: 0o700 });
  await mkdir(layout.dataRoot, { recursive: true, mode: 0o711 });
  const made = SIDE_PATHS.filter((path) => !existsSync(path));
  await writeFile(layout.stateFile, JSON.stringify(made));
  return layout;
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
