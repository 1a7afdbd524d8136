/** What weakens a container's isolation: a rule for each weakness, and what the rules find in containers. Pure. */

import { safeJson } from '../../base/escape.js';
import { SEVERITIES, type Severity } from '../../model/checks/check.js';
import {
  DEFAULT_CAPABILITIES,
  POWERFUL_CAPABILITIES,
  type PowerfulCapability,
} from '../process/capability-names.js';
import type { BoundPath, Device, Posture } from './posture.js';

/** What each weakness is known by. Paths and names are untrusted. */
export interface WeaknessFacts {
  readonly privileged: Plain;
  readonly 'powerful-capability': {
    readonly capability: PowerfulCapability;
    /** gainable: by a setuid program; kept: in the bounding set of a user who cannot gain it. */
    readonly held: 'effective' | 'gainable' | 'kept';
  };
  readonly 'default-capabilities': { readonly kept: readonly string[] };
  readonly 'seccomp-off': Plain;
  readonly 'security-module-off': { readonly profile: string };
  readonly 'new-privileges': Plain;
  /** As the host knows it: 0 is the host's root. */
  readonly 'root-user': { readonly userId: number };
  readonly 'host-pid': Plain;
  readonly 'host-network': Plain;
  readonly 'host-ipc': Plain;
  readonly 'host-uts': Plain;
  readonly 'host-cgroup': Plain;
  readonly 'engine-socket': { readonly socket: string; readonly target: string };
  readonly 'sensitive-mount': BoundPath;
  readonly 'writable-kernel-paths': { readonly paths: readonly string[] };
  readonly 'unmasked-kernel-paths': { readonly paths: readonly string[] };
  /** The worst kinds first. */
  readonly devices: { readonly paths: readonly string[] };
  readonly 'writable-root': Plain;
  readonly 'no-pids-limit': Plain;
  readonly 'no-memory-limit': Plain;
}

/** Its id says all. */
type Plain = Readonly<Record<string, never>>;

export type WeaknessId = keyof WeaknessFacts;

/** What a rule finds. high: a way to the host itself; medium: a layer of defence is missing; low: hardening that costs little. */
interface Found<Id extends WeaknessId> {
  readonly severity: Severity;
  readonly facts: WeaknessFacts[Id];
}

/** A weakness, and the containers that share it. */
export type PostureFinding<Id extends WeaknessId = WeaknessId> = {
  readonly [Each in Id]: Found<Each> & {
    readonly id: Each;
    /** Untrusted. */
    readonly containers: readonly string[];
  };
}[Id];

/** What is known of the engine's machine. */
export interface Machine {
  /** Sockets of engines that are there. */
  readonly sockets: readonly string[];
}

type Rule<Id extends WeaknessId> = (posture: Posture, machine: Machine) => readonly Found<Id>[];

const found = <Facts>(severity: Severity, facts: Facts) => [{ severity, facts }];
const plain = (is: boolean, severity: Severity) => (is ? found(severity, {}) : []);

const hostNamespace =
  (name: string, severity: Severity) =>
  ({ hostNamespaces }: Posture) =>
    plain(hostNamespaces.includes(name), severity);

export const RULES: { readonly [Id in WeaknessId]: Rule<Id> } = {
  privileged: ({ privileged }) => plain(privileged, 'high'),
  'powerful-capability': powerfulCapabilities,
  'default-capabilities': ({ bounding }) => {
    const kept = DEFAULT_CAPABILITIES.filter((name) => bounding.includes(name));
    return kept.length > 0 ? found('low', { kept }) : [];
  },
  'seccomp-off': ({ seccompMode }) => plain(seccompMode === 0, 'medium'),
  'security-module-off': ({ profile }) =>
    profile === undefined || isConfined(profile) ? [] : found('medium', { profile }),
  'new-privileges': ({ noNewPrivileges }) => plain(!noNewPrivileges, 'low'),
  'root-user': ({ userId, innerUserId }) =>
    innerUserId !== 0 && userId !== 0 ? [] : found(userId === 0 ? 'medium' : 'low', { userId }),
  'host-pid': hostNamespace('pid', 'high'),
  'host-network': hostNamespace('net', 'medium'),
  'host-ipc': hostNamespace('ipc', 'medium'),
  'host-uts': hostNamespace('uts', 'low'),
  'host-cgroup': hostNamespace('cgroup', 'low'),
  'engine-socket': engineSockets,
  'sensitive-mount': ({ mounts }) => mounts.flatMap(sensitiveMount),
  'writable-kernel-paths': ({ writableKernelPaths: paths }) =>
    paths.length > 0 ? found('high', { paths }) : [],
  'unmasked-kernel-paths': ({ unmaskedKernelPaths: paths }) =>
    paths.length > 0 ? found('medium', { paths }) : [],
  devices: machineDevices,
  'writable-root': ({ readOnlyRoot }) => plain(!readOnlyRoot, 'low'),
  'no-pids-limit': ({ hasPidsLimit }) => plain(!hasPidsLimit, 'low'),
  'no-memory-limit': ({ hasMemoryLimit }) => plain(!hasMemoryLimit, 'low'),
};

const RULE_IDS = Object.keys(RULES) as WeaknessId[];

