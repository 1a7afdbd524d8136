/** A container's namespaces against the host's: what each isolates, proved, and what making it costs the kernel. */

import { readFileSync } from 'node:fs';
import { DitError, EXIT, messageOf } from '../../base/errors.js';
import { type Foreign, quoting } from '../../base/foreign.js';
import type { MeasureContext } from '../../measure/context.js';
import {
  measureNamespaces,
  NAMESPACE_KINDS,
  type NamespaceCall,
  type NamespaceCosts,
  namespaceCalls,
} from '../../measure/namespaces.js';
import type { CheckFinding, CheckResult, Figure } from '../../model/checks/check.js';
import { needProgram } from '../../platform/processes/child-process.js';
import { median } from '../../stats/summary.js';
import { type Check, skipped } from '../contract/check.js';
import {
  KINDS,
  type NamespaceKind,
  type Sight,
  seeFromHost,
  seeFromInside,
} from './observe-namespaces.js';

const TIMES = 9;
const STARTS = 5;
/** The host's own mounts, processes and load are the same for both; what is left is chance. */
const AGREEMENT = 2;
/** Docker makes these for every container, unless it is told to share one. */
const EXPECTED: readonly NamespaceKind[] = ['pid', 'uts', 'mnt', 'net', 'ipc'];
const MS = 1e6;

export const namespacesCheck: Check = {
  name: 'namespaces',
  shows:
    'which namespaces a container has for itself, what that keeps it from seeing, and what the kernel needs to make each of them',
  thresholds: `fails when a ${EXPECTED.join(', ')} namespace is the host's, or when the container sees what its namespace should hide; warns when what a start spends making its namespaces differs by more than ${AGREEMENT} times from the same ones made alone`,
  run: checkNamespaces,
};

async function checkNamespaces(context: MeasureContext): Promise<CheckResult> {
  const { sandbox, image, seesKernel, signal, say } = context;
  if (!seesKernel) {
    return skipped(
      'namespaces are the kernel’s: they are read on the machine where the containers run, as root',
      "run it on the engine's own machine, as root",
    );
  }
  say('looking from inside and from outside');
  const container = await sandbox.start(
    {
      Image: image,
      Cmd: ['sh', '-c', 'sleep 600'],
      // An interface of its own may be called what the host's is called.
      HostConfig: { NetworkMode: 'none' },
    },
    'namespaces',
  );
  const queue = await makeQueue(context);
  const [inside, host] = [await seeFromInside(container), seeFromHost()];
  const proofs = proveNamespaces(inside, host, queue);
  const pidLine = statusLine(container.pid, 'NSpid');
  await container.remove();
  signal.throwIfAborted();

  const { cost, notMeasured } = await measureCost(context).catch((error: unknown) => {
    signal.throwIfAborted();
    if (!(error instanceof DitError && error.exitCode === EXIT.capability)) throw error;
    return { cost: undefined, notMeasured: error.message };
  });
  return namespacesResult({ proofs, cost, notMeasured, pidLine });
}

/** One namespace of a container. */
export interface Proof {
  readonly kind: NamespaceKind;
  /** Of its own: its inode is not the host's. */
  readonly own: boolean;
  /** "net:[4026532281]" */
  readonly inside: string;
  readonly host: string;
  /** What it isolates. */
  readonly isolates: string;
  /** Whether what is seen inside is what `own` promises; undefined: nothing could be observed. */
  readonly holds: boolean | undefined;
  /** What was observed, in words. Untrusted text. */
  readonly observed: string;
}

/** Pure. @param queue id of a message queue that was made on the host; undefined: none could be */
export function proveNamespaces(inside: Sight, host: Sight, queue: string | undefined): Proof[] {
  return KINDS.flatMap((kind) => {
    const [of, ofHost] = [inside.links.get(kind), host.links.get(kind)];
    if (of === undefined || ofHost === undefined) return [];
    const own = of !== ofHost;
    const { isolates, hidden, observed } = OBSERVATIONS[kind](inside, host, queue);
    return [
      {
        kind,
        own,
        inside: of,
        host: ofHost,
        isolates,
        // A container that shares the host's is promised nothing.
        holds: hidden === undefined ? undefined : !own || hidden,
        observed,
      },
    ];
  });
}

