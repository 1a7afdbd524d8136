/** Reads a container's posture: asks the engine, and looks into the kernel's files. Changes nothing. */
import { existsSync, readFileSync, readlinkSync, type Stats } from 'node:fs';
import type Dockerode from 'dockerode';
import { systemErrorCode } from '../../base/errors.js';
import type { HeldFolder } from '../../platform/files/held-folder.js';
import { RootFiles } from '../../platform/files/root-files.js';
import { ContainerCgroup } from '../cgroup/container-cgroup.js';
import {
  type Device,
  type KernelFiles,
  LOCAL_DRIVER,
  type Posture,
  postureOf,
  type VolumeInfo,
} from './posture.js';

/**
 * @param seesKernel the engine's processes are this machine's
 * @returns undefined for a container that is gone or does not run
 */
export async function readPosture(
  docker: Dockerode,
  id: string,
  seesKernel: boolean,
): Promise<Posture | undefined> {
  const inspected = await thereOrNot(docker.getContainer(id).inspect());
  if (inspected?.State.Running !== true) return undefined;
  const volumes = await readVolumes(docker, inspected);
  if (!seesKernel) return postureOf(inspected, volumes, undefined);
  const kernel = readKernelFiles(inspected.State.Pid);
  return kernel && postureOf(inspected, volumes, kernel);
}

async function readVolumes(
  docker: Dockerode,
  { Mounts = [] }: Dockerode.ContainerInspectInfo,
): Promise<VolumeInfo[]> {
  const volumes: VolumeInfo[] = [];
  for (const { Name, Driver } of Mounts) {
    if (Name === undefined || Driver !== LOCAL_DRIVER) continue;
    const volume = await thereOrNot(docker.getVolume(Name).inspect());
    if (volume !== undefined) volumes.push(volume);
  }
  return volumes;
}

/** @returns undefined for what the engine does not have, or not any more */
async function thereOrNot<T>(inspection: Promise<T>): Promise<T | undefined> {
  try {
    return await inspection;
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined;
    throw error;
  }
}

/** @returns undefined where the process ended meanwhile */
function readKernelFiles(pid: number): KernelFiles | undefined {
  try {
    const read = (file: string): string => readFileSync(`/proc/${pid}/${file}`, 'utf8');
    const cgroup = new ContainerCgroup(pid);
    return {
      status: read('status'),
      profile: readProfile(pid),
      uidMap: read('uid_map'),
      mountInfo: read('mountinfo'),
      hostNamespaces: NAMESPACES.filter((name) => isHosts(pid, name)),
      devices: devicesOf(pid),
      pidsMax: cgroup.read('pids', 'pids.max'),
      memoryMax:
        cgroup.read('memory', 'memory.max') ?? cgroup.read('memory', 'memory.limit_in_bytes'),
      hasPath: existsSync,
    };
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
}

/** Those that a container has of its own unless it is told otherwise. */
const NAMESPACES = ['pid', 'net', 'ipc', 'uts', 'cgroup'];

/**
 * Whether a namespace is the machine's: process 1's, or dit's own where 1 has capabilities that dit has not, and
 * so is not shown (ptrace(2)).
 */
function isHosts(pid: number, name: string): boolean {
  const machines = namespaceOf(1, name) ?? namespaceOf(process.pid, name);
  return machines !== undefined && machines === namespaceOf(pid, name);
}

/** "pid:[4026531836]"; undefined where it is not shown, or is not there: no cgroup namespaces before Linux 4.6. */
function namespaceOf(pid: number, name: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/${name}`);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT' || code === 'EACCES' || code === 'EPERM') return undefined;
    throw error;
  }
}

function readProfile(pid: number): string | undefined {
  try {
    // SELinux ends its label with a NUL.
    const [profile = ''] = readFileSync(`/proc/${pid}/attr/current`, 'utf8').split(/[\0\n]/, 1);
    return profile === '' ? undefined : profile;
  } catch {
    // EINVAL where no security module answers.
    return undefined;
  }
}

/** major:minor of what every container has: null, zero, full, random, urandom, tty, console, ptmx; and terminals. */
const USUAL_DEVICES = new Set(['1:3', '1:5', '1:7', '1:8', '1:9', '5:0', '5:1', '5:2']);
const TERMINAL_MAJOR = 136;
const MEMORY_DEVICES = new Set(['1:1', '1:2', '1:4']);
/** Other file systems, without devices of the machine. */
const OTHER_FOLDERS = new Set(['pts', 'shm', 'mqueue', 'hugepages']);
/** A container can fill its own /dev. */
const MOST_ENTRIES = 4096;

/** Its owner may exchange what is in it meanwhile: the walk stays below the container's root. */
function devicesOf(pid: number): Device[] {
  const root = RootFiles.ofProcess(pid);
  let folder: HeldFolder | undefined;
  try {
    folder = root.folder('/dev');
    return devicesBelow(folder, '/dev', 0);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP') return [];
    throw error;
  } finally {
    folder?.close();
    root.close();
  }
}

function devicesBelow(folder: HeldFolder, shown: string, depth: number): Device[] {
  const devices: Device[] = [];
  let left = MOST_ENTRIES;
  for (const name of folder.names()) {
    if (left-- === 0) break;
    const stat = folder.statOf(name);
    if (stat === undefined) continue;
    const path = `${shown}/${name}`;
    if (stat.isDirectory()) {
      if (depth < 2 && !OTHER_FOLDERS.has(name)) devices.push(...below(folder, name, path, depth));
      continue;
    }
    const kind = deviceKind(stat);
    if (kind !== undefined) devices.push({ path, kind });
  }
  return devices;
}

/** Nothing where it is exchanged for a link, or is gone. */
function below(parent: HeldFolder, name: string, path: string, depth: number): Device[] {
  let folder: HeldFolder;
  try {
    folder = parent.folder(name);
  } catch {
    // Exchanged for something else, or gone: nothing of this container's.
    return [];
  }
  try {
    return devicesBelow(folder, path, depth + 1);
  } finally {
    folder.close();
  }
}

function deviceKind(stat: Stats): Device['kind'] | undefined {
  if (stat.isBlockDevice()) return 'block';
  if (!stat.isCharacterDevice()) return undefined;
  // As linux/kdev_t.h packs them for user space.
  const major = (stat.rdev >> 8) & 0xfff;
  const minor = (stat.rdev & 0xff) | ((stat.rdev >> 12) & 0xfff00);
  const number = `${major}:${minor}`;
  if (USUAL_DEVICES.has(number) || major === TERMINAL_MAJOR) return undefined;
  return MEMORY_DEVICES.has(number) ? 'memory' : 'character';
}
