/**
 * The milestones of a start: a table of finders, each with the evidence it found or the reason why there is
 * none. Their order here is the causal order.
 */
import { type Foreign, isText, quoting, raw } from '../../base/foreign.js';
import { bareContainerId, parseContainerId, shortId } from '../../base/ids.js';
import { firstFrom } from '../../base/sorted.js';
import type { TraceTime } from '../../base/time.js';
import { namespacesOf } from '../../model/syscalls/syscall-view.js';
import { isSyscallFor, NAMESPACE_MAKERS } from '../../model/syscalls/syscalls.js';
import type { Certainty } from '../../model/trace/certainty.js';
import type {
  AbsentMilestone,
  Evidence,
  Milestone,
  MilestoneName,
} from '../../model/trace/trace.js';
import type { ProcessDraft } from '../order/process-table.js';
import type { ClientRequest } from '../requests/client-requests.js';
import type { ClientFinder } from '../requests/clients.js';
import { answerRead, requestSent } from '../requests/own-requests.js';
import { entrypointExec, initProcess } from '../view/entrypoint.js';
import { callEnd, processesAs, type RunView, spanOf, viewCall } from '../view/run-view.js';
import { ENGINES, type RootMount } from '../view/trace-index.js';

interface Found {
  readonly time: TraceTime;
  readonly evidence: Evidence;
  readonly certainty?: Certainty;
}

/** What was recorded of it is that it did not happen. */
interface Refused {
  readonly refused: Foreign;
}

/** What it found, or why there is nothing. */
type Finder = (
  run: RunView,
  soFar: readonly Milestone[],
  clients: ClientFinder,
) => Found | Refused | Foreign;

export const MILESTONES: readonly (readonly [name: MilestoneName, find: Finder])[] = [
  ['command exec', findCommand],
  ['create requested', findCreate],
  ['create answered', (run) => markEdge(run, 'create', 'end')],
  ['start requested', findStart],
  ['rootfs mounted', findRootfs],
  ['shim exec', (run) => firstExec(run, 'shim')],
  ['runc exec', (run) => firstExec(run, 'runc create')],
  ['cgroup attached', findCgroup],
  ['first namespace', findFirstNamespace],
  ['init cloned', findInitClone],
  ['hooks began', findHooksBegin],
  ['hooks ended', findHooksEnd],
  ['pivot_root', findPivotRoot],
  ['runc exited', findRuncExit],
  ['exec FIFO opened', findFifo],
  ['entrypoint exec', findEntrypoint],
  ["init's command exec", findInitsCommand],
  ['start answered', findStartAnswer],
  ['first output', (run) => markEdge(run, 'output', 'start')],
  ['exited', findExit],
  ['removed', (run) => markEdge(run, 'remove', 'end')],
];

/** Those that are seen from the engine's API alone. */
const OF_REQUESTS: ReadonlySet<MilestoneName> = new Set([
  'create requested',
  'create answered',
  'start requested',
  'start answered',
  'first output',
  'exited',
  'removed',
]);

export function findMilestones(
  run: RunView,
  clients: ClientFinder,
): { milestones: Milestone[]; absent: AbsentMilestone[] } {
  const milestones: Milestone[] = [];
  const absent: AbsentMilestone[] = [];
  for (const [name, find] of MILESTONES) {
    const hidden = seesApiAlone(run) && !OF_REQUESTS.has(name);
    const found = hidden ? NO_KERNEL : find(run, milestones, clients);
    // What this kind of recording never has, is not missing.
    if (found === '') continue;
    if (isText(found)) {
      absent.push({ name, reason: hidden ? found : asFarAsRead(run, found) });
    } else if ('refused' in found) absent.push({ name, reason: found.refused });
    else milestones.push({ name, certainty: 'exact', ...found });
  }
  return { milestones, absent };
}

const NO_KERNEL = 'it cannot be seen without the kernel';

const seesApiAlone = ({ recording }: RunView): boolean => recording.header.source.name === 'api';

/** A file without an end holds a part of what happened: what it does not show may have been. */
const asFarAsRecorded = ({ recording }: RunView, fact: Foreign): Foreign =>
  recording.footer === undefined ? quoting`as far as recorded, ${fact}` : fact;

/** Nor is anything known of what the file holds and was not read. */
const asFarAsRead = ({ recording: { unread } }: RunView, fact: Foreign): Foreign =>
  unread === ''
    ? fact
    : quoting`the file was not read whole (${unread}): as far as it was, ${fact}`;

