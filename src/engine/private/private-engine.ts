/** dit's own Docker engine: started where none answers or a clean one is wanted, and taken away whole. */

import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync, statfsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DitError, EXIT, messageOf, systemErrorCode } from '../../base/errors.js';
import { safeJson } from '../../base/escape.js';
import type { Foreign } from '../../base/foreign.js';
import { quoting } from '../../base/foreign.js';
import { cgroupMounts, mountsBelow } from '../../platform/mounts.js';
import {
  type ChildProcess,
  needProgram,
  startProgram,
} from '../../platform/processes/child-process.js';
import type { Step } from '../../platform/processes/mount-namespace.js';
import { engineVersion, killRunningContainers, ping } from '../api/get-json.js';
import { type Bridge, createBridge, findBridge } from './bridge.js';
import { cgroupParentOf } from './cgroups.js';
import { clearEngine } from './clear.js';
import { type LaunchOptions, launchOf, ownFilePath } from './launch.js';
import { DEFAULT_ENGINE, type EngineLayout, engineLayout } from './layout.js';
import { ownOutside } from './outside.js';
import { engineDaemon, type LiveProcess, signal, waitForEnd } from './processes.js';
import { type EngineState, readState, withEngineLock, writeState } from './state.js';

export interface EngineOptions extends LaunchOptions {
  /** Engines of different names live side by side; default "engine". */
  readonly name?: string;
  readonly dataRoot?: string;
  /** Content of daemon.json, as `{ runtimes: … }`; the machine's own daemon.json is never read. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** How long dockerd may take to answer; default 30,000. */
  readonly timeoutMs?: number;
  /** Ends the wait for it, and takes away what has begun. */
  readonly signal?: AbortSignal;
}

export interface EngineHandle {
  readonly name: string;
  /** "unix:///run/dit/engine/docker.sock" */
  readonly endpoint: string;
  readonly socketPath: string;
  /** dockerd's, in this pid namespace. */
  readonly pid: number;
  readonly version: string;
  readonly dataRoot: string;
  readonly logFile: string;
  /** The bridge's name and address; '' when it was removed behind the engine's back. */
  readonly bridge: string;
  readonly address: string;
  /** False when it ran already: then the options were not looked at. */
  readonly started: boolean;
  /** What had to be changed on the machine beyond the engine itself, for people to read. */
  readonly notes: readonly string[];
}

/** What people type, from a clone of dit. @param name of the engine */
export function engineCommand(does: 'start' | 'stop', name: string): string {
  const named = name === DEFAULT_ENGINE ? '' : ` --name ${name}`;
  return `sudo scripts/dit engine ${does}${named}`;
}

export type EngineStatus =
  | { readonly state: 'stopped'; readonly name: string; readonly leftovers: boolean }
  | ({ readonly state: 'running' } & EngineHandle)
  | {
      readonly state: 'silent';
      readonly name: string;
      readonly pid: number;
      readonly logFile: string;
      readonly reason: Foreign;
    };

const START_LIMIT_MS = 30_000;
const TERM_LIMIT_MS = 20_000;
const KILL_LIMIT_MS = 1_000;
const PING_MS = 2_000;

/**
 * Starts the engine, or finds it running. It outlives this process. What a killed earlier life left is
 * cleared first; images and stopped containers are kept in the data root.
 * @throws DitError, exit 3: not root, no dockerd, unfit data root; exit 4: dockerd does not answer; the signal's reason
 */
export async function startEngine(options: EngineOptions = {}): Promise<EngineHandle> {
  const layout = engineLayout(options.name, options.dataRoot);
  needRoot(`start the private engine '${layout.name}'`, engineCommand('start', layout.name));
  const { signal } = options;
  return withEngineLock(async () => {
    const status = await engineStatus(layout.name, signal);
    if (status.state === 'running') return status;
    if (status.state === 'silent') throw silentError(status);
    await clearEngine(layout);
    return launch(layout, options);
  }, signal);
}

/**
 * Stops the engine: its running containers are killed, its processes end, mounts, cgroups, bridge and
 * run directory go. Does nothing when there is nothing. `purge` also deletes the data root.
 * @param options.signal ends the waiting: what still runs of the engine is killed then, and its reason is thrown
 * @returns whether an engine was running.
 */
export async function stopEngine(
  options: { readonly name?: string; readonly purge?: boolean; readonly signal?: AbortSignal } = {},
): Promise<boolean> {
  const { signal: by } = options;
  const name = engineLayout(options.name).name;
  needRoot(`stop the private engine '${name}'`, engineCommand('stop', name));
  return withEngineLock(async () => {
    const layout = engineLayout(name, (await readState(name))?.dataRoot);
    const daemon = await visibleDaemon(layout, by);
    by?.throwIfAborted();
    if (daemon !== undefined) {
      // A stopped process (SIGSTOP, Ctrl-Z) answers nothing and takes no SIGTERM.
      signal(daemon, 'SIGCONT');
      // dockerd would ask each container to end, and wait ten seconds for those that do not.
      // An engine that does not answer is ended all the same, and what is left is cleared away below.
      await killRunningContainers({ socketPath: layout.socketPath }, 5000, by).catch(
        () => undefined,
      );
      signal(daemon, 'SIGTERM');
      await waitForEnd([daemon], TERM_LIMIT_MS, by);
    }
    // An engine that is half stopped is of no use: it goes, whatever ended the wait.
    await clearEngine(layout);
    by?.throwIfAborted();
    if (options.purge === true) await purge(layout);
    return daemon !== undefined;
  }, by);
}