interface Observation {
  readonly isolates: string;
  /** The host's is not seen inside; undefined: it cannot be told. */
  readonly hidden: boolean | undefined;
  readonly observed: string;
}

const OBSERVATIONS: Readonly<
  Record<NamespaceKind, (inside: Sight, host: Sight, queue: string | undefined) => Observation>
> = {
  pid: (inside, host) => ({
    isolates: 'processes',
    hidden: inside.processes < host.processes,
    observed: `${inside.processes} processes seen inside, ${host.processes} on the host`,
  }),
  uts: (inside, host) => ({
    isolates: 'host name',
    hidden: inside.hostname !== host.hostname,
    observed: `named "${inside.hostname}" inside, "${host.hostname}" on the host`,
  }),
  mnt: (inside, host) => {
    const [root, hostRoot] = [rootOf(inside.mounts), rootOf(host.mounts)];
    return {
      isolates: 'mounts',
      hidden: root !== hostRoot,
      observed: `${inside.mounts.length} mounts inside, ${host.mounts.length} on the host; / is mount ${root} inside, ${hostRoot} on the host`,
    };
  },
  net: (inside, host) => {
    const others = host.interfaces.filter((name) => name !== 'lo');
    const seen = others.filter((name) => inside.interfaces.includes(name));
    return {
      isolates: 'network interfaces, routes, ports',
      hidden: others.length === 0 ? undefined : seen.length === 0,
      observed: `interfaces inside: ${inside.interfaces.join(', ')}; on the host: ${host.interfaces.join(', ')}`,
    };
  },
  ipc: (inside, host, queue) => ({
    isolates: 'System V IPC objects, POSIX message queues',
    hidden:
      queue === undefined || !host.queues.includes(queue)
        ? undefined
        : !inside.queues.includes(queue),
    observed:
      queue === undefined
        ? 'no message queue could be made on the host to look for'
        : `message queue ${queue} was made on the host: ${host.queues.includes(queue) ? 'seen' : 'not seen'} there, ${inside.queues.includes(queue) ? 'seen' : 'not seen'} inside`,
  }),
  user: (inside, host) => ({
    isolates: 'user and group ids, capabilities',
    hidden: inside.uidMap.join() !== host.uidMap.join(),
    observed: `uid_map inside: ${inside.uidMap.join(', ')}; on the host: ${host.uidMap.join(', ')}`,
  }),
  cgroup: (inside) => ({
    isolates: 'the names of cgroups above the container',
    hidden: inside.cgroups.every((path) => path === '/'),
    observed: `its own cgroup is called ${inside.cgroups.at(-1) ?? ''} inside`,
  }),
  time: () => ({
    isolates: 'the monotonic and the boot clock',
    hidden: undefined,
    observed: 'engines do not make one',
  }),
};

/** The id of the mount at "/": the first field of its line. */
const rootOf = (mounts: readonly string[]): string =>
  mounts.find((line) => line.split(' ')[4] === '/')?.split(' ')[0] ?? '?';

/** On the host, for as long as the check runs. */
async function makeQueue({ sandbox }: MeasureContext): Promise<string | undefined> {
  try {
    const { stdout } = await needProgram('ipcmk', ['-Q']);
    const id = / (\d{1,10})$/.exec(stdout.trimEnd())?.[1];
    if (id === undefined) return undefined;
    sandbox.undo(`removing message queue ${id}`, async () => {
      await needProgram('ipcrm', ['-q', id]);
    });
    return id;
  } catch {
    // Without ipcmk, or without a queue to spare, the check says that it made none.
    return undefined;
  }
}

function statusLine(pid: number, field: string): Foreign {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const line = status.split('\n').find((each) => each.startsWith(`${field}:`)) ?? '';
    return line.replace(/\s+/g, ' ');
  } catch (error) {
    return quoting`/proc/${pid}/status: ${messageOf(error)}`;
  }
}

/** Each kind alone, what starts make, and the same made alone. */
export interface NamespaceCostFacts {
  readonly alone: NamespaceCosts;
  /** Of each recorded start. */
  readonly starts: readonly (readonly NamespaceCall[])[];
  readonly recorder: Foreign;
}

