/** What a container may do and see: told by the kernel's files where they can be read, else by what the engine was asked for. */
import { posix } from 'node:path';
import type Dockerode from 'dockerode';
import type { Certainty } from '../../model/trace/certainty.js';
import {
  type MountLine,
  mountLines,
  unmaskedPaths,
  writableKernelPaths,
} from '../mounts/mount-lines.js';
import {
  CAPABILITY_NAMES,
  DEFAULT_CAPABILITIES,
  decodeCapabilities,
} from '../process/capability-names.js';

export interface Posture {
  /** Untrusted. */
  readonly name: string;
  /** 'inferred': only what the engine was asked for is known. */
  readonly certainty: Certainty;
  readonly privileged: boolean;
  /** Of the first process: as the machine knows it, and as the container does. */
  readonly userId: number;
  readonly innerUserId: number;
  readonly effective: readonly string[];
  readonly bounding: readonly string[];
  readonly noNewPrivileges: boolean;
  /** 0 off, 1 strict, 2 filtering (prctl(2)); the number of filters is not known before Linux 5.9 and from the engine. */
  readonly seccompMode: number;
  readonly seccompFilters: number | undefined;
  /** Of the security module: "docker-default (enforce)"; undefined where the machine has none. Untrusted. */
  readonly profile: string | undefined;
  /** "pid", "net", "ipc", "uts", "cgroup": those of the machine itself. */
  readonly hostNamespaces: readonly string[];
  readonly mounts: readonly BoundPath[];
  readonly devices: readonly Device[];
  readonly writableKernelPaths: readonly string[];
  readonly unmaskedKernelPaths: readonly string[];
  readonly readOnlyRoot: boolean;
  readonly hasPidsLimit: boolean;
  readonly hasMemoryLimit: boolean;
  /** The kernel's lines. Untrusted. */
  readonly evidence: readonly string[];
}

/** A path of the machine in a container; both are untrusted. */
export interface BoundPath {
  readonly source: string;
  readonly target: string;
  readonly writable: boolean;
}

export interface Device {
  /** Untrusted. */
  readonly path: string;
  /** 'memory' is /dev/mem, /dev/kmem or /dev/port. */
  readonly kind: 'block' | 'memory' | 'character' | 'unknown';
}

/** What the engine reports about a volume. */
export type VolumeInfo = Pick<Dockerode.VolumeInspectInfo, 'Name' | 'Driver' | 'Options'>;

/** The volume driver that mounts what it is told to; what others mount is theirs. */
export const LOCAL_DRIVER = 'local';

/** What the kernel's files say of the container's first process and its cgroups. */
export interface KernelFiles {
  /** /proc/PID/status */
  readonly status: string;
  /** /proc/PID/attr/current; undefined where no security module answers. */
  readonly profile: string | undefined;
  /** /proc/PID/uid_map */
  readonly uidMap: string;
  /** /proc/PID/mountinfo */
  readonly mountInfo: string;
  /** Namespaces that are the machine's, of the links in /proc/PID/ns. */
  readonly hostNamespaces: readonly string[];
  /** Below the container's /dev, without those that every container has. */
  readonly devices: readonly Device[];
  /** pids.max */
  readonly pidsMax: string | undefined;
  /** memory.max or memory.limit_in_bytes */
  readonly memoryMax: string | undefined;
  /** Paths below /proc and /sys that this kernel has. */
  readonly hasPath: (path: string) => boolean;
}

/**
 * @param volumes that are mounted, as far as the engine tells of them
 * @param kernel undefined: not on this machine
 */
export function postureOf(
  inspected: Dockerode.ContainerInspectInfo,
  volumes: readonly VolumeInfo[],
  kernel: KernelFiles | undefined,
): Posture {
  const asked = askedOf(inspected, volumes);
  return kernel === undefined ? asked : seenOf(asked, kernel);
}

/** Version 1 writes the largest number of pages, rounded to a page, where there is no limit. */
const NO_MEMORY_LIMIT_BYTES = 2 ** 62;