/** dit is the client: its requests are marks. */
const isOwnRequest = ({ recording }: RunView): boolean => recording.header.target.scope === '';

function findCommand(
  run: RunView,
  _soFar: readonly Milestone[],
  clients: ClientFinder,
): Found | Foreign {
  if (run.recording.header.target.scope !== 'command') return '';
  const client = clients.claim(run);
  if (client === undefined) return 'its client had started another container before';
  const { exec, life } = client;
  return {
    time: exec.time,
    evidence: eventEvidence(exec.event, quoting`exec ${basename(exec.filename)}, pid ${life.pid}`),
  };
}

/** dit's own request; of another client's, the engine's first call that names the container. */
function findCreate(
  run: RunView,
  _soFar: readonly Milestone[],
  clients: ClientFinder,
): Found | Refused | Foreign {
  if (isOwnRequest(run)) return markEdge(run, 'create', 'start');
  const asked = clients.requestsFor(run)?.create;
  if (asked !== undefined) return requestFound(asked, 'create');
  const first = run.index.firstNaming(run.containerId);
  if (first === undefined) return 'no call of an engine was seen to name the container';
  return {
    time: first.time,
    certainty: 'inferred',
    evidence: eventEvidence(
      first.row,
      quoting`${first.actor}: the first ${first.name} that names it`,
    ),
  };
}

function findStart(
  run: RunView,
  _soFar: readonly Milestone[],
  clients: ClientFinder,
): Found | Refused | Foreign {
  if (isOwnRequest(run)) return markEdge(run, 'start', 'start');
  const asked = clients.requestsFor(run)?.start;
  return asked === undefined ? '' : requestFound(asked, 'start');
}

const requestFound = ({ time, row, life, ambiguous }: ClientRequest, what: string): Found => ({
  time,
  certainty: ambiguous ? 'inferred' : 'exact',
  evidence: eventEvidence(row, `${what} request written by pid ${life.pid}`),
});

/** Where nothing nearer to the entrypoint can be seen. */
function findStartAnswer(run: RunView): Found | Refused | Foreign {
  return seesApiAlone(run) ? markEdge(run, 'start', 'end') : '';
}

const NOT_STARTED = 'the container was not started while it was recorded';

const MARK_REASONS = {
  create: 'the create request was not recorded',
  start: NOT_STARTED,
  output: 'the container wrote nothing while it was observed',
  remove: 'the container was not removed while it was recorded',
} as const;
type MarkName = keyof typeof MARK_REASONS;

function markEdge(run: RunView, name: MarkName, edge: 'start' | 'end'): Found | Refused | Foreign {
  if (!isOwnRequest(run)) return '';
  const mark = run.marks.find((candidate) => candidate.name === name);
  if (mark === undefined) return MARK_REASONS[name];
  const noted = edge === 'start' ? mark.start : mark.end;
  if (noted === undefined) return `the ${name} request had not been answered`;
  if (edge === 'end' && mark.error !== '')
    return { refused: quoting`the engine refused: ${mark.error}` };
  const isSent = edge === 'start' && name !== 'output';
  const { time, certainty, row, reason } = isSent
    ? requestSent(run, mark)
    : answerRead(run, mark, noted);
  const what = edgeInWords(name, edge);
  if (row !== undefined) {
    const { events, strings } = run.recording;
    const call = quoting`${strings.text(events.value(row, 'names'))} by pid ${events.pid.at(row)}`;
    return { time, certainty, evidence: eventEvidence(row, quoting`${what}: ${call}${reason}`) };
  }
  const text = `api: ${what}${reason}`;
  return { time, certainty, evidence: { kind: 'mark', mark: run.index.numberOf(mark), text } };
}

const edgeInWords = (name: string, edge: 'start' | 'end'): string =>
  name === 'output'
    ? 'first bytes received'
    : `${name} request ${edge === 'start' ? 'sent' : 'answered'}`;

const eventEvidence = (event: number, text: Foreign): Evidence => ({ kind: 'event', event, text });

