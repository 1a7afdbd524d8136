/** A recording to a Trace: order, correlate, walk, attribute. Pure; the one entry to the analysis. */

import { type Foreign, quoting } from '../base/foreign.js';
import type { ContainerId } from '../base/ids.js';
import type { Recording } from '../model/recording/recording.js';
import type { ContainerRun, ProcessLife, Segment, Trace, Window } from '../model/trace/trace.js';
import { assignActors } from './actors/actors.js';
import { namespaceFacts } from './actors/namespace-facts.js';
import { findCopyUps } from './findings/copy-ups.js';
import { findingsOf } from './findings/findings.js';
import { warningsOf } from './findings/warnings.js';
import { findMilestones } from './milestones/milestones.js';
import { buildLives } from './order/process-table.js';
import { ThreadActivity } from './order/thread-activity.js';
import { timeOrder } from './order/time-order.js';
import { apiSegments } from './path/api-segments.js';
import { attribute } from './path/attribute.js';
import { walkCriticalPath } from './path/critical-path.js';
import { stagePath } from './path/stage-path.js';
import { ClientFinder } from './requests/clients.js';
import { containersOf, reusedIds } from './view/discover.js';
import { entrypointExec, initProcess } from './view/entrypoint.js';
import {
  collectCalls,
  processesAs,
  type RunView,
  type TraceView,
  viewRun,
} from './view/run-view.js';
import { TraceIndex } from './view/trace-index.js';
import { windowOf } from './view/windows.js';

/**
 * What is analysed of one recording, for memory: starts, and segments of their critical paths. A start has about
 * 15,000, and a recording of more starts than this is one that was made to be large.
 */
const MOST_RUNS = 1_000;
const MOST_SEGMENTS = 750_000;

/** @param isWanted of the containers that the recording is about, those to look at; all when absent */
export function analyse(
  recording: Recording,
  isWanted: (id: ContainerId) => boolean = () => true,
): Trace {
  const order = timeOrder(recording.events);
  const lives = buildLives(recording, order);
  const facts = namespaceFacts(recording, order, lives);
  let actors = assignActors(lives.processes, facts);
  const usesRuntime = actors
    .flat()
    .some(({ actor }) => actor === 'shim' || actor === 'runc create');
  if (recording.header.target.scope === 'command' && !usesRuntime) {
    actors = assignActors(lives.processes, facts, { bare: true });
  }
  const activity = new ThreadActivity(recording.events, order);
  const calls = collectCalls(recording, order, lives, actors);
  const indexed = { recording, order, lives, actors, activity, calls };
  const view: TraceView = { ...indexed, index: new TraceIndex(indexed) };

  const clients = new ClientFinder(view);
  const runs: ContainerRun[] = [];
  const foreign = new Set(actors.flat().flatMap(({ containerId }) => containerId ?? []));
  const processes = lives.processes.map(
    (life): ProcessLife => ({ ...life, actors: actors[life.key] ?? [] }),
  );
  let segments = 0;
  let leftOut = 0;
  for (const id of containersOf(view).filter(isWanted)) {
    if (runs.length >= MOST_RUNS || segments >= MOST_SEGMENTS) {
      foreign.delete(id);
      leftOut++;
      continue;
    }
    const own = viewRun(view, id);
    if (clients.isForeign(own)) continue;
    const run = analyseRun(own, clients);
    segments += run.segments.length;
    runs.push({ ...run, findings: findingsOf(run, recording, processes) });
    foreign.delete(id);
  }
  return {
    recording,
    order,
    processes,
    runs,
    foreign: [...foreign],
    warnings: warningsOf(recording, runs, { reused: reusedIds(view), leftOut }),
  };
}

function analyseRun(run: RunView, clients: ClientFinder): ContainerRun {
  const { milestones, absent } = findMilestones(run, clients);
  const window = windowOf(milestones);
  const { target } = run.recording.header;
  const named = (key: string): Foreign | undefined =>
    run.index
      .marksOf(run.containerId)
      .find(({ detail }) => detail.has(key))
      ?.detail.get(key);
  const name = named('name');
  return {
    containerId: run.containerId,
    name: name === undefined ? target.containerName : name.slice(name.startsWith('/') ? 1 : 0),
    image: target.image || (named('image') ?? ''),
    milestones,
    absent,
    window,
    segments: window === undefined ? [] : segmentsOf(run, clients, milestones, window),
    copyUps: findCopyUps(run),
    findings: [],
    processes: run.processes.map(({ key }) => key),
    exitCode: exitCodeOf(run),
    failure: failureOf(run),
  };
}

function segmentsOf(
  run: RunView,
  clients: ClientFinder,
  milestones: ContainerRun['milestones'],
  window: Window,
): Segment[] {
  if (window.to === 'start answered') return apiSegments(run, window);
  const init = initProcess(run);
  if (init === undefined) return [];
  const path = run.activity.hasSchedule
    ? walkCriticalPath(run, window, init.pid, clients.anchorsOf(run))
    : stagePath(run, milestones, window);
  return attribute(run, path, milestones, window);
}

/** What a start can fail at; that something went wrong after it is told by the recording's diagnostics. */
const STARTING: ReadonlySet<Foreign> = new Set<Foreign>(['create', 'attach', 'start']);

/**
 * Why the container was not started; '': nothing says that it was not. Where the requests are not dit's own, the
 * runtime's exit status says so.
 */
function failureOf(run: RunView): Foreign {
  const said = run.marks.find(({ name, error }) => STARTING.has(name) && error !== '')?.error;
  if (said !== undefined) return said;
  if (run.recording.header.target.scope === '' || entrypointExec(run) !== undefined) return '';
  for (const actor of ['runc create', 'runc start'] as const) {
    for (const { life } of processesAs(run, actor)) {
      if ((life.exitCode ?? 0) === 0) continue;
      const path = life.execs.at(-1)?.argv[0] ?? 'the runtime';
      const program = path.slice(path.lastIndexOf('/') + 1);
      const does = actor.replace('runc ', '');
      return quoting`${program} ${does} ${wordsOfEnd(life.exitCode ?? 0)}`;
    }
  }
  return '';
}

/** @param code 0-255, or -signal */
const wordsOfEnd = (code: number): string =>
  code < 0 ? `was ended by signal ${-code}` : `exited with ${code}`;

function exitCodeOf(run: RunView): number | undefined {
  const reported = run.marks.find(({ detail }) => detail.has('exit_code'))?.detail.get('exit_code');
  if (reported !== undefined) return Number(reported);
  return initProcess(run)?.exitCode;
}
