/** The words of each weakness of a container's isolation. */

import { type Foreign, joinForeign, quoting } from '../../base/foreign.js';
import type {
  PostureFinding,
  WeaknessFacts,
  WeaknessId,
} from '../../container/posture/posture-rules.js';
import {
  DEFAULT_CAPABILITIES,
  type PowerfulCapability,
} from '../../container/process/capability-names.js';
import type { CheckFindingText } from '../contract/check.js';

/** "web, db: may read the kernel's /proc/kcore". Untrusted. */
export function weaknessText<Id extends WeaknessId>({
  id,
  facts,
  containers,
}: PostureFinding<Id>): CheckFindingText {
  const { what, remedy } = WORDS[id];
  return { title: quoting`${someOf(containers)}: ${what(facts)}`, remedy };
}

interface Words<Id extends WeaknessId> {
  /** After the container's name: "runs as root". */
  readonly what: (facts: WeaknessFacts[Id]) => Foreign;
  readonly remedy: string;
}

const WORDS: { readonly [Id in WeaknessId]: Words<Id> } = {
  privileged: {
    what: () => 'is privileged: root in it is root on the host',
    remedy: 'leave out --privileged; give the one capability or device that is needed',
  },
  'powerful-capability': {
    what: ({ capability, held }) => {
      const allows = ALLOWS[capability];
      switch (held) {
        case 'effective':
          return `has ${capability}, which ${allows}`;
        case 'gainable':
          return `may gain ${capability} by a setuid program, which ${allows}`;
        case 'kept':
          return `keeps ${capability}, which ${allows}, although its user cannot gain it`;
      }
    },
    remedy: 'drop it: --cap-drop ALL, and --cap-add only what is needed',
  },
  'default-capabilities': {
    what: ({ kept }) =>
      `keeps ${kept.length} of Docker's ${DEFAULT_CAPABILITIES.length} default capabilities: ${kept.join(' ')}`,
    remedy: 'drop them: --cap-drop ALL, and --cap-add only what is needed',
  },
  'seccomp-off': {
    what: () => 'may make every syscall: seccomp is off',
    remedy: 'leave out --security-opt seccomp=unconfined',
  },
  'security-module-off': {
    what: ({ profile }) => quoting`is not confined by the security module: "${profile}"`,
    remedy: 'leave out --security-opt apparmor=unconfined or label=disable',
  },
  'new-privileges': {
    what: () => 'may gain privileges by setuid programs',
    remedy: 'add --security-opt no-new-privileges',
  },
  'root-user': {
    what: ({ userId }) =>
      userId === 0
        ? "runs as the host's root (uid 0)"
        : `runs as root, which is uid ${userId} on the host`,
    remedy: "use --user 1000:1000 or the image's USER; else the engine's userns-remap",
  },
  'host-pid': {
    what: () => "sees all of the host's processes",
    remedy: 'leave out --pid host',
  },
  'host-network': {
    what: () => "is in the host's network",
    remedy: 'leave out --network host',
  },
  'host-ipc': {
    what: () => "shares the host's System V IPC and queues",
    remedy: 'leave out --ipc host',
  },
  'host-uts': {
    what: () => "shares the host's hostname",
    remedy: 'leave out --uts host',
  },
  'host-cgroup': {
    what: () => "sees the host's cgroups",
    remedy:
      "leave out --cgroupns host; on cgroup v1, where it is Docker's default, use --cgroupns private",
  },
  'engine-socket': {
    what: ({ socket, target }) =>
      quoting`reaches an engine by its socket ${socket}, mounted with ${target}: it commands the host`,
    remedy: 'do not mount it; else put a proxy before it that lets few requests through',
  },
  'sensitive-mount': {
    what: ({ source, target, writable }) =>
      quoting`has the host's ${source} at ${target}, ${writable ? 'writable' : 'read-only'}`,
    remedy: 'mount only the file or folder that is needed, with :ro, or use a volume',
  },
  'writable-kernel-paths': {
    what: ({ paths }) => quoting`may write to the kernel's ${someOf(paths)}`,
    remedy: 'leave out --privileged and --security-opt systempaths=unconfined; mount /sys with :ro',
  },
  'unmasked-kernel-paths': {
    what: ({ paths }) => quoting`may read the kernel's ${someOf(paths)}`,
    remedy: 'leave out --privileged and --security-opt systempaths=unconfined',
  },
  devices: {
    what: ({ paths }) => quoting`has devices of the host: ${someOf(paths)}`,
    remedy: 'leave out --device where it is not needed',
  },
  'writable-root': {
    what: () => 'may change its own programs',
    remedy: 'add --read-only, with --tmpfs /tmp or a volume where it writes',
  },
  'no-pids-limit': {
    what: () => 'may make processes without limit',
    remedy: 'add --pids-limit 200',
  },
  'no-memory-limit': {
    what: () => 'may use memory without limit',
    remedy: 'add --memory 512m',
  },
};

/** capabilities(7) */
const ALLOWS: Readonly<Record<PowerfulCapability, string>> = {
  SYS_ADMIN: 'mounts file systems, among very much else',
  SYS_MODULE: 'loads modules into the kernel',
  SYS_RAWIO: "reads and writes the host's memory and ports",
  SYS_PTRACE: 'reads and changes other processes',
  DAC_READ_SEARCH: 'opens any file of the file system by its handle',
  BPF: 'loads BPF programs',
  SYS_BOOT: 'restarts the host or its kernel',
  MAC_ADMIN: 'changes the rules of the security module',
  MAC_OVERRIDE: 'is not bound by the security module',
  CHECKPOINT_RESTORE: "reads other processes' maps",
  NET_ADMIN: 'changes interfaces, routes and packet filters',
  SYS_TIME: "sets the host's clock",
  SYS_RESOURCE: 'goes beyond resource limits',
  SYS_NICE: "changes others' priorities",
  SYSLOG: "reads the kernel's messages and addresses",
  PERFMON: 'observes the whole kernel',
  AUDIT_CONTROL: "changes the host's audit",
  LINUX_IMMUTABLE: 'makes files immutable',
};

const MOST_NAMES = 5;

/** "a, b, c and 4 more" */
function someOf(names: readonly string[]): Foreign {
  const shown = joinForeign(names.slice(0, MOST_NAMES), ', ');
  return names.length > MOST_NAMES
    ? quoting`${shown} and ${names.length - MOST_NAMES} more`
    : shown;
}