/**
 * Needs no root, but the version then reads "unknown": the socket is root's.
 * @throws DitError engine-elsewhere
 */
export async function engineStatus(name?: string, by?: AbortSignal): Promise<EngineStatus> {
  const layout = engineLayout(name, (await readState(name))?.dataRoot);
  const daemon = await visibleDaemon(layout, by);
  if (daemon === undefined) {
    return { state: 'stopped', name: layout.name, leftovers: existsSync(layout.stateFile) };
  }
  try {
    await ping({ socketPath: layout.socketPath }, PING_MS, by);
  } catch (error) {
    by?.throwIfAborted();
    if (systemErrorCode(error) !== 'EACCES') {
      const { name, logFile } = layout;
      return { state: 'silent', name, pid: daemon.pid, logFile, reason: messageOf(error) };
    }
  }
  const bridge = await findBridge(layout);
  return { state: 'running', ...(await handleOf(layout, daemon.pid, bridge, false, [])) };
}

/**
 * The engine's daemon; undefined: it does not run. One that answers and cannot be seen runs in another pid namespace,
 * with this one's run directory: what it uses is not left over.
 * @throws DitError engine-elsewhere
 */
async function visibleDaemon(
  layout: EngineLayout,
  by: AbortSignal | undefined,
): Promise<LiveProcess | undefined> {
  const seen = engineDaemon(layout);
  if (seen !== undefined || !existsSync(layout.socketPath)) return seen;
  const since = performance.now();
  while (await isListening(layout, by)) {
    // It may have begun meanwhile.
    const begun = engineDaemon(layout);
    if (begun !== undefined) return begun;
    if (performance.now() - since > DYING_MS) throw engineElsewhere(layout);
    by?.throwIfAborted();
    await sleep(100);
  }
  return undefined;
}

/** A daemon that was killed takes connections a little longer than its process can be seen: no more than this. */
const DYING_MS = 5000;

/** Whether somebody takes connections, be it without an answer. Where only root may ask, nobody is known to. */
async function isListening(
  { socketPath }: EngineLayout,
  by: AbortSignal | undefined,
): Promise<boolean> {
  try {
    await ping({ socketPath }, PING_MS, by);
    return true;
  } catch (error) {
    by?.throwIfAborted();
    return !NOBODY_THERE.has(systemErrorCode(error) ?? '');
  }
}

const engineElsewhere = ({ name }: EngineLayout): DitError =>
  new DitError({
    code: 'engine-elsewhere',
    exitCode: EXIT.engine,
    message: `the private engine '${name}' listens, but its process cannot be seen from here: it runs in another pid namespace`,
    remedy:
      'run dit where the engine was started, or with --pid=host; or choose another name with --name',
  });

const NOBODY_THERE: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ENOENT', 'EACCES']);

async function launch(layout: EngineLayout, options: EngineOptions): Promise<EngineHandle> {
  const notes: string[] = [];
  await mkdir(layout.runDir, { recursive: true, mode: 0o711 });
  await mkdir(layout.dataRoot, { recursive: true, mode: 0o710 });
  if (options.storageDriver === undefined) needOverlayGround(layout.dataRoot);
  const mounted = await mountCgroups();
  if (mounted !== undefined) notes.push(mounted);
  await mkdir(layout.execRoot, { recursive: true, mode: 0o700 });
  await writeFile(layout.configFile, safeJson(options.config ?? {}));
  for (const [path, text] of Object.entries(options.ownFiles ?? {})) {
    await mkdir(dirname(ownFilePath(layout, path)), { recursive: true });
    await writeFile(ownFilePath(layout, path), text);
  }
  const state: EngineState = {
    dataRoot: layout.dataRoot,
    cgroupParent: cgroupParentOf(layout),
  };
  await writeState(layout, state);
  const { signal: by } = options;
  let daemon: ChildProcess | undefined;
  try {
    const announce = (name: string) => writeState(layout, { ...state, bridge: name });
    const bridge = await createBridge(layout, announce, by);
    by?.throwIfAborted();
    daemon = spawnDaemon(layout, bridge, ownOutside(layout), options);
    const pid = await answering(layout, daemon, options.timeoutMs ?? START_LIMIT_MS, by);
    const handle = await handleOf(layout, pid, bridge, true, notes);
    by?.throwIfAborted();
    return handle;
  } catch (error) {
    // Before it has made its mount namespace, it is not known for a process of the engine's.
    await killed(daemon);
    await clearEngine(layout, { keepLog: by?.aborted !== true });
    throw error;
  }
}

