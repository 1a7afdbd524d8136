/**
 * Which phase and category a segment of the critical path belongs to: a table, the first rule that applies
 * decides. `dit trace explain` prints it; docs/phases.md lists it.
 */
import { type Foreign, raw } from '../../base/foreign.js';
import { namespacesOf, type SyscallView } from '../../model/syscalls/syscall-view.js';
import { isSyscallFor, type SyscallRole } from '../../model/syscalls/syscalls.js';
import type { ActorKind } from '../../model/trace/actor-kind.js';
import type { Category } from '../../model/trace/category.js';
import type { Phase, SegmentState } from '../../model/trace/trace.js';
import type { WaitCause } from '../../model/trace/wait-cause.js';

/** What a rule may look at. */
export interface SegmentFacts {
  readonly actor: ActorKind;
  readonly state: SegmentState;
  readonly call: SyscallView | undefined;
  readonly waitsFor: WaitCause | undefined;
  /** The thread, on the CPU, reads what is not in memory into the page cache. */
  readonly fillsPageCache: boolean;
  /** The path goes on, in the same process, on a thread that this one wakes. */
  readonly handsOverWithin: boolean;
  /** A program made its namespaces itself: there is no runtime. */
  readonly withoutRuntime: boolean;
  /** dockerd sets a network up: in one of its episodes, or while runc waits for its hook. */
  readonly duringNetworkSetUp: boolean;
}

export interface PhaseRule {
  readonly id: string;
  readonly phase: Phase;
  readonly category: Category | ((facts: SegmentFacts) => Category);
  /** In words, for people. */
  readonly because: string;
  readonly when: (facts: SegmentFacts) => boolean;
}

const isIn = ({ call }: SegmentFacts, role: SyscallRole): boolean =>
  call !== undefined && isSyscallFor(role, call.name);

/** linux/prctl.h: PR_SET_KEEPCAPS, PR_SET_SECCOMP, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT */
const CONFINING_PRCTLS: ReadonlySet<number> = new Set([8, 22, 24, 38, 47]);

const isEngine = ({ actor }: SegmentFacts): boolean =>
  actor === 'dockerd' || actor === 'containerd' || actor === 'shim';

/** The container's root: mounted by the engine, never by runc (whose sealed binary is an overlay too). */
function isRootfs({ call, ...rest }: SegmentFacts): boolean {
  if (call === undefined || !isEngine({ call, ...rest })) return false;
  if (call.name === 'mount') return call.text(2) === 'overlay';
  if (call.name === 'umount2') return /\/(merged|rootfs)$/.test(raw(call.text(0)));
  // fsopen's descriptor is not followed: an engine opens a file system for nothing else.
  return call.name === 'fsopen'
    ? call.text(0) === 'overlay'
    : /^(fs|move_mount)/.test(raw(call.name));
}

const isCgroupPath = (path: Foreign): boolean => path.startsWith('/sys/fs/cgroup');

function isCgroup({ call }: SegmentFacts): boolean {
  if (call === undefined) return false;
  switch (call.name) {
    // Its file is recorded only where it is a cgroup's.
    case 'write':
      return call.file(0) !== '';
    case 'mkdir':
    case 'rmdir':
      return isCgroupPath(call.text(0));
    case 'mkdirat':
    case 'unlinkat':
    case 'openat':
    case 'openat2':
      return isCgroupPath(call.text(1));
    default:
      return false;
  }
}

/** It waits for the disk, or prepares to: the read's own CPU time belongs to the read. */
const onDisk = ({ waitsFor, fillsPageCache }: SegmentFacts): boolean =>
  waitsFor?.kind === 'block-io' || fillsPageCache;

const isOfGoRuntime = ({ waitsFor }: SegmentFacts): boolean =>
  waitsFor?.kind === 'go-poller' || waitsFor?.kind === 'go-scheduler';

/** runc's init is runc until the entrypoint's exec. */
function programOf({ actor, withoutRuntime }: SegmentFacts): Category {
  switch (actor) {
    case 'init':
      return withoutRuntime ? 'client' : 'runc';
    case 'runc create':
    case 'runc start':
    case 'runc delete':
      return 'runc';
    case 'hook':
      return 'hooks';
    case 'other':
      return 'unattributed';
    default:
      return actor;
  }
}