/** What the rules find, worst first; containers in which a rule finds the same thing share a finding. */
export function findingsOf(postures: readonly Posture[], machine: Machine): PostureFinding[] {
  const all = RULE_IDS.flatMap((id) => findingsOfRule(id, postures, machine));
  const rank = ({ severity }: PostureFinding): number => SEVERITIES.indexOf(severity);
  return all.sort((a, b) => rank(a) - rank(b));
}

function findingsOfRule(
  id: WeaknessId,
  postures: readonly Posture[],
  machine: Machine,
): PostureFinding[] {
  const shared = new Map<string, { seen: Found<WeaknessId>; containers: string[] }>();
  for (const posture of postures) {
    for (const seen of RULES[id](posture, machine)) {
      const key = safeJson(seen);
      const same = shared.get(key) ?? { seen, containers: [] };
      same.containers.push(posture.name);
      shared.set(key, same);
    }
  }
  // The rule's id and what it finds belong together: that is what RULES is typed by.
  return [...shared.values()].map(
    ({ seen, containers }) => ({ id, ...seen, containers }) as PostureFinding,
  );
}

function powerfulCapabilities({
  effective,
  bounding,
  noNewPrivileges,
}: Posture): Found<'powerful-capability'>[] {
  const names = Object.keys(POWERFUL_CAPABILITIES) as PowerfulCapability[];
  return names.flatMap((capability): Found<'powerful-capability'>[] => {
    if (effective.includes(capability)) {
      return found(POWERFUL_CAPABILITIES[capability], { capability, held: 'effective' });
    }
    if (!bounding.includes(capability)) return [];
    return noNewPrivileges
      ? found('low', { capability, held: 'kept' })
      : found('medium', { capability, held: 'gainable' });
  });
}

/** AppArmor: "docker-default (enforce)", "unconfined"; SELinux: "system_u:system_r:container_t:s0". */
const isConfined = (profile: string): boolean =>
  !/^unconfined\b|\((complain|unconfined)\)$|:(unconfined_t|spc_t):/.test(profile);

const SOCKET_NAMES =
  /^(docker|containerd|crio|podman|cri-dockerd|dockershim|buildkitd|kubelet)\.sock$/;

function engineSockets({ mounts }: Posture, { sockets }: Machine): Found<'engine-socket'>[] {
  const known = sockets.map(sameRun);
  return mounts.flatMap(({ source, target }) => {
    const path = sameRun(source);
    const within = path === '/' ? '/' : `${path}/`;
    const socket =
      SOCKET_NAMES.test(path.split('/').at(-1) ?? '') || known.includes(path)
        ? path
        : known.find((each) => each.startsWith(within));
    return socket === undefined ? [] : found('high', { socket, target });
  });
}

/** /var/run is a link to /run nearly everywhere. */
const sameRun = (path: string): string => path.replace(/^\/var\/run(?=\/|$)/, '/run');

/** Worst where the mount can be written to; `below` whether every path below counts too. */
const SENSITIVE_PATHS: readonly {
  readonly path: string;
  readonly writable: Severity;
  readonly readable?: Severity;
  readonly below?: boolean;
}[] = [
  { path: '/', writable: 'high', readable: 'high' },
  { path: '/etc', writable: 'high', readable: 'medium' },
  { path: '/etc/shadow', writable: 'high', readable: 'high' },
  { path: '/etc/kubernetes', writable: 'high', readable: 'high', below: true },
  { path: '/root', writable: 'high', readable: 'medium' },
  { path: '/root/.ssh', writable: 'high', readable: 'high', below: true },
  { path: '/home', writable: 'high', readable: 'medium' },
  { path: '/proc', writable: 'high', readable: 'medium', below: true },
  { path: '/sys', writable: 'high', below: true },
  { path: '/dev', writable: 'high', readable: 'medium' },
  { path: '/run', writable: 'high', readable: 'medium' },
  { path: '/boot', writable: 'high', below: true },
  { path: '/lib/modules', writable: 'high', below: true },
  { path: '/usr', writable: 'high' },
  { path: '/var', writable: 'high', readable: 'medium' },
  { path: '/var/lib', writable: 'high', readable: 'medium' },
  { path: '/var/lib/docker', writable: 'high', readable: 'medium', below: true },
  { path: '/var/lib/containerd', writable: 'high', readable: 'medium', below: true },
  { path: '/var/lib/kubelet', writable: 'high', readable: 'medium', below: true },
  // Everything else below: who writes to a program's settings writes to the program.
  { path: '/etc', writable: 'medium', below: true },
];

function sensitiveMount({ source, target, writable }: BoundPath): Found<'sensitive-mount'>[] {
  const path = sameRun(source);
  const hit = SENSITIVE_PATHS.find(
    (each) => path === each.path || (each.below === true && path.startsWith(`${each.path}/`)),
  );
  const severity = writable ? hit?.writable : hit?.readable;
  return severity === undefined ? [] : found(severity, { source: path, target, writable });
}

const DEVICE_SEVERITY: Readonly<Record<Device['kind'], Severity>> = {
  block: 'high',
  memory: 'high',
  character: 'low',
  unknown: 'medium',
};

function machineDevices({ devices }: Posture): Found<'devices'>[] {
  const rank = ({ kind }: Device): number => SEVERITIES.indexOf(DEVICE_SEVERITY[kind]);
  const sorted = [...devices].sort((a, b) => rank(a) - rank(b));
  const [worst] = sorted;
  if (worst === undefined) return [];
  return found(DEVICE_SEVERITY[worst.kind], { paths: sorted.map(({ path }) => path) });
}
