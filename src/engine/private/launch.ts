/** How a private dockerd is called: its binaries, its flags, and the mount namespace it may need. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { DitError, EXIT } from '../../base/errors.js';
import {
  hideMounts,
  inMountNamespace,
  type Step,
} from '../../platform/processes/mount-namespace.js';
import { type Bridge, NETWORK_POOL } from './bridge.js';
import { cgroupParentOf } from './cgroups.js';
import { type EngineLayout, UNPACKED_ENGINE } from './layout.js';

export interface LaunchOptions {
  /**
   * A folder with another release's whole tree. dockerd becomes its root in a mount namespace of its
   * own, where run directory and data root keep their paths, so the socket is where it always is.
   */
  readonly treeRoot?: string;
  /** Folders with dockerd, containerd, runc …, searched before PATH. Inside `treeRoot` if there is one. */
  readonly binDirs?: readonly string[];
  readonly storageDriver?: string;
  /**
   * Files that only this engine sees, by their path, which must exist unless there is a `treeRoot`:
   * { '/etc/subuid': 'nobody:100000:65536\n' }. The machine's own files stay as they are.
   */
  readonly ownFiles?: Readonly<Record<string, string>>;
  /** Mount points that this engine does not see: '/sys/fs/cgroup/unified'. */
  readonly hiddenMounts?: readonly string[];
  /** Appended to dockerd's flags. */
  readonly extraArgs?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface Launch {
  readonly command: readonly string[];
  readonly env: Record<string, string>;
}

const SYSTEM_DIRS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** @param outside steps that give the engine folders of its own outside the layout's; a tree is one as a whole */
export function launchOf(
  layout: EngineLayout,
  bridge: Bridge,
  outside: readonly Step[],
  options: LaunchOptions,
): Launch {
  const tree = options.treeRoot;
  const dirs = searchPath(options);
  const dockerd = findDockerd(tree, dirs);
  const daemon = [dockerd, ...dockerdFlags(layout, bridge, options)];
  const env = { ...inheritedEnv(), PATH: dirs.join(delimiter), ...options.env };
  const steps = [
    markNamespace(layout),
    ...hideMounts(options.hiddenMounts ?? []),
    ...Object.keys(options.ownFiles ?? {}).flatMap((path) => bindOwnFile(layout, path, tree ?? '')),
    ...(tree === undefined ? outside : enterTree(tree, [layout.runDir, layout.dataRoot])),
  ];
  return { command: inMountNamespace(steps, daemon), env };
}

/** Where the text of one of `ownFiles` is kept while the engine runs. */
export const ownFilePath = (layout: EngineLayout, path: string): string =>
  join(layout.execRoot, 'files', path);

/** The run directory is a mount point in the engine's mount namespace only, which is known by it. */
export const markNamespace = ({ runDir }: EngineLayout): Step => [
  'mount',
  '--bind',
  runDir,
  runDir,
];

function bindOwnFile(layout: EngineLayout, path: string, tree: string): Step[] {
  const target = `${tree}${path}`;
  const bind = ['mount', '-n', '--bind', ownFilePath(layout, path), target];
  return tree === '' ? [bind] : [['touch', target], bind];
}

/**
 * Makes the folder this process's root, with `shared` folders at their paths. chroot(2) would not do: runc
 * refuses to work on a root that is not a mount point ("remount /: invalid argument"). proc is mounted anew
 * so that its mount table is ours.
 */
function enterTree(tree: string, shared: readonly string[]): Step[] {
  return [
    // Recursively: the engine's own files are mounted below it.
    ['mount', '-n', '--rbind', tree, tree],
    ['mount', '-n', '-t', 'proc', 'proc', `${tree}/proc`],
    ['mount', '-n', '--rbind', '/sys', `${tree}/sys`],
    ['mount', '-n', '--rbind', '/dev', `${tree}/dev`],
    // Engines of one tree share nothing that they make there.
    ['mount', '-n', '-t', 'tmpfs', '-o', 'mode=755', 'tmpfs', `${tree}/run`],
    ...shared.flatMap((folder) => [
      ['mkdir', '-p', `${tree}${folder}`],
      ['mount', '-n', '--rbind', folder, `${tree}${folder}`],
    ]),
    ['cd', tree],
    ['pivot_root', '.', '.'],
    ['umount', '-n', '-l', '.'],
    ['cd', '/'],
  ];
}

/** Whether a private engine could start here at all: where its dockerd is, or undefined. */
export function installedDockerd(): string | undefined {
  return searchPath({})
    .map((dir) => join(dir, 'dockerd'))
    .find(isExecutable);
}

function searchPath(options: LaunchOptions): string[] {
  const given = options.binDirs ?? [];
  if (options.treeRoot !== undefined) return [...given, ...SYSTEM_DIRS];
  const path = (process.env.PATH ?? '').split(delimiter).filter((dir) => dir.startsWith('/'));
  const unpacked = [join(UNPACKED_ENGINE, 'usr/sbin'), join(UNPACKED_ENGINE, 'usr/bin')];
  return [...new Set([...given, ...path, ...SYSTEM_DIRS, ...unpacked])];
}

function findDockerd(tree: string | undefined, dirs: readonly string[]): string {
  const found = dirs
    .map((dir) => join(dir, 'dockerd'))
    .find((path) => isExecutable(tree === undefined ? path : join(tree, path)));
  if (found !== undefined) return found;
  throw new DitError({
    code: 'dockerd-missing',
    exitCode: EXIT.unavailable,
    message:
      tree === undefined
        ? 'dockerd is not installed, so dit cannot start an engine of its own'
        : `'${tree}' holds no dockerd`,
    remedy: 'sudo scripts/set-up engine',
  });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Whatever is wrong with it, it cannot be executed.
    return false;
  }
}

function dockerdFlags(layout: EngineLayout, bridge: Bridge, options: LaunchOptions): string[] {
  const flags = [
    `--config-file=${layout.configFile}`,
    `--data-root=${layout.dataRoot}`,
    `--exec-root=${layout.execRoot}`,
    `--pidfile=${layout.pidFile}`,
    `--host=unix://${layout.socketPath}`,
    '--group=root',
    `--bridge=${bridge.name}`,
    `--default-address-pool=${NETWORK_POOL}`,
    // The machine's firewall and forwarding stay as they are: containers reach each other only.
    '--iptables=false',
    '--ip6tables=false',
    '--ip-masq=false',
    '--ip-forward=false',
    `--cgroup-parent=${cgroupParentOf(layout)}`,
    '--exec-opt=native.cgroupdriver=cgroupfs',
    '--log-level=warn',
  ];
  if (options.storageDriver !== undefined) flags.push(`--storage-driver=${options.storageDriver}`);
  return [...flags, ...(options.extraArgs ?? [])];
}

/** dockerd follows proxies, and talks to another containerd or Docker if told by what dit inherited. */
function inheritedEnv(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(DOCKER_|CONTAINERD_|NOTIFY_SOCKET$|OTEL_)/.test(name),
    ),
  );
}
