/** What weakens a container's isolation: a table of rules, and the findings that it gives for containers. */
import type { CheckFinding } from '../../model/checks/check.js';
import { DEFAULT_CAPABILITIES, POWERFUL_CAPABILITIES } from '../process/capability-names.js';
import type { BoundPath, Device, Posture } from './posture.js';

/** high: a way to the machine itself; medium: a layer of defence is gone; low: hardening that costs little. */
type Severity = CheckFinding['severity'];

/** What one rule sees in one container, after the container's name: "runs as root". Untrusted. */
interface Sight {
  readonly severity: Severity;
  readonly what: string;
}

interface Rule {
  readonly id: string;
  readonly remedy: string;
  readonly sees: (posture: Posture, machine: Machine) => readonly Sight[];
}

/** What is known of the engine's machine. */
export interface Machine {
  /** Sockets of engines that are there. */
  readonly sockets: readonly string[];
}

const one = (severity: Severity, what: string): Sight[] => [{ severity, what }];
const when = (seen: boolean, severity: Severity, what: string): Sight[] =>
  seen ? one(severity, what) : [];

const hostNamespace = (name: string, severity: Severity, what: string, option: string): Rule => ({
  id: `host-${name === 'net' ? 'network' : name}`,
  remedy: `leave out ${option}`,
  sees: (posture) => when(posture.hostNamespaces.includes(name), severity, what),
});

export const RULES: readonly Rule[] = [
  {
    id: 'privileged',
    remedy: 'leave out --privileged; give the one capability or device that is needed',
    sees: ({ privileged }) => when(privileged, 'high', 'is privileged: root in it is root outside'),
  },
  {
    id: 'powerful-capability',
    remedy: 'drop it: --cap-drop ALL and --cap-add only what is needed',
    sees: powerfulCapabilities,
  },
  {
    id: 'default-capabilities',
    remedy: '--cap-drop ALL, and --cap-add what is missed',
    sees: ({ bounding }) => {
      const kept = DEFAULT_CAPABILITIES.filter((name) => bounding.includes(name));
      return when(
        kept.length > 0,
        'low',
        `keeps ${kept.length} of Docker's ${DEFAULT_CAPABILITIES.length} default capabilities: ${kept.join(' ')}`,
      );
    },
  },
  {
    id: 'seccomp-off',
    remedy: 'leave out --security-opt seccomp=unconfined',
    sees: ({ seccompMode }) =>
      when(seccompMode === 0, 'medium', 'may make every syscall: seccomp is off'),
  },
  {
    id: 'security-module-off',
    remedy: 'leave out --security-opt apparmor=unconfined or label=disable',
    sees: ({ profile }) =>
      when(
        profile !== undefined && !isConfined(profile),
        'medium',
        `is not confined by the security module: "${profile}"`,
      ),
  },
  {
    id: 'new-privileges',
    remedy: '--security-opt no-new-privileges',
    sees: ({ noNewPrivileges }) =>
      when(!noNewPrivileges, 'low', 'may gain privileges by setuid programs'),
  },
  {
    id: 'root-user',
    remedy: "--user 1000:1000 or the image's USER; else the engine's userns-remap",
    sees: ({ userId, innerUserId }) =>
      innerUserId !== 0 && userId !== 0
        ? []
        : userId === 0
          ? one('medium', "runs as the machine's root (uid 0)")
          : one('low', `runs as root, which is uid ${userId} outside`),
  },
  hostNamespace('pid', 'high', "sees all of the machine's processes", '--pid host'),
  hostNamespace('net', 'medium', "is in the machine's network", '--network host'),
  hostNamespace('ipc', 'medium', "shares the machine's System V IPC and queues", '--ipc host'),
  hostNamespace('uts', 'low', "shares the machine's host name", '--uts host'),
  hostNamespace(
    'cgroup',
    'low',
    "sees the machine's cgroups",
    "--cgroupns host; on cgroup v1, where it is Docker's default, use --cgroupns private",
  ),
  {
    id: 'engine-socket',
    remedy: 'do not mount it; else put a proxy before it that lets few requests through',
    sees: engineSockets,
  },
  {
    id: 'sensitive-mount',
    remedy: 'mount the one file or folder that is needed, with :ro, or use a volume',
    sees: ({ mounts }) => mounts.flatMap(sensitiveMount),
  },
  {
    id: 'writable-kernel-paths',
    remedy: 'leave out --privileged and --security-opt systempaths=unconfined; mount /sys with :ro',
    sees: ({ writableKernelPaths: paths }) =>
      when(paths.length > 0, 'high', `may write to the kernel's ${someOf(paths)}`),
  },
  {
    id: 'unmasked-kernel-paths',
    remedy: 'leave out --privileged and --security-opt systempaths=unconfined',
    sees: ({ unmaskedKernelPaths: paths }) =>
      when(paths.length > 0, 'medium', `may read the kernel's ${someOf(paths)}`),
  },
  { id: 'devices', remedy: 'leave out --device where it is not needed', sees: machineDevices },
  {
    id: 'writable-root',
    remedy: '--read-only, with --tmpfs /tmp or a volume where it writes',
    sees: ({ readOnlyRoot }) => when(!readOnlyRoot, 'low', 'may change its own programs'),
  },
  {
    id: 'no-pids-limit',
    remedy: '--pids-limit 200',
    sees: ({ hasPidsLimit }) => when(!hasPidsLimit, 'low', 'may make processes without limit'),
  },
  {
    id: 'no-memory-limit',
    remedy: '--memory 512m',
    sees: ({ hasMemoryLimit }) => when(!hasMemoryLimit, 'low', 'may use memory without limit'),
  },
];

