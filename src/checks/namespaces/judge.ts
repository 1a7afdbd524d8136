/** Whether a container's namespaces keep from it what they must, and cost in a start what they cost by themselves. */

import type { Foreign } from '../../base/foreign.js';
import type { NamespaceCall, NamespaceCosts } from '../../measure/namespaces.js';
import type { Judgement } from '../../model/checks/check.js';
import { median } from '../../stats/summary.js';
import { NAMESPACES, type NamespaceKind, type NamespaceView } from './view.js';

export const THRESHOLDS = {
  /** Docker makes these for every container, unless it is told to share one. */
  expected: ['pid', 'uts', 'mnt', 'net', 'ipc'] as readonly NamespaceKind[],
  /** The host's own mounts, processes and load are the same for both; what is left is chance. */
  mostRatio: 2,
} as const;

/** What is seen on both sides. */
export interface Views {
  readonly inside: NamespaceView;
  readonly host: NamespaceView;
  /** Id of a message queue that was made on the host to be looked for; undefined: none could be. */
  readonly queue: string | undefined;
}

/** Each kind alone, what starts make, and the same made alone. */
export interface NamespaceCostFacts {
  readonly alone: NamespaceCosts;
  /** Of each recorded start. */
  readonly starts: readonly (readonly NamespaceCall[])[];
  readonly recorder: Foreign;
}

export interface NamespacesFacts {
  readonly views: Views;
  readonly cost: NamespaceCostFacts | undefined;
  /** Why there is no cost; ''. */
  readonly notMeasured: Foreign;
  /** "NSpid: 4711 1": the same process in each pid namespace that it is in. */
  readonly pidLine: Foreign;
}

/** One namespace of a container. */
export interface Proof {
  readonly kind: NamespaceKind;
  /** Of its own: its inode is not the host's. */
  readonly own: boolean;
  /** "net:[4026532281]" */
  readonly inside: string;
  readonly host: string;
  /** Whether what is seen inside is what `own` promises; undefined: nothing could be observed. */
  readonly holds: boolean | undefined;
}

export function proveNamespaces(views: Views): Proof[] {
  const { inside, host } = views;
  return NAMESPACES.flatMap((kind) => {
    const [of, ofHost] = [inside.links.get(kind), host.links.get(kind)];
    if (of === undefined || ofHost === undefined) return [];
    const own = of !== ofHost;
    const hidden = HIDDEN[kind](views);
    // A container that shares the host's is promised nothing.
    const holds = hidden === undefined ? undefined : !own || hidden;
    return [{ kind, own, inside: of, host: ofHost, holds }];
  });
}

/** Whether the host's is not seen inside; undefined: it cannot be told. */
const HIDDEN: Readonly<Record<NamespaceKind, (views: Views) => boolean | undefined>> = {
  pid: ({ inside, host }) => inside.processes < host.processes,
  uts: ({ inside, host }) => inside.hostname !== host.hostname,
  mnt: ({ inside, host }) => rootMountId(inside.mounts) !== rootMountId(host.mounts),
  net: ({ inside, host }) => {
    const others = host.interfaces.filter((name) => name !== 'lo');
    if (others.length === 0) return undefined;
    return !others.some((name) => inside.interfaces.includes(name));
  },
  ipc: ({ inside, host, queue }) =>
    queue === undefined || !host.queues.includes(queue)
      ? undefined
      : !inside.queues.includes(queue),
  user: ({ inside, host }) => inside.uidMap.join() !== host.uidMap.join(),
  cgroup: ({ inside }) => inside.cgroups.every((path) => path === '/'),
  time: () => undefined,
};

/** The id of the mount at "/": the first field of its line. */
export const rootMountId = (mounts: readonly string[]): string =>
  mounts.find((line) => line.split(' ')[4] === '/')?.split(' ')[0] ?? '?';

/** For sets of kinds, whatever their order. */
export const setKey = (kinds: readonly string[]): string => [...kinds].sort().join(', ');

