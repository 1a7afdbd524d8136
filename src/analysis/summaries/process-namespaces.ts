/** The processes of a start as a tree, each with the namespaces that it does not share with the host. Pure. */

import { type Foreign, quoting } from '../../base/foreign.js';
import { KIND } from '../../model/recording/event-kinds.js';
import { namespacesOf, viewSyscall } from '../../model/syscalls/syscall-view.js';
import { isSyscallFor, syscallsThat } from '../../model/syscalls/syscalls.js';
import { processName } from '../../model/trace/process-name.js';
import type { ContainerRun, ProcessLife, Trace } from '../../model/trace/trace.js';

/** How a process came into a namespace: its own or a parent's unshare or clone, or a setns. */
type Belonging = 'made' | 'joined';

export interface ProcessNode {
  readonly life: ProcessLife;
  /** 0: its parent is no process of the start. */
  readonly depth: number;
  /** By kind ("net"); what is missing is shared with whoever began the start. */
  readonly namespaces: ReadonlyMap<string, Belonging>;
}

interface ThreadNamespaces {
  readonly own: Map<string, Belonging>;
  /** unshare of a pid or time namespace is for the children alone. */
  readonly forChildren: Map<string, Belonging>;
}

const CHILDREN_ONLY: ReadonlySet<string> = new Set(['pid', 'time']);
const CHANGES = syscallsThat(({ namespaceFlags }) => namespaceFlags !== undefined);

/** Parents before their children, in the order of their forks. */
export function processTree(trace: Trace, run: ContainerRun): ProcessNode[] {
  const byThread = followThreads(trace);
  const own = new Set(run.processes);
  const children = new Map<number | undefined, ProcessLife[]>();
  for (const key of run.processes) {
    const life = trace.processes[key];
    if (life === undefined) continue;
    const parent = life.parent !== undefined && own.has(life.parent) ? life.parent : undefined;
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [life]);
    else siblings.push(life);
  }
  const nodes: ProcessNode[] = [];
  // A stack, and no recursion: a container may make a chain of processes longer than calls can be deep.
  const waiting = lastFirst(children.get(undefined), 0);
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { life, depth } = next;
    nodes.push({ life, depth, namespaces: byThread.get(life.pid)?.own ?? new Map() });
    for (const child of lastFirst(children.get(life.key), depth + 1)) waiting.push(child);
  }
  return nodes;
}

interface Visit {
  readonly life: ProcessLife;
  readonly depth: number;
}

/** Siblings by their start, the last one first: a stack gives them back in order. */
const lastFirst = (siblings: readonly ProcessLife[] = [], depth: number): Visit[] =>
  [...siblings]
    .sort((a, b) => (a.start ?? -Infinity) - (b.start ?? -Infinity))
    .reverse()
    .map((life) => ({ life, depth }));

/** The namespaces of every thread, by the calls and forks of the whole recording; a pid's last life counts. */
function followThreads(trace: Trace): Map<number, ThreadNamespaces> {
  const { recording, order } = trace;
  const { events, strings } = recording;
  const threads = new Map<number, ThreadNamespaces>();
  /** The clone that a thread is in: its child has more than the thread. */
  const clones = new Map<number, { readonly kinds: readonly string[]; readonly end: number }>();
  const changes = new Set([...CHANGES].map((name) => strings.find(name) as number));
  const names = events.table('syscall').column('names');
  const of = (tid: number): ThreadNamespaces => {
    const known = threads.get(tid) ?? { own: new Map(), forChildren: new Map() };
    threads.set(tid, known);
    return known;
  };
  for (const row of order) {
    const kind = events.kind.at(row);
    const tid = events.tid.at(row);
    if (kind === KIND.fork) {
      const time = events.time.at(row);
      const clone = clones.get(tid);
      const isClones = clone !== undefined && time <= clone.end;
      const { own, forChildren } = of(tid);
      threads.set(events.value(row, 'child_tids'), {
        own: new Map([
          ...own,
          ...forChildren,
          ...(isClones ? clone.kinds.map((each) => [each, 'made'] as const) : []),
        ]),
        forChildren: new Map(),
      });
      clones.delete(tid);
    } else if (kind === KIND.syscall && changes.has(names.at(events.row.at(row)))) {
      const call = viewSyscall(recording, row);
      const kinds = namespacesOf(call);
      if (call.result < 0 || call.duration === undefined || kinds.length === 0) continue;
      if (isSyscallFor('clone', call.name)) {
        clones.set(tid, { kinds, end: call.start + call.duration });
        continue;
      }
      const { own, forChildren } = of(tid);
      for (const each of kinds) {
        const into = CHILDREN_ONLY.has(each) ? forChildren : own;
        into.set(each, call.name === 'setns' ? 'joined' : 'made');
      }
    }
  }
  return threads;
}

/** "  runc:[2:INIT] 4711 (init, entrypoint): made mnt, net; joined user". Untrusted text. */
export function processLine(trace: Trace, { life, depth, namespaces }: ProcessNode): Foreign {
  const until = life.end ?? trace.recording.footer?.end ?? Number.POSITIVE_INFINITY;
  const actors = [...new Set(life.actors.map(({ actor }) => actor))].join(', ');
  const of = (how: Belonging): string[] => {
    const kinds = [...namespaces].filter(([, belonging]) => belonging === how);
    return kinds.length === 0
      ? []
      : [
          `${how} ${kinds
            .map(([kind]) => kind)
            .sort()
            .join(', ')}`,
        ];
  };
  const said = [...of('made'), ...of('joined')].join('; ') || "the engine's";
  return quoting`${'  '.repeat(depth)}${processName(life, until as never)} ${life.pid} (${actors}): ${said}`;
}