async function measureCost(
  context: MeasureContext,
): Promise<{ cost: NamespaceCostFacts; notMeasured: Foreign }> {
  const { image, record, signal, say } = context;
  const starts: NamespaceCall[][] = [];
  let recorder: Foreign = '';
  for (let n = 1; n <= STARTS; n++) {
    signal.throwIfAborted();
    say(`recording start ${n} of ${STARTS}`);
    const { trace, run } = await record({ Image: image, Entrypoint: ['true'], Cmd: [] });
    recorder = trace.recording.header.source.name;
    starts.push(namespaceCalls(trace, run));
  }
  say('making each kind of namespace alone');
  const sets = distinctSets([...NAMESPACE_KINDS.map((kind) => [kind]), ...ofStarts(starts)]);
  return {
    cost: { alone: await measureNamespaces(sets, TIMES, signal), starts, recorder },
    notMeasured: '',
  };
}

const ofStarts = (starts: readonly (readonly NamespaceCall[])[]): (readonly string[])[] =>
  starts.flat().map(({ kinds }) => kinds);

const keyOf = (kinds: readonly string[]): string => [...kinds].sort().join(', ');

const distinctSets = (sets: readonly (readonly string[])[]): (readonly string[])[] => [
  ...new Map(sets.map((kinds) => [keyOf(kinds), kinds])).values(),
];

export interface Agreement {
  /** Inside the calls of the middle start, ns. */
  readonly startNs: number;
  /** The same sets made alone, medians, ns. */
  readonly aloneNs: number;
  /** How many times the larger is the smaller. */
  readonly ratio: number;
}

/** Pure. undefined: the starts made none by themselves that were seen, or they cannot be made alone. */
export function agreementOf({ alone, starts }: NamespaceCostFacts): Agreement | undefined {
  const medians = new Map(alone.costs.map(({ kinds, medianNs }) => [keyOf(kinds), medianNs]));
  const whole = starts.filter((calls) => calls.length > 0);
  const sum = (calls: readonly NamespaceCall[], of: (call: NamespaceCall) => number): number =>
    calls.reduce((total, call) => total + of(call), 0);
  const startNs = median(whole.map((calls) => sum(calls, ({ ns }) => ns)));
  const aloneNs = median(
    whole.map((calls) => sum(calls, ({ kinds }) => medians.get(keyOf(kinds)) ?? Number.NaN)),
  );
  const ratio = Math.max(startNs / aloneNs, aloneNs / startNs);
  return Number.isFinite(ratio) ? { startNs, aloneNs, ratio } : undefined;
}

interface Facts {
  readonly proofs: readonly Proof[];
  readonly cost: NamespaceCostFacts | undefined;
  /** Why there is no cost; ''. */
  readonly notMeasured: Foreign;
  /** "NSpid: 4711 1": the same process in each pid namespace that it is in. */
  readonly pidLine: Foreign;
}

/** Pure. */
export function namespacesResult({ proofs, cost, notMeasured, pidLine }: Facts): CheckResult {
  const agreement = cost === undefined ? undefined : agreementOf(cost);
  return {
    ...judge(proofs, agreement, notMeasured),
    figures: [
      {
        name: 'namespaces of its own',
        value: proofs.filter(({ own }) => own).length,
        unit: 'count',
        source: '/proc/PID/ns of the container and of the host',
        certainty: 'exact',
      },
      ...(cost === undefined ? [] : costFigures(cost)),
      ...(cost === undefined || agreement === undefined ? [] : agreementFigures(cost, agreement)),
    ],
    findings: proofs.filter(({ own }) => !own).flatMap(sharedFinding),
    evidence: [
      ...proofs.map(
        ({ kind, own, inside, host, observed }) =>
          `${kind}: ${own ? `${inside}, the host's ${host}` : `the host's ${host}`}; ${observed}`,
      ),
      quoting`the container's first process, on the host and inside: ${pidLine}`,
      ...(cost?.starts[0] ?? []).map(
        ({ name, kinds, ns }) =>
          `a start: ${name} of ${kinds.join(', ')}: ${(ns / MS).toFixed(3)} ms in the kernel`,
      ),
      ...(notMeasured === '' ? [] : [quoting`cost: not measured: ${notMeasured}`]),
    ],
  };
}