function spawnDaemon(
  layout: EngineLayout,
  bridge: Bridge,
  outside: readonly Step[],
  options: EngineOptions,
): ChildProcess {
  const { command, env } = launchOf(layout, bridge, outside, options);
  const [program = '', ...args] = command;
  const log = openSync(layout.logFile, 'w', 0o600);
  try {
    const stdio = ['ignore', log, log] as const;
    // A session of its own: neither Ctrl-C nor the end of the terminal reaches it.
    return startProgram(program, args, {
      endedBy: 'nobody',
      env,
      stdio: [...stdio],
      detached: true,
      cwd: '/',
    });
  } finally {
    closeSync(log);
  }
}

async function killed(child: ChildProcess | undefined): Promise<void> {
  if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await Promise.race([ended, sleep(KILL_LIMIT_MS)]);
}

/** Resolves with dockerd's pid when its API answers. */
async function answering(
  layout: EngineLayout,
  daemon: ChildProcess,
  limitMs: number,
  by: AbortSignal | undefined,
): Promise<number> {
  let ended: string | undefined;
  daemon.once('exit', (code, by) => {
    ended = by === null ? `ends with status ${code}` : `is ended by ${by}`;
  });
  daemon.once('error', (error) => {
    ended = `cannot be run: ${error.message}`;
  });
  const deadline = performance.now() + limitMs;
  for (;;) {
    await sleep(20);
    by?.throwIfAborted();
    if (ended !== undefined) throw await startError(layout, `dockerd ${ended}`);
    try {
      await ping({ socketPath: layout.socketPath }, 1000, by);
      // unshare and sh exec dockerd, so the child is dockerd itself.
      if (daemon.pid !== undefined) return daemon.pid;
    } catch (error) {
      if (performance.now() > deadline) {
        throw await startError(layout, `dockerd does not answer in ${limitMs} ms`, error);
      }
    }
  }
}

async function handleOf(
  layout: EngineLayout,
  pid: number,
  bridge: Bridge | undefined,
  started: boolean,
  notes: readonly string[],
): Promise<EngineHandle> {
  const { name, socketPath, dataRoot, logFile } = layout;
  // Only root may ask: see engineStatus().
  const version = await engineVersion({ socketPath }).catch(() => 'unknown');
  return {
    name,
    endpoint: `unix://${socketPath}`,
    socketPath,
    pid,
    version,
    dataRoot,
    logFile,
    bridge: bridge?.name ?? '',
    address: bridge?.address ?? '',
    started,
    notes,
  };
}

async function purge(layout: EngineLayout): Promise<void> {
  const busy = mountsBelow(layout.dataRoot)[0];
  if (busy !== undefined) {
    throw new DitError({
      code: 'engine-purge',
      exitCode: EXIT.unavailable,
      message: `'${busy}' is still mounted, so the data root is not deleted`,
      remedy: `umount ${busy}`,
    });
  }
  await rm(layout.dataRoot, { recursive: true, force: true });
}

const OVERLAYFS_MAGIC = 0x794c7630;

/** overlay cannot have its upper folder on overlay, as inside a container without a volume. */
function needOverlayGround(dataRoot: string): void {
  if (statfsSync(dataRoot).type !== OVERLAYFS_MAGIC) return;
  throw new DitError({
    code: 'engine-data-root',
    exitCode: EXIT.unavailable,
    message: `'${dataRoot}' lies on an overlay file system, on which Docker's overlay2 cannot work`,
    remedy: 'set DIT_DATA_ROOT to a folder on ext4, xfs, btrfs or tmpfs',
  });
}

/** In a bare virtual machine or a new mount namespace nobody may have mounted any. */
async function mountCgroups(): Promise<string | undefined> {
  if (cgroupMounts().length > 0) return undefined;
  await needProgram('mount', ['-n', '-t', 'cgroup2', 'cgroup2', '/sys/fs/cgroup']);
  return 'no cgroup hierarchy was mounted: mounted cgroup2 on /sys/fs/cgroup';
}

function needRoot(what: string, remedy: string): void {
  if (process.getuid?.() === 0) return;
  throw new DitError({
    code: 'root-needed',
    exitCode: EXIT.unavailable,
    message: `root is needed to ${what}`,
    remedy,
  });
}

function silentError(status: Extract<EngineStatus, { state: 'silent' }>): DitError {
  return new DitError({
    code: 'engine-silent',
    exitCode: EXIT.engine,
    message: quoting`the private engine '${status.name}' runs (pid ${status.pid}) and does not answer: ${status.reason}`,
    remedy: engineCommand('stop', status.name),
  });
}

async function startError(layout: EngineLayout, what: string, cause?: unknown): Promise<DitError> {
  const log = readFileSync(layout.logFile, 'utf8').trimEnd().split('\n').slice(-12);
  return new DitError({
    code: 'engine-start',
    exitCode: EXIT.engine,
    message: `the private engine '${layout.name}' does not start: ${what}; the end of '${layout.logFile}':\n${log.join('\n')}`,
    remedy: `read ${layout.logFile}, then: ${engineCommand('start', layout.name)}`,
    cause,
  });
}