function seenOf(asked: Posture, kernel: KernelFiles): Posture {
  const field = statusFields(kernel.status);
  const mounts = mountLines(kernel.mountInfo);
  const userId = Number(field('Uid').split('\t')[1] ?? 0);
  const filters = field('Seccomp_filters');
  const memoryMax = Number(kernel.memoryMax ?? 'NaN');
  return {
    ...asked,
    certainty: 'exact',
    userId,
    innerUserId: innerId(kernel.uidMap, userId),
    effective: decodeCapabilities(field('CapEff')),
    bounding: decodeCapabilities(field('CapBnd')),
    noNewPrivileges: field('NoNewPrivs') === '1',
    seccompMode: Number(field('Seccomp') || 0),
    seccompFilters: filters === '' ? undefined : Number(filters),
    profile: kernel.profile,
    hostNamespaces: kernel.hostNamespaces,
    mounts: [...asked.mounts, ...unaskedSockets(asked.mounts, mounts)],
    devices: mergedDevices(asked.devices, kernel.devices),
    writableKernelPaths: writableKernelPaths(mounts, kernel.hasPath),
    unmaskedKernelPaths: unmaskedPaths(mounts, kernel.hasPath),
    readOnlyRoot: mounts.findLast(({ target }) => target === '/')?.readOnly ?? false,
    hasPidsLimit: /^\d+$/.test(kernel.pidsMax ?? ''),
    hasMemoryLimit: memoryMax < NO_MEMORY_LIMIT_BYTES,
    evidence: evidenceOf(kernel),
  };
}

const STATUS_EVIDENCE = /^(Uid|CapEff|CapBnd|NoNewPrivs|Seccomp|Seccomp_filters):/;

function evidenceOf(kernel: KernelFiles): string[] {
  const status = kernel.status
    .split('\n')
    .filter((line) => STATUS_EVIDENCE.test(line))
    .map((line) => line.replaceAll('\t', ' '));
  return kernel.profile === undefined ? status : [...status, `attr/current: ${kernel.profile}`];
}

function statusFields(status: string): (name: string) => string {
  const fields = new Map(
    status.split('\n').map((line): [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    }),
  );
  return (name) => fields.get(name) ?? '';
}

/** @param uidMap lines of "inside outside count"; an id that is not mapped is 65534 inside (user_namespaces(7)) */
function innerId(uidMap: string, userId: number): number {
  for (const line of uidMap.split('\n')) {
    const [inside = 0, outside = 0, count = 0] = line.trim().split(/\s+/).map(Number);
    if (userId >= outside && userId < outside + count) return inside + userId - outside;
  }
  return 65534;
}

/** Sockets that are mounted and that the engine did not name, by the path that the kernel gives for their file system. */
function unaskedSockets(asked: readonly BoundPath[], mounts: readonly MountLine[]): BoundPath[] {
  const targets = new Set(asked.map(({ target }) => target));
  return mounts
    .filter(({ root, target }) => root.endsWith('.sock') && !targets.has(target))
    .map(({ root, target, readOnly }) => ({ source: root, target, writable: !readOnly }));
}

function mergedDevices(asked: readonly Device[], seen: readonly Device[]): Device[] {
  const byPath = new Map(asked.map((device) => [device.path, device]));
  for (const device of seen) byPath.set(device.path, device);
  return [...byPath.values()];
}