function judge(
  proofs: readonly Proof[],
  agreement: Agreement | undefined,
  notMeasured: Foreign,
): Pick<CheckResult, 'verdict' | 'reason' | 'remedy'> {
  const leaks = proofs.filter(({ holds }) => holds === false);
  const shared = proofs.filter(({ kind, own }) => !own && EXPECTED.includes(kind));
  if (leaks.length > 0 || shared.length > 0) {
    const said = [
      ...shared.map(({ kind }) => `the ${kind} namespace is the host's`),
      ...leaks.map(({ kind, observed }) => `the ${kind} namespace hides nothing: ${observed}`),
    ];
    return {
      verdict: 'fail',
      reason: said.join('; '),
      remedy: "look at the engine's default runtime and its configuration: docker info",
    };
  }
  const own = proofs.filter((proof) => proof.own).map(({ kind }) => kind);
  const isolated = `${own.length} namespaces of its own (${own.join(', ')}), each proved from inside`;
  if (agreement === undefined) {
    return {
      verdict: 'warn',
      reason: quoting`${isolated}; what they cost is not known: ${notMeasured || 'the recorded starts made none that could be made alone'}`,
      remedy: 'see what recording needs: dit doctor; unshare is part of util-linux',
    };
  }
  const { startNs, aloneNs, ratio } = agreement;
  const compared = `a start spends ${(startNs / MS).toFixed(2)} ms making them, alone they take ${(aloneNs / MS).toFixed(2)} ms (${ratio.toFixed(2)} times)`;
  if (ratio > AGREEMENT) {
    return {
      verdict: 'warn',
      reason: `${isolated}; ${compared}, more than ${AGREEMENT} times apart`,
      remedy: 'run it again on an idle machine: namespaces that are just taken down delay new ones',
    };
  }
  return { verdict: 'pass', reason: `${isolated}; ${compared}`, remedy: '' };
}

function costFigures({ alone }: NamespaceCostFacts): Figure[] {
  return alone.costs
    .filter(({ ns }) => ns.length > 0)
    .map(({ kinds, ns, medianNs }) => ({
      name: kinds.join(', '),
      value: medianNs,
      unit: 'ns' as const,
      source: `inside unshare(2), recorded by ${alone.source}, median of ${ns.length}`,
      certainty: alone.lost > 0 ? 'inferred' : 'exact',
      group: 'making a namespace, in the kernel',
    }));
}

function agreementFigures(cost: NamespaceCostFacts, agreement: Agreement): Figure[] {
  const { starts, recorder, alone } = cost;
  const calls = [...new Set(starts.flat().map(({ name }) => name))].join(', ');
  const figure = (name: string, ns: number, source: Foreign): Figure => ({
    name,
    value: ns / MS,
    unit: 'ms',
    source,
    certainty: 'exact',
    group: 'namespaces of a start',
  });
  return [
    figure(
      `made by a start, median of ${starts.length}`,
      agreement.startNs,
      quoting`inside ${calls} of the runtime, recorded by ${recorder}`,
    ),
    figure(
      'the same made alone',
      agreement.aloneNs,
      `inside unshare(2), recorded by ${alone.source}`,
    ),
  ];
}

const REMEDIES: Partial<Record<NamespaceKind, string>> = {
  user: 'run the engine with userns-remap, or rootless: then root inside is nobody on the host',
  cgroup: 'docker run --cgroupns private; with cgroup v2 it is the default',
};

function sharedFinding({ kind, isolates, observed }: Proof): CheckFinding[] {
  if (kind === 'time') return [];
  return [
    {
      severity: EXPECTED.includes(kind) ? 'high' : kind === 'user' ? 'low' : 'info',
      id: `shared-${kind}-namespace`,
      title: `the container shares the host's ${kind} namespace (${isolates}): ${observed}`,
      remedy: REMEDIES[kind] ?? `do not run containers with the host's ${kind} namespace`,
    },
  ];
}
