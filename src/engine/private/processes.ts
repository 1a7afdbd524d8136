/** The processes of a private engine, known by its mount namespace, or its exec root on their command lines. */
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DitError, systemErrorCode, unlessAbsent } from '../../base/errors.js';
import { RootFiles } from '../../platform/files/root-files.js';
import { readMounts } from '../../platform/mounts.js';
import { processArguments, processStat } from '../../platform/processes/process-table.js';
import type { EngineLayout } from './layout.js';

/** A pid with its start time (clock ticks since boot): a reused pid has another. */
export interface LiveProcess {
  readonly pid: number;
  readonly startTicks: number;
  readonly argv: readonly string[];
}

const OWN_PROGRAMS =
  /^(dockerd|containerd|containerd-shim.*|runc|crun|podman|conmon|netavark|libnetwork-setkey)$/;

/** undefined when it is gone or a zombie. */
export function startTicksOf(pid: number): number | undefined {
  const stat = processStat(pid);
  return stat?.state === 'Z' ? undefined : stat?.startTicks;
}

function readProcess(pid: number): LiveProcess | undefined {
  const startTicks = startTicksOf(pid);
  return startTicks === undefined ? undefined : { pid, startTicks, argv: processArguments(pid) };
}

const programOf = (live: LiveProcess): string => basename(live.argv[0] ?? '');

/**
 * Every live process of the engine: dockerd, containerd, shims, runtimes, and whatever else they started. Not what
 * runs in containers, and not an engine with the same paths in another file tree (a container) that shares this pid
 * namespace.
 */
export function engineProcesses(layout: EngineLayout): LiveProcess[] {
  const below = `${layout.execRoot}/`;
  const sharesFolders = sameFolders(layout);
  const isInside = namespaceOf(layout);
  const found: LiveProcess[] = [];
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const live = readProcess(Number(entry));
    if (live === undefined) continue;
    const isNamed = (argument: string): boolean => {
      const value = argument.startsWith('-') ? argument.slice(argument.indexOf('=') + 1) : argument;
      return value === layout.execRoot || value.startsWith(below);
    };
    const isNamesake = OWN_PROGRAMS.test(programOf(live)) && live.argv.some(isNamed);
    if (!isNamesake && !isInside(live.pid)) continue;
    if (sharesFolders(live)) found.push(live);
  }
  return found;
}

/**
 * Whether a process has the engine's folders at these paths. One with another run directory is the engine's only if it
 * is told to keep its data in this very data root: two engines must not share one. Where this user may not look, a
 * process is taken for the engine's.
 */
function sameFolders({ dataRoot, runDir }: EngineLayout): (live: LiveProcess) => boolean {
  const [ourData, ourRun] = [folderIdentity(dataRoot), folderIdentity(runDir)];
  return ({ pid, argv }) => {
    const data = identityInside(pid, dataRoot);
    if (data === 'denied') return true;
    if (data !== ourData) return false;
    const keepsDataHere = data !== 'absent' && argv.includes(`--data-root=${dataRoot}`);
    return keepsDataHere || identityInside(pid, runDir) === ourRun;
  };
}

/**
 * Whether a process is in a mount namespace that was made for the engine: its run directory is a mount point there
 * only (`markNamespace`). A namespace's number identifies nothing by itself, because the kernel reuses it.
 */
function namespaceOf({ runDir }: EngineLayout): (pid: number) => boolean {
  const known = new Map<string, boolean>();
  return (pid) => {
    try {
      const namespace = readlinkSync(`/proc/${pid}/ns/mnt`);
      const found = known.get(namespace);
      if (found !== undefined) return found;
      const mounts = readMounts(readFileSync(`/proc/${pid}/mountinfo`, 'utf8'));
      const ours = mounts.some(({ target }) => target === runDir);
      known.set(namespace, ours);
      return ours;
    } catch {
      // It ended, or this is not root.
      return false;
    }
  };
}

/** Of a folder as a process sees it: its own root may have links to anywhere. As `folderIdentity`. */
function identityInside(pid: number, path: string): string {
  let root: RootFiles | undefined;
  try {
    root = RootFiles.ofProcess(pid);
    const folder = root.folder(path);
    const { dev, ino } = folder.stat();
    folder.close();
    return `${dev}:${ino}`;
  } catch (error) {
    if (error instanceof DitError) throw error;
    return systemErrorCode(error) === 'EACCES' ? 'denied' : 'absent';
  } finally {
    root?.close();
  }
}

/** The same for two paths to one folder, whatever mounts lead to it; 'denied' without root. */
function folderIdentity(path: string): string {
  try {
    const { dev, ino } = statSync(path);
    return `${dev}:${ino}`;
  } catch (error) {
    return systemErrorCode(error) === 'EACCES' ? 'denied' : 'absent';
  }
}

export function engineDaemon(layout: EngineLayout): LiveProcess | undefined {
  return engineProcesses(layout).find((live) => programOf(live) === 'dockerd');
}

/** What runs in the engine's containers, and the cgroup folders that hold it, deepest first. */
export function containerProcesses(cgroupFolders: readonly string[]): LiveProcess[] {
  const found = new Map<number, LiveProcess>();
  for (const folder of cgroupFolders) {
    for (const line of readLines(join(folder, 'cgroup.procs'))) {
      const live = readProcess(Number(line));
      if (live !== undefined) found.set(live.pid, live);
    }
  }
  return [...found.values()];
}

function readLines(path: string): string[] {
  return unlessAbsent(() => readFileSync(path, 'latin1'), '')
    .split('\n')
    .filter(Boolean);
}

export function isAlive(live: LiveProcess): boolean {
  return startTicksOf(live.pid) === live.startTicks;
}

/** Signals it unless its pid has become another process's. */
export function signal(live: LiveProcess, name: NodeJS.Signals): void {
  if (!isAlive(live)) return;
  try {
    process.kill(live.pid, name);
  } catch (error) {
    if (systemErrorCode(error) !== 'ESRCH') throw error;
  }
}

/** True when all of them ended within the limit, and before the signal. */
export async function waitForEnd(
  all: readonly LiveProcess[],
  limitMs: number,
  signal?: AbortSignal,
): Promise<boolean> {
  const deadline = performance.now() + limitMs;
  while (all.some(isAlive)) {
    if (performance.now() > deadline || signal?.aborted === true) return false;
    await sleep(10);
  }
  return true;
}