function firstExec(run: RunView, actor: 'shim' | 'runc create'): Found | Foreign {
  const found = run.processes
    .flatMap((life) => life.execs.map((exec) => ({ life, exec })))
    .filter(({ life, exec }) => spanOf(run, life.pid, exec.time)?.actor === actor)
    .sort((a, b) => a.exec.time - b.exec.time)[0];
  if (found === undefined)
    return asFarAsRecorded(run, `no ${actor} was executed for ${shortId(run.containerId)}`);
  const { exec, life } = found;
  return {
    time: exec.time,
    evidence: eventEvidence(exec.event, quoting`exec ${basename(exec.filename)}, pid ${life.pid}`),
  };
}

/** A request may have been noted only after the engine had begun. */
function earliestStart(run: RunView): TraceTime | undefined {
  const mark = run.marks.find(({ name }) => name === 'start');
  return mark === undefined ? undefined : requestSent(run, mark).earliest;
}

/**
 * The overlay mount on the path that the engine names as the container's root; without its word, the last
 * overlay mount before the shim, which other containers' starts can confuse.
 */
function findRootfs(run: RunView, soFar: readonly Milestone[]): Found | Foreign {
  const started = isOwnRequest(run)
    ? earliestStart(run)
    : (timeOf(soFar, 'create requested') ?? timeOf(soFar, 'command exec'));
  if (started === undefined) {
    return isOwnRequest(run) ? NOT_STARTED : 'no overlay mount by an engine was seen';
  }
  const shim = run.processes
    .flatMap((life) => life.execs)
    .reduce((first, { time }) => Math.min(first, time), Number.POSITIVE_INFINITY);
  const named = run.marks.find(({ detail }) => detail.has('rootfs'))?.detail.get('rootfs');
  const isEngine = ({ call }: RootMount): boolean =>
    ENGINES.has(call.actor) || call.containerId === run.containerId;
  const firstSince = (mounts: readonly RootMount[]): RootMount | undefined =>
    mounts.find((mount) => mount.call.time >= started && isEngine(mount));
  const certain = earlier(
    firstSince(run.index.mountsNaming(run.containerId)),
    named === undefined ? undefined : firstSince(run.index.mountsOn(named)),
  );
  const lastBefore = (mounts: readonly RootMount[]): RootMount | undefined => {
    const last = mounts[firstFrom(mounts, shim, ({ call }) => call.time) - 1];
    return last !== undefined && last.call.time >= started ? last : undefined;
  };
  const found =
    certain ??
    later(lastBefore(run.index.engineMounts()), lastBefore(run.index.ownMounts(run.containerId)));
  const end = found === undefined ? undefined : callEnd(run, found.call);
  if (found === undefined || end === undefined) return 'no overlay mount by an engine was seen';
  return {
    time: end,
    certainty: certain === undefined ? 'inferred' : 'exact',
    evidence: eventEvidence(
      found.call.row,
      quoting`${found.call.actor}: ${found.call.name} overlay on ${found.target}`,
    ),
  };
}

/** In time order of their calls; of one that both lists hold, it is the same. */
const earlier = (a: RootMount | undefined, b: RootMount | undefined): RootMount | undefined =>
  a === undefined || (b !== undefined && isBefore(b, a)) ? b : a;
const later = (a: RootMount | undefined, b: RootMount | undefined): RootMount | undefined =>
  a === undefined || (b !== undefined && isBefore(a, b)) ? b : a;
const isBefore = ({ call: a }: RootMount, { call: b }: RootMount): boolean =>
  a.time < b.time || (a.time === b.time && a.row < b.row);

function findCgroup(run: RunView): Found | Foreign {
  const { events, strings } = run.recording;
  for (const row of run.index.cgroupAttachesOf(run.containerId)) {
    const path = strings.text(events.value(row, 'paths'));
    const target = events.value(row, 'target_pids');
    const time = events.time.at(row) as TraceTime;
    // The path, never who did it: with the systemd driver that is systemd.
    const named = parseContainerId(run.containerId) !== undefined && path.includes(run.containerId);
    if (!named && spanOf(run, target, time)?.containerId !== run.containerId) {
      continue;
    }
    if (path === '/' || path === '') continue;
    // podman's monitor has a cgroup of its own, named after the container too.
    if (spanOf(run, target, time)?.actor === 'shim') continue;
    return { time, evidence: eventEvidence(row, quoting`pid ${target} into ${path}`) };
  }
  return asFarAsRecorded(run, 'no process was moved into a cgroup of this container');
}

const isRuntime = (actor: string): boolean => actor === 'runc create' || actor === 'init';

