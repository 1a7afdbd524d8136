/**
 * What this machine can do for dit: the list that `dit doctor` prints and that tests skip by. Here are the
 * features that need neither the addon nor a BPF program; sources add their own.
 */

import { existsSync, readFileSync, statSync } from 'node:fs';
import { machine, release, type } from 'node:os';
import { joinForeign, quoting } from '../base/foreign.js';
import { builtinRoot } from '../engine/builtin-image.js';
import { type EndpointSearch, findEngine } from '../engine/endpoint.js';
import { installedDockerd } from '../engine/private/launch.js';
import type { Feature } from '../model/checks/feature.js';
import { examine, type Found, type Probe } from '../platform/examine.js';
import { readHostInfo } from '../platform/host-info.js';

/** linux/capability.h: what loading and attaching takes; CAP_SYS_ADMIN includes the first two. */
const CAPABILITIES = { CAP_PERFMON: 38, CAP_BPF: 39, CAP_SYS_PTRACE: 19 } as const;
const CAP_SYS_ADMIN = 21;

const MACHINE_PROBES: readonly Probe[] = [
  {
    id: 'linux',
    title: 'Linux',
    required: true,
    find: () => ({
      available: process.platform === 'linux',
      evidence: `${type()} ${release()} ${machine()}`,
      remedy: 'record on Linux; here dit reads trace files: dit trace show FILE',
    }),
  },
  { id: 'root', title: 'root or capabilities', required: true, find: findPrivilege },
  { id: 'kernel', title: 'kernel 5.10 or later', required: true, find: findKernel },
  { id: 'btf', title: 'kernel type information', required: true, find: findBtf },
  { id: 'lockdown', title: 'no kernel lockdown', required: true, find: findLockdown },
  {
    id: 'cgroup',
    title: 'cgroups',
    required: false,
    find: () => {
      const version = readHostInfo().cgroupVersion;
      return {
        available: version !== '',
        evidence: version === '' ? 'no cgroup hierarchy is mounted' : quoting`version ${version}`,
        remedy: 'mount -t cgroup2 cgroup2 /sys/fs/cgroup',
      };
    },
  },
  { id: 'overlay', title: 'overlay file system', required: false, find: findOverlay },
];

/** Whether this user may load and attach BPF programs. */
export function findPrivilege(): Found {
  const remedy = 'run as root: sudo dit …';
  if (process.geteuid?.() === 0 && hasCapability(CAP_SYS_ADMIN)) {
    return { available: true, evidence: 'root, with CAP_SYS_ADMIN' };
  }
  const missing = Object.entries(CAPABILITIES)
    .filter(([name, bit]) => {
      return !hasCapability(bit) && (name === 'CAP_SYS_PTRACE' || !hasCapability(CAP_SYS_ADMIN));
    })
    .map(([name]) => name);
  const who = `user ${process.geteuid?.() ?? '?'}`;
  return missing.length === 0
    ? { available: true, evidence: `${who}, with ${Object.keys(CAPABILITIES).join(', ')}` }
    : { available: false, evidence: `${who}, without ${missing.join(', ')}`, remedy };
}

function hasCapability(bit: number): boolean {
  const status = readFileSync('/proc/self/status', 'utf8');
  const mask = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? '0'}`);
  return ((mask >> BigInt(bit)) & 1n) === 1n;
}

function findKernel(): Found {
  const [major = 0, minor = 0] = release()
    .split('.')
    .map((part) => Number.parseInt(part, 10));
  return {
    available: major > 5 || (major === 5 && minor >= 10),
    evidence: release(),
    remedy: 'use a newer kernel: BPF programs with BTF tracepoints are tested from 5.10 on',
  };
}

const BTF = '/sys/kernel/btf/vmlinux';

function findBtf(): Found {
  const stat = statSync(BTF, { throwIfNoEntry: false });
  return {
    available: stat !== undefined,
    evidence: stat === undefined ? `there is no ${BTF}` : `${BTF}, ${stat.size} bytes`,
    remedy: 'use a kernel built with CONFIG_DEBUG_INFO_BTF=y, as distributions have since 2021',
  };
}

function findLockdown(): Found {
  const { lockdown } = readHostInfo();
  return {
    available: lockdown !== 'confidentiality',
    evidence: lockdown === '' ? 'this kernel has no lockdown' : quoting`lockdown is ${lockdown}`,
    remedy: 'boot without lockdown=confidentiality: it forbids BPF to read kernel memory',
  };
}

function findOverlay(): Found {
  const registered = /\toverlay$/m.test(readFileSync('/proc/filesystems', 'utf8'));
  const module = existsSync(`/lib/modules/${release()}/kernel/fs/overlayfs`);
  return {
    available: registered || module,
    evidence: registered ? 'in /proc/filesystems' : module ? 'as a module' : 'not in this kernel',
    remedy: 'use a kernel with CONFIG_OVERLAY_FS, or an engine with another storage driver',
  };
}

/** @param host the value of --host */
export async function machineFeatures(host?: string): Promise<Feature[]> {
  const search = findEngine(host === undefined ? {} : { host });
  const [machineOnes, docker, dockerd, image, api] = await Promise.all([
    Promise.all(MACHINE_PROBES.map(examine)),
    examine({
      id: 'docker',
      title: 'Docker engine',
      required: host !== undefined,
      find: async () => localEngine(await search),
    }),
    examine({
      id: 'private-engine',
      title: 'engine of its own',
      required: false,
      find: () => {
        const path = installedDockerd();
        return {
          available: path !== undefined,
          evidence: path ?? 'no dockerd is installed',
          remedy: 'sudo scripts/set-up engine',
        };
      },
    }),
    examine({
      id: 'builtin-image',
      title: 'built-in image',
      required: false,
      find: async () => {
        (await builtinRoot()).destroy();
        return { available: true, evidence: "made of this machine's static busybox" };
      },
    }),
    examine({
      id: 'api',
      title: "an engine's API",
      required: false,
      find: async () => anyEngine(await search),
    }),
  ]);
  // One engine is enough, whichever.
  const noEngine = !docker.available && !dockerd.available;
  return [
    ...machineOnes,
    { ...docker, required: docker.required || noEngine },
    { ...dockerd, required: noEngine },
    image,
    api,
  ];
}

/** One whose kernel is this machine's. */
function localEngine({ endpoint, tried }: EndpointSearch): Found {
  const attempts = tried.map(({ origin, url, result }) => quoting`${origin} ${url}: ${result}`);
  if (endpoint === undefined) {
    return {
      available: false,
      evidence: quoting`no engine answers (${joinForeign(attempts, '; ')})`,
      remedy: 'start Docker, or let dit start its own: dit engine start',
    };
  }
  if (endpoint.kind === 'remote') {
    return {
      available: false,
      evidence: `${endpoint.url} (${endpoint.origin}) answers, but is on another machine`,
      remedy:
        "run dit on the engine's machine, or use dit's own: --engine private; or record only API requests: --source api",
    };
  }
  return { available: true, evidence: joinForeign(attempts, '; ') };
}

/** What the api source needs. */
const anyEngine = ({ endpoint }: EndpointSearch): Found =>
  endpoint === undefined
    ? { available: false, evidence: 'no engine answers' }
    : { available: true, evidence: `${endpoint.url} (${endpoint.origin}) answers` };