export const PHASE_RULES: readonly PhaseRule[] = [
  {
    id: 'runnable',
    phase: 'runtime',
    category: 'scheduling delay',
    because: 'the thread could run and no CPU ran it',
    when: ({ state }) => state === 'runnable',
  },
  {
    id: 'rootfs-mount',
    phase: 'storage',
    category: 'rootfs mount',
    because: 'the engine mounts or unmounts an overlay root',
    when: (facts) => isIn(facts, 'mount') && isRootfs(facts),
  },
  {
    id: 'fsync',
    phase: 'storage',
    category: 'fsync',
    because: 'inside fsync, fdatasync or another sync call, running or waiting',
    when: (facts) => isIn(facts, 'sync'),
  },
  {
    id: 'cold-exec',
    phase: 'storage',
    category: 'cold binaries',
    because: 'execve reads from the disk or waits for it: the binary is not in the page cache',
    when: (facts) => isIn(facts, 'exec') && onDisk(facts),
  },
  {
    id: 'cold-fault',
    phase: 'storage',
    category: 'cold binaries',
    because:
      'outside any syscall, reads from the disk or waits for it: a page fault on a mapped file',
    when: (facts) => facts.call === undefined && onDisk(facts),
  },
  {
    id: 'disk',
    phase: 'storage',
    category: 'disk wait',
    because: 'a syscall reads from the disk or waits for it',
    when: onDisk,
  },
  {
    id: 'namespaces',
    phase: 'kernel',
    category: 'namespaces',
    because: 'inside unshare, setns, or a clone with namespace flags',
    when: (facts) =>
      isIn(facts, 'namespace') ||
      (isIn(facts, 'clone') && facts.call !== undefined && namespacesOf(facts.call).length > 0),
  },
  {
    id: 'pivot-root',
    phase: 'kernel',
    category: 'pivot_root',
    because: 'inside pivot_root or chroot',
    when: (facts) => isIn(facts, 'root'),
  },
  {
    id: 'mounts',
    phase: 'kernel',
    category: 'mounts',
    because: "inside a mount call other than the rootfs overlay's",
    when: (facts) => isIn(facts, 'mount'),
  },
  {
    id: 'cgroups',
    phase: 'kernel',
    category: 'cgroups',
    because: 'inside a call on a cgroup file: creating, attaching, limiting',
    when: isCgroup,
  },
  {
    id: 'exec',
    phase: 'kernel',
    category: 'exec',
    because: 'inside execve, not waiting for the disk',
    when: (facts) => isIn(facts, 'exec'),
  },
  {
    id: 'confinement',
    phase: 'kernel',
    category: 'seccomp and capabilities',
    because: 'inside seccomp, capset, a confining prctl, or a change of user',
    when: (facts) =>
      isIn(facts, 'confine') ||
      (facts.call?.name === 'prctl' && CONFINING_PRCTLS.has(facts.call.arguments[0] ?? 0)),
  },
  {
    id: 'processes',
    phase: 'kernel',
    category: 'process creation and exit',
    because: 'inside clone without namespace flags, wait, or exit',
    when: (facts) => isIn(facts, 'clone') || isIn(facts, 'exit'),
  },
  {
    id: 'go-scheduler',
    phase: 'runtime',
    category: 'Go scheduler',
    because:
      "the Go runtime's monitor thread napped before it polled the network or handed a goroutine over",
    when: (facts) =>
      facts.state === 'blocked' &&
      (isOfGoRuntime(facts) ||
        (isIn(facts, 'sleep') && facts.waitsFor?.kind === 'timer' && facts.handsOverWithin)),
  },
  {
    id: 'hooks',
    phase: 'runtime',
    category: 'hooks',
    because: "a hook's process is on the path",
    when: ({ actor }) => actor === 'hook',
  },
  {
    id: 'sleep',
    phase: 'runtime',
    category: 'sleep',
    because: 'blocked until a timer fired',
    when: ({ state, waitsFor }) => state === 'blocked' && waitsFor?.kind === 'timer',
  },
  {
    id: 'network-set-up',
    phase: 'runtime',
    category: 'network set-up',
    because:
      'dockerd talks netlink, enters network namespaces or runs iptables; or works while runc waits for its hook',
    when: ({ actor, duringNetworkSetUp }) => actor === 'dockerd' && duringNetworkSetUp,
  },
  {
    id: 'ipc',
    phase: 'runtime',
    category: 'IPC hand-over',
    because: 'inside a socket, pipe, poll or futex call: one part hands over to the next',
    when: (facts) => isIn(facts, 'hand-over'),
  },
  {
    id: 'program',
    phase: 'runtime',
    category: programOf,
    because: 'the program itself: its code, its other syscalls, its other waits',
    when: ({ actor }) => actor !== 'other',
  },
];

/** The first rule that applies; undefined: the segment is unattributed. */
export function ruleFor(facts: SegmentFacts): PhaseRule | undefined {
  return PHASE_RULES.find(({ when }) => when(facts));
}

export const categoryOf = (rule: PhaseRule, facts: SegmentFacts): Category =>
  typeof rule.category === 'function' ? rule.category(facts) : rule.category;