/** What was asked for, with Docker's defaults where nothing was. */
function askedOf(
  inspected: Dockerode.ContainerInspectInfo,
  volumes: readonly VolumeInfo[],
): Posture {
  const host: Partial<Dockerode.HostConfig> = inspected.HostConfig ?? {};
  const privileged = host.Privileged === true;
  const options = (host.SecurityOpt ?? []) as string[];
  const userId = numericUser(inspected.Config?.User ?? '');
  const bounding = privileged ? CAPABILITY_NAMES : askedCapabilities(host.CapAdd, host.CapDrop);
  const profile = privileged ? 'unconfined' : appArmorOf(inspected);
  const bare = privileged || isEmptyList(host.ReadonlyPaths);
  return {
    name: inspected.Name.replace(/^\//, ''),
    certainty: 'inferred',
    privileged,
    userId,
    innerUserId: userId,
    // Docker gives a user other than root none that is effective.
    effective: userId === 0 ? bounding : [],
    bounding,
    noNewPrivileges: options.some((option) => /^no-new-privileges([:=]true)?$/.test(option)),
    seccompMode: privileged || options.some((each) => /^seccomp[:=]unconfined$/.test(each)) ? 0 : 2,
    seccompFilters: undefined,
    profile,
    hostNamespaces: askedNamespaces(host),
    mounts: boundPaths(inspected.Mounts ?? [], volumes),
    devices: ((host.Devices ?? []) as { PathInContainer?: string }[]).map(
      ({ PathInContainer }) => ({ path: PathInContainer ?? '', kind: 'unknown' as const }),
    ),
    writableKernelPaths: bare ? ['/proc/sys', '/proc/sysrq-trigger'] : [],
    unmaskedKernelPaths: privileged || isEmptyList(host.MaskedPaths) ? ['/proc/kcore'] : [],
    readOnlyRoot: host.ReadonlyRootfs === true,
    hasPidsLimit: (host.PidsLimit ?? 0) > 0,
    hasMemoryLimit: (host.Memory ?? 0) > 0,
    evidence: [],
  };
}

/** By a mount of its own, or by a volume that is one. */
function boundPaths(
  mounts: Dockerode.ContainerInspectInfo['Mounts'],
  volumes: readonly VolumeInfo[],
): BoundPath[] {
  return mounts.flatMap(({ Type, Name, Source, Destination, RW }) => {
    const bound =
      Type === 'bind'
        ? { source: Source, writable: true }
        : boundByVolume(volumes.find((volume) => volume.Name === Name));
    return bound === undefined
      ? []
      : [{ source: bound.source, target: Destination, writable: RW && bound.writable }];
  });
}

/** `docker volume create -o type=none -o o=bind,ro -o device=/etc`: the driver gives these to mount(2). */
function boundByVolume(
  volume: VolumeInfo | undefined,
): Pick<BoundPath, 'source' | 'writable'> | undefined {
  const flags = volume?.Options?.o?.split(',') ?? [];
  if (volume?.Driver !== LOCAL_DRIVER || !flags.some((flag) => /^r?bind$/.test(flag)))
    return undefined;
  return {
    source: posix.resolve('/', volume.Options?.device ?? ''),
    writable: !flags.includes('ro'),
  };
}

/** Engines leave the list out where it is the default one. */
const isEmptyList = (list: readonly string[] | null | undefined): boolean =>
  Array.isArray(list) && list.length === 0;

const appArmorOf = (inspected: Dockerode.ContainerInspectInfo): string | undefined =>
  (inspected as { AppArmorProfile?: string }).AppArmorProfile || undefined;

/** A name other than root's is taken for somebody else. */
function numericUser(user: string): number {
  const [name = ''] = user.split(':');
  if (name === '' || name === 'root') return 0;
  return /^\d+$/.test(name) ? Number(name) : 65534;
}

function askedCapabilities(add: unknown, drop: unknown): string[] {
  const names = (list: unknown): string[] =>
    (Array.isArray(list) ? list : []).map((name) =>
      String(name).toUpperCase().replace(/^CAP_/, ''),
    );
  const added = names(add);
  const dropped = new Set(names(drop));
  const base = added.includes('ALL') ? CAPABILITY_NAMES : DEFAULT_CAPABILITIES;
  return CAPABILITY_NAMES.filter(
    (name) =>
      added.includes(name) || (base.includes(name) && !dropped.has(name) && !dropped.has('ALL')),
  );
}

function askedNamespaces(host: Partial<Dockerode.HostConfig>): string[] {
  const modes = {
    pid: host.PidMode,
    net: host.NetworkMode,
    ipc: host.IpcMode,
    uts: host.UTSMode,
    cgroup: (host as { CgroupnsMode?: string }).CgroupnsMode,
  };
  return Object.entries(modes).flatMap(([name, mode]) => (mode === 'host' ? [name] : []));
}
