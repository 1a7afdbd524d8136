/** What making a namespace costs in the kernel: the time inside unshare(2), not that of a process around it. */

import { own } from '../base/own.js';
import { KIND } from '../model/recording/event-kinds.js';
import { NAMESPACE_FLAGS, namespacesOf, viewSyscall } from '../model/syscalls/syscall-view.js';
import type { ContainerRun, Trace } from '../model/trace/trace.js';
import { median } from '../stats/summary.js';
import { type Captured, captureCommand } from './capture-command.js';

/** A call that made namespaces. */
export interface NamespaceCall {
  readonly name: 'unshare' | 'clone' | 'clone3';
  /** In the order of their flags: "mnt", "uts". */
  readonly kinds: readonly string[];
  readonly ns: number;
}

export interface NamespaceCost {
  readonly kinds: readonly string[];
  /** Of each call, ns inside it. Empty: the kernel refuses these kinds. */
  readonly ns: readonly number[];
  /** NaN for none. */
  readonly medianNs: number;
}

export interface NamespaceCosts {
  /** In the order in which they were asked for. */
  readonly costs: readonly NamespaceCost[];
  readonly source: string;
  readonly lost: number;
}

export const NAMESPACE_KINDS: readonly string[] = NAMESPACE_FLAGS.map(([, kind]) => kind);

/** unshare(1)'s option for each kind. */
const OPTIONS: Readonly<Record<string, string>> = {
  time: '--time',
  mnt: '--mount',
  cgroup: '--cgroup',
  uts: '--uts',
  ipc: '--ipc',
  user: '--user',
  pid: '--pid',
  net: '--net',
};

/**
 * Makes each set of namespaces `times` times, by turns, so that what the kernel still has to take down of one kind
 * disturbs all alike. Needs util-linux's unshare; every namespace ends with its process.
 * @throws DitError exit 3 where nothing can be recorded
 */
export async function measureNamespaces(
  sets: readonly (readonly string[])[],
  times: number,
  signal: AbortSignal,
): Promise<NamespaceCosts> {
  const round = sets.map(
    (kinds) => `unshare ${kinds.map((kind) => own(OPTIONS, kind) ?? '').join(' ')} true`,
  );
  // Namespaces are taken down by a worker of the kernel's after their last process; it is given the time.
  const script = `n=0; while [ $n -lt ${times} ]; do ${round.map((one) => `${one}; sleep ${PAUSE_S}`).join('; ')}; n=$((n + 1)); done`;
  const captured = await captureCommand(['/bin/sh', '-c', script], signal);
  return { costs: costsOf(captured, sets), source: captured.source, lost: captured.lost };
}

const PAUSE_S = 0.03;

/** Pure. */
export function costsOf(
  { events, strings }: Pick<Captured, 'events' | 'strings'>,
  sets: readonly (readonly string[])[],
): NamespaceCost[] {
  const found = new Map<string, number[]>(sets.map((kinds) => [keyOf(kinds), []]));
  for (let row = 0; row < events.length; row++) {
    if (events.kind.at(row) !== KIND.syscall) continue;
    const call = namespaceCall({ events, strings }, row);
    if (call?.name === 'unshare') found.get(keyOf(call.kinds))?.push(call.ns);
  }
  return sets.map((kinds) => {
    const ns = found.get(keyOf(kinds)) ?? [];
    return { kinds, ns, medianNs: median(ns) };
  });
}

const keyOf = (kinds: readonly string[]): string => [...kinds].sort().join(' ');

/** The calls of a start by which its runtime made namespaces, in the order of time. Pure. */
export function namespaceCalls(trace: Trace, run: ContainerRun): NamespaceCall[] {
  const { recording, order, processes } = trace;
  const own = new Set(run.processes.map((key) => processes[key]?.pid));
  const calls: NamespaceCall[] = [];
  for (const row of order) {
    if (recording.events.kind.at(row) !== KIND.syscall) continue;
    if (!own.has(recording.events.pid.at(row))) continue;
    const call = namespaceCall(recording, row);
    if (call !== undefined) calls.push(call);
  }
  return calls;
}

function namespaceCall(
  recording: Pick<Trace['recording'], 'events' | 'strings'>,
  row: number,
): NamespaceCall | undefined {
  const name = recording.strings.text(recording.events.value(row, 'names'));
  if (name !== 'unshare' && name !== 'clone' && name !== 'clone3') return undefined;
  const call = viewSyscall(recording as Trace['recording'], row);
  const kinds = namespacesOf(call);
  if (call.result < 0 || call.duration === undefined || kinds.length === 0) return undefined;
  return { name, kinds, ns: call.duration };
}
