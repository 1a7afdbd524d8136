/** The steps that an engine takes, as spans: the client's requests, and the life of each process of the start. */
import { type Foreign, quoting } from '../../base/foreign.js';
import { grouped } from '../../base/grouped.js';
import type { ProcessKey } from '../../base/ids.js';
import type { ApiMark } from '../../model/recording/recording.js';
import type {
  ContainerRun,
  Span as Interval,
  ProcessLife,
  Trace,
} from '../../model/trace/trace.js';
import { contains, type Span, within } from './span.js';

/** By container, with their numbers in the recording. */
export type Requests = ReadonlyMap<
  Foreign,
  readonly { readonly mark: ApiMark; readonly index: number }[]
>;

export const requestsOf = ({ recording: { marks } }: Trace): Requests =>
  grouped(
    marks.map((mark, index) => ({ mark, index })).filter(({ mark }) => !mark.wallClock),
    ({ mark }) => mark.containerId,
  );

/** Requests that take time; their ends are cut to the start's span. */
export function requestSpans(requests: Requests, run: ContainerRun, root: Span): Span[] {
  return (requests.get(run.containerId) ?? []).flatMap(({ mark, index }): Span[] => {
    const end = mark.end ?? Number.POSITIVE_INFINITY;
    const inside = within({ start: mark.start, end }, root);
    return inside === undefined ? [] : [requestSpan(mark, index, end, inside, root)];
  });
}

function requestSpan(
  { name, start, status, error }: ApiMark,
  index: number,
  end: number,
  inside: Interval,
  root: Span,
): Span {
  return {
    key: `request ${index}`,
    parent: root.key,
    name: quoting`request ${name}`,
    kind: 'client',
    ...inside,
    attributes: {
      'dit.span': 'request',
      'dit.actor': 'client',
      'http.response.status_code': status || undefined,
      'dit.cut': inside.start !== start || inside.end !== end,
    },
    ...(error === '' ? {} : { status: { code: 'error', message: error } }),
  };
}

/**
 * Shim, runc, hooks, init: each below the nearest of its ancestors that outlives it, else the root, for a process
 * may outlive its parent. Where that is not the one that forked it, the forker is linked.
 * @param leastNs shorter lives are no spans
 */
export function processSpans(trace: Trace, run: ContainerRun, root: Span, leastNs: number): Span[] {
  const own = new Map<ProcessKey, { readonly life: ProcessLife; readonly inside: Interval }>();
  for (const key of run.processes) {
    const life = trace.processes[key];
    const inside = life === undefined ? undefined : within(lifeSpan(life), root);
    if (life === undefined || inside === undefined || inside.end - inside.start < leastNs) continue;
    own.set(key, { life, inside });
  }
  return [...own.values()].map(({ life, inside }): Span => {
    const around = nearest(
      trace,
      life,
      (ancestor) => own.has(ancestor) && contains(own.get(ancestor)?.inside ?? root, inside),
    );
    const forker = nearest(trace, life, (ancestor) => own.has(ancestor));
    return {
      key: keyOf(life.key),
      parent: around === undefined ? root.key : keyOf(around),
      name: actorAt(life, inside.end),
      ...inside,
      attributes: { 'dit.span': 'process', ...processAttributes(trace, life, inside) },
      links:
        forker === undefined || forker === around
          ? []
          : [{ to: keyOf(forker), attributes: { 'dit.link': 'forked by' } }],
    };
  });
}

/** How far up parents are looked at: no process has a hundred of them. */
const MOST_PARENTS = 1_000;

const keyOf = (process: ProcessKey): string => `process ${process}`;

function nearest(
  { processes }: Trace,
  { parent }: ProcessLife,
  isWanted: (ancestor: ProcessKey) => boolean,
): ProcessKey | undefined {
  let ancestor = parent;
  for (let up = 0; ancestor !== undefined && up < MOST_PARENTS; up++) {
    if (isWanted(ancestor)) return ancestor;
    ancestor = processes[ancestor]?.parent;
  }
  return undefined;
}

const lifeSpan = ({ start, end }: ProcessLife): { start: number; end: number } => ({
  start: start ?? Number.NEGATIVE_INFINITY,
  end: end ?? Number.POSITIVE_INFINITY,
});

/** What it does when the span ends; an exec at that moment is no longer in it. */
function actorAt({ actors }: ProcessLife, end: number): string {
  return (actors.findLast(({ from }) => from < end) ?? actors[0])?.actor ?? 'other';
}

function processAttributes(trace: Trace, life: ProcessLife, inside: Interval) {
  const exec = life.execs.findLast(({ time }) => time < inside.end);
  const path = exec?.filename ?? '';
  const lived = lifeSpan(life);
  return {
    'dit.actor': actorAt(life, inside.end),
    'process.pid': life.pid,
    'process.parent_pid': life.parent === undefined ? undefined : trace.processes[life.parent]?.pid,
    'process.executable.name': path.slice(path.lastIndexOf('/') + 1) || life.comms.at(-1)?.comm,
    'process.executable.path': path,
    'process.exit.code': lived.end <= inside.end ? life.exitCode : undefined,
    'dit.cut': lived.start !== inside.start || lived.end !== inside.end,
  };
}