const ORDER: readonly Severity[] = ['high', 'medium', 'low', 'info'];

/** What the rules see, worst first; containers in which a rule sees the same thing share a finding. */
export function findingsOf(postures: readonly Posture[], machine: Machine): CheckFinding[] {
  const found = RULES.flatMap((rule) => {
    const names = new Map<string, { sight: Sight; names: string[] }>();
    for (const posture of postures) {
      for (const sight of rule.sees(posture, machine)) {
        const key = `${sight.severity} ${sight.what}`;
        const same = names.get(key) ?? { sight, names: [] };
        same.names.push(posture.name);
        names.set(key, same);
      }
    }
    return [...names.values()].map(({ sight, names: who }) => ({
      severity: sight.severity,
      id: rule.id,
      title: `${someOf(who)}: ${sight.what}`,
      remedy: rule.remedy,
    }));
  });
  return found.sort((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity));
}

function powerfulCapabilities({ effective, bounding, noNewPrivileges }: Posture): Sight[] {
  return Object.entries(POWERFUL_CAPABILITIES).flatMap(([name, { severity, allows }]) => {
    if (effective.includes(name)) return one(severity, `has ${name}, which ${allows}`);
    if (!bounding.includes(name)) return [];
    return noNewPrivileges
      ? one('low', `keeps ${name}, which ${allows}, although its user cannot gain it`)
      : one('medium', `may gain ${name} by a setuid program, which ${allows}`);
  });
}

/** AppArmor: "docker-default (enforce)", "unconfined"; SELinux: "system_u:system_r:container_t:s0". */
const isConfined = (profile: string): boolean =>
  !/^unconfined\b|\((complain|unconfined)\)$|:(unconfined_t|spc_t):/.test(profile);

const SOCKET_NAMES =
  /^(docker|containerd|crio|podman|cri-dockerd|dockershim|buildkitd|kubelet)\.sock$/;

function engineSockets({ mounts }: Posture, { sockets }: Machine): Sight[] {
  const known = sockets.map(sameRun);
  return mounts.flatMap(({ source, target }) => {
    const path = sameRun(source);
    const within = path === '/' ? '/' : `${path}/`;
    const socket =
      SOCKET_NAMES.test(path.split('/').at(-1) ?? '') || known.includes(path)
        ? path
        : known.find((each) => each.startsWith(within));
    return socket === undefined
      ? []
      : one(
          'high',
          `reaches an engine by its socket ${socket}, mounted with ${target}: it commands the machine`,
        );
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

function sensitiveMount({ source, target, writable }: BoundPath): Sight[] {
  const path = sameRun(source);
  const hit = SENSITIVE_PATHS.find(
    (each) => path === each.path || (each.below === true && path.startsWith(`${each.path}/`)),
  );
  const severity = writable ? hit?.writable : hit?.readable;
  if (hit === undefined || severity === undefined) return [];
  const what = `has the machine's ${path} at ${target}, ${writable ? 'writable' : 'read-only'}`;
  return one(severity, what);
}

const DEVICE_SEVERITY: Readonly<Record<Device['kind'], Severity>> = {
  block: 'high',
  memory: 'high',
  character: 'low',
  unknown: 'medium',
};

/** The worst kinds are named first. */
function machineDevices({ devices }: Posture): Sight[] {
  const rank = ({ kind }: Device): number => ORDER.indexOf(DEVICE_SEVERITY[kind]);
  const sorted = [...devices].sort((a, b) => rank(a) - rank(b));
  const [worst] = sorted;
  if (worst === undefined) return [];
  const names = someOf(sorted.map(({ path }) => path));
  return one(DEVICE_SEVERITY[worst.kind], `has devices of the machine: ${names}`);
}

const MOST_NAMES = 5;

/** "a, b, c and 4 more" */
function someOf(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES).join(', ');
  return names.length > MOST_NAMES ? `${shown} and ${names.length - MOST_NAMES} more` : shown;
}