export interface Agreement {
  /** Inside the calls of the middle start, ns. */
  readonly startNs: number;
  /** The same sets made alone, medians, ns. */
  readonly aloneNs: number;
  /** How many times the larger is the smaller. */
  readonly ratio: number;
}

/** undefined: the starts made none by themselves that were seen, or they cannot be made alone. */
export function agreementOf({ alone, starts }: NamespaceCostFacts): Agreement | undefined {
  const medians = new Map(alone.costs.map(({ kinds, medianNs }) => [setKey(kinds), medianNs]));
  const whole = starts.filter((calls) => calls.length > 0);
  const sum = (calls: readonly NamespaceCall[], of: (call: NamespaceCall) => number): number =>
    calls.reduce((total, call) => total + of(call), 0);
  const startNs = median(whole.map((calls) => sum(calls, ({ ns }) => ns)));
  const aloneNs = median(
    whole.map((calls) => sum(calls, ({ kinds }) => medians.get(setKey(kinds)) ?? Number.NaN)),
  );
  const ratio = Math.max(startNs / aloneNs, aloneNs / startNs);
  return Number.isFinite(ratio) ? { startNs, aloneNs, ratio } : undefined;
}

export type NamespacesReason =
  | { readonly kind: 'kernel out of reach' }
  | {
      readonly kind: 'not isolated';
      /** The host's, where a container should have its own. */
      readonly shared: readonly NamespaceKind[];
      /** Of its own, and the host is seen all the same. */
      readonly leaking: readonly NamespaceKind[];
      readonly views: Views;
    }
  | {
      readonly kind: 'cost unknown';
      readonly own: readonly NamespaceKind[];
      /** '': the starts made none that could be made alone. */
      readonly why: Foreign;
    }
  | {
      readonly kind: 'isolated' | 'isolated at another cost';
      readonly own: readonly NamespaceKind[];
      readonly agreement: Agreement;
    };

export interface NamespacesFinding {
  readonly id: `shared-${NamespaceKind}-namespace`;
  readonly severity: 'high' | 'low' | 'info';
  readonly kind: NamespaceKind;
  readonly views: Views;
}

export function judgeNamespaces(
  facts: NamespacesFacts,
): Judgement<NamespacesReason, NamespacesFinding> {
  const { views } = facts;
  const proofs = proveNamespaces(views);
  return { ...verdictOf(proofs, facts), findings: sharedFindings(proofs, views) };
}

function verdictOf(
  proofs: readonly Proof[],
  { views, cost, notMeasured }: NamespacesFacts,
): Pick<Judgement<NamespacesReason, NamespacesFinding>, 'verdict' | 'reason'> {
  const kindsOf = (wanted: readonly Proof[]): NamespaceKind[] => wanted.map(({ kind }) => kind);
  const leaking = kindsOf(proofs.filter(({ holds }) => holds === false));
  const shared = kindsOf(
    proofs.filter(({ kind, own }) => !own && THRESHOLDS.expected.includes(kind)),
  );
  if (leaking.length > 0 || shared.length > 0) {
    return { verdict: 'fail', reason: { kind: 'not isolated', shared, leaking, views } };
  }
  const own = kindsOf(proofs.filter((proof) => proof.own));
  const agreement = cost && agreementOf(cost);
  if (agreement === undefined) {
    return { verdict: 'warn', reason: { kind: 'cost unknown', own, why: notMeasured } };
  }
  return agreement.ratio > THRESHOLDS.mostRatio
    ? { verdict: 'warn', reason: { kind: 'isolated at another cost', own, agreement } }
    : { verdict: 'pass', reason: { kind: 'isolated', own, agreement } };
}

/** Engines make no time namespace: that it is shared is no news. */
const sharedFindings = (proofs: readonly Proof[], views: Views): NamespacesFinding[] =>
  proofs
    .filter(({ own, kind }) => !own && kind !== 'time')
    .map(({ kind }) => ({
      id: `shared-${kind}-namespace`,
      severity: THRESHOLDS.expected.includes(kind) ? 'high' : kind === 'user' ? 'low' : 'info',
      kind,
      views,
    }));
