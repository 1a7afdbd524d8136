/** A recording to a Trace: order, correlate, walk, attribute. Pure; the one entry to the analysis. */
import { type ContainerId, parseContainerId } from '../base/ids.js';
import type { TraceTime } from '../base/time.js';
import type { Recording } from '../model/recording.js';
import type {
  ContainerRun,
  Milestone,
  ProcessLife,
  Segment,
  Trace,
  Window,
} from '../model/trace.js';
import { assignActors } from './actors.js';
import { attribute } from './attribute.js';
import { findCopyUps } from './copy-ups.js';
import { walkCriticalPath } from './critical-path.js';
import { findingsOf } from './findings.js';
import { findMilestones, initProcess } from './milestones.js';
import { buildLives } from './process-lives.js';
import { collectCalls, type RunView, type TraceView, viewRun } from './run-view.js';
import { ThreadActivity } from './thread-activity.js';
import { timeOrder } from './time-order.js';
import { warningsOf } from './warnings.js';

export function analyse(recording: Recording): Trace {
  const order = timeOrder(recording.events);
  const lives = buildLives(recording, order);
  const actors = assignActors(lives.processes);
  const activity = new ThreadActivity(recording.events, order);
  const calls = collectCalls(recording, order, lives, actors);
  const view: TraceView = { recording, order, lives, actors, activity, calls };

  const asked = askedFor(recording);
  const seen = new Set(actors.flat().flatMap(({ containerId }) => containerId ?? []));
  const processes = lives.processes.map(
    (life): ProcessLife => ({ ...life, actors: actors[life.key] ?? [] }),
  );
  const runs = asked.map((id) => {
    const run = analyseRun(view, id);
    return { ...run, findings: findingsOf(run, recording, processes) };
  });
  return {
    recording,
    order,
    processes,
    runs,
    foreign: [...seen].filter((id) => !asked.includes(id)),
    warnings: warningsOf(recording, runs),
  };
}

/** The containers that dit's own client created in this recording. */
function askedFor(recording: Recording): ContainerId[] {
  return recording.marks
    .filter(({ name, wallClock }) => name === 'create' && !wallClock)
    .flatMap(({ containerId }) => parseContainerId(containerId) ?? []);
}

function analyseRun(view: TraceView, containerId: ContainerId): ContainerRun {
  const run = viewRun(view, containerId);
  const { milestones, absent } = findMilestones(run);
  const window = windowOf(milestones);
  const { target } = view.recording.header;
  return {
    containerId,
    name:
      run.marks.find(({ detail }) => detail.name !== undefined)?.detail.name?.replace(/^\//, '') ??
      target.containerName,
    image: target.image,
    milestones,
    absent,
    window,
    segments: window === undefined ? [] : segmentsOf(run, milestones, window),
    copyUps: findCopyUps(run),
    findings: [],
    processes: run.processes.map(({ key }) => key),
    exitCode: exitCodeOf(run),
    failure: run.marks.find(({ error }) => error !== '')?.error ?? '',
  };
}

function windowOf(milestones: readonly Milestone[]): Window | undefined {
  const at = (name: Milestone['name']): TraceTime | undefined =>
    milestones.find((milestone) => milestone.name === name)?.time;
  const start = at('create requested');
  const end = at('entrypoint exec');
  return start === undefined || end === undefined || end <= start ? undefined : { start, end };
}

function segmentsOf(run: RunView, milestones: readonly Milestone[], window: Window): Segment[] {
  const init = initProcess(run);
  if (init === undefined) return [];
  return attribute(run, walkCriticalPath(run, window, init.pid), milestones, window);
}

function exitCodeOf(run: RunView): number | undefined {
  const reported = run.marks.find(({ detail }) => detail.exit_code !== undefined)?.detail.exit_code;
  if (reported !== undefined) return Number(reported);
  return initProcess(run)?.exitCode;
}