function findFirstNamespace(run: RunView): Found | Foreign {
  for (const call of run.index.callsOf(run.containerId)) {
    const byRuntime = call.containerId === run.containerId && isRuntime(call.actor);
    // Without a runtime it is the program itself, until that call the client's.
    const byItself = run.containerId === bareContainerId(call.life.pid) && call.actor === 'client';
    if (!byRuntime && !byItself) continue;
    if (!NAMESPACE_MAKERS.has(call.name)) continue;
    const view = viewCall(run, call);
    const namespaces = namespacesOf(view);
    if (namespaces.length === 0 || view.result < 0) continue;
    return {
      time: call.time,
      evidence: eventEvidence(
        call.row,
        quoting`${call.name} of ${namespaces.join(', ')} by pid ${call.life.pid}`,
      ),
    };
  }
  return asFarAsRecorded(run, 'the runtime created no namespace');
}

function findInitClone(run: RunView): Found | Foreign {
  const init = initProcess(run);
  if (init?.start === undefined || init.forkEvent === undefined)
    return asFarAsRecorded(run, 'no init process was forked');
  return {
    time: init.start,
    evidence: eventEvidence(
      init.forkEvent,
      `fork of pid ${init.pid}, which becomes the entrypoint`,
    ),
  };
}

function hooks(run: RunView): { readonly life: ProcessDraft; readonly from: TraceTime }[] {
  return processesAs(run, 'hook');
}

function findHooksBegin(run: RunView): Found | Foreign {
  const first = hooks(run).sort((a, b) => a.from - b.from)[0];
  const exec = first?.life.execs.find(({ time }) => time === first.from);
  if (first === undefined || exec === undefined) return asFarAsRecorded(run, 'no hook was run');
  return {
    time: first.from,
    evidence: eventEvidence(
      exec.event,
      quoting`exec ${exec.argv[0] ?? exec.filename}, pid ${first.life.pid}`,
    ),
  };
}

function findHooksEnd(run: RunView): Found | Foreign {
  const all = hooks(run);
  if (all.length === 0) return asFarAsRecorded(run, 'no hook was run');
  const last = all
    .filter(({ life }) => life.end !== undefined)
    .sort((a, b) => (a.life.end ?? 0) - (b.life.end ?? 0))
    .at(-1)?.life;
  if (last?.end === undefined || last.exitEvent === undefined)
    return 'no hook ended while it was recorded';
  return {
    time: last.end,
    evidence: eventEvidence(last.exitEvent, `exit of pid ${last.pid} with ${last.exitCode}`),
  };
}

function findPivotRoot(run: RunView): Found | Foreign {
  for (const call of run.index.callsOf(run.containerId)) {
    if (!isSyscallFor('root', call.name)) continue;
    if (call.containerId !== run.containerId || call.actor !== 'init') continue;
    if (viewCall(run, call).result !== 0) continue;
    const time = callEnd(run, call);
    if (time === undefined) continue;
    return {
      time,
      evidence: eventEvidence(call.row, quoting`${call.name} by pid ${call.life.pid}`),
    };
  }
  return asFarAsRecorded(run, 'init did not change its root');
}

function findRuncExit(run: RunView): Found | Foreign {
  const create = processesAs(run, 'runc create').find(({ life, from }) =>
    life.execs.some(({ time }) => time === from),
  )?.life;
  if (create?.end === undefined || create.exitEvent === undefined) {
    return 'runc create did not exit while it was recorded';
  }
  return {
    time: create.end,
    evidence: eventEvidence(
      create.exitEvent,
      `exit of runc create, pid ${create.pid}, with ${create.exitCode}`,
    ),
  };
}

const O_WRONLY = 1;

/** init's own open of the FIFO returns when `runc start` opens the other end. */
function findFifo(run: RunView): Found | Foreign {
  const init = initProcess(run);
  const own = init === undefined ? [] : run.index.callsOfLife(init);
  const found = own.findLast((call) => {
    if (call.actor !== 'init' || call.name !== 'openat') return false;
    const view = viewCall(run, call);
    return (
      view.result >= 0 &&
      ((view.arguments[2] ?? 0) & 3) === O_WRONLY &&
      /^(\/proc\/(self|thread-self)\/fd\/)?\d+$|exec\.fifo$/.test(raw(view.text(1)))
    );
  });
  const time = found === undefined ? undefined : callEnd(run, found);
  if (found === undefined || time === undefined) {
    return (
      (init && waitForStart(run, init)) ?? asFarAsRecorded(run, 'init did not wait at an exec FIFO')
    );
  }
  return {
    time,
    evidence: eventEvidence(found.row, openReturned('open', found.life.pid, time - found.time)),
  };
}

/** crun's init has the FIFO open already and waits in select(2) until `crun start` writes to it. */
function waitForStart(run: RunView, init: ProcessDraft): Found | undefined {
  const { events, strings } = run.recording;
  const until = entrypointExec(run)?.time ?? init.end;
  if (init.start === undefined || until === undefined) return undefined;
  const row = run.activity
    .syscallsIn(init.pid, init.start, until)
    .findLast((each) => /^p?select6?$/.test(raw(strings.text(events.value(each, 'names')))));
  if (row === undefined) return undefined;
  const from = events.time.at(row);
  const time = run.activity.syscallEnd(row) as TraceTime;
  const waking = run.activity.wakingIn(init.pid, from, time);
  if (waking === undefined) return undefined;
  const waker = spanOf(run, events.pid.at(waking), events.time.at(waking) as TraceTime);
  if (waker?.actor !== 'runc start') return undefined;
  return { time, evidence: eventEvidence(row, openReturned('select', init.pid, time - from)) };
}

const openReturned = (call: string, pid: number, ns: number): string =>
  `${call} by pid ${pid} returned after ${(ns / 1e6).toFixed(1)} ms`;

function findEntrypoint(run: RunView): Found | Foreign {
  const init = initProcess(run);
  const exec = entrypointExec(run);
  if (init === undefined || exec === undefined)
    return asFarAsRecorded(run, 'no entrypoint was executed');
  return {
    time: exec.time,
    evidence: eventEvidence(exec.event, quoting`exec ${exec.filename}, pid ${init.pid}`),
  };
}

/** With `--init` the entrypoint is one of these, and its child executes the command. */
const INIT_PROGRAMS: ReadonlySet<Foreign> = new Set<Foreign>([
  'docker-init',
  'tini',
  'catatonit',
  'dumb-init',
  'podman-init',
]);

function findInitsCommand(run: RunView): Found | Foreign {
  const init = initProcess(run);
  const entrypoint = entrypointExec(run);
  if (entrypoint === undefined || !INIT_PROGRAMS.has(basename(entrypoint.filename))) return '';
  const found = run.processes
    .filter((life) => life !== init)
    .flatMap((life) => life.execs.map((exec) => ({ life, exec })))
    .filter(({ life, exec }) => spanOf(run, life.pid, exec.time)?.actor === 'entrypoint')
    .sort((a, b) => a.exec.time - b.exec.time)[0];
  if (found === undefined)
    return asFarAsRecorded(run, quoting`${basename(entrypoint.filename)} executed nothing`);
  const { exec, life } = found;
  return {
    time: exec.time,
    evidence: eventEvidence(exec.event, quoting`exec ${exec.filename}, pid ${life.pid}`),
  };
}

function findExit(run: RunView): Found | Foreign {
  if (seesApiAlone(run)) return exitByEngine(run);
  const init = initProcess(run);
  if (init?.end === undefined || init.exitEvent === undefined) {
    return 'the container did not exit while it was recorded';
  }
  const code = init.exitCode ?? 0;
  const how = code < 0 ? `by signal ${-code}` : `with ${code}`;
  return {
    time: init.end,
    evidence: eventEvidence(init.exitEvent, `exit of pid ${init.pid} ${how}`),
  };
}

/** The engine's own event, on its wall clock. */
function exitByEngine(run: RunView): Found | Foreign {
  const died = run.index.marksOf(run.containerId).find(({ name }) => name === 'engine.die');
  if (died === undefined) return "the engine's event of its end was not seen";
  return {
    time: died.start,
    certainty: 'inferred',
    evidence: {
      kind: 'mark',
      mark: run.index.numberOf(died),
      text: "engine's event, its wall clock",
    },
  };
}

function timeOf(milestones: readonly Milestone[], name: MilestoneName): TraceTime | undefined {
  return milestones.find((candidate) => candidate.name === name)?.time;
}

const basename = (path: Foreign): Foreign => path.slice(path.lastIndexOf('/') + 1);
