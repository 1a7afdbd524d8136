/**
 * Without switches and wake-ups there is no critical path to walk. What is left is the order of a start's
 * stages: in each of them one process is known to work, and the others to wait for it.
 */

import type { Inference } from '../../model/trace/inference.js';
import type { Milestone, MilestoneName, Window } from '../../model/trace/trace.js';
import { initProcess } from '../view/entrypoint.js';
import { processesAs, type RunView } from '../view/run-view.js';
import type { PathSegment } from './path-segment.js';

/** Whose turn it is from a milestone on. */
const TURNS: readonly (readonly [
  from: MilestoneName,
  pid: (run: RunView) => number | undefined,
])[] = [
  ['command exec', clientPid],
  ['create requested', daemonPid],
  ['shim exec', (run) => processesAs(run, 'shim')[0]?.life.pid],
  ['runc exec', (run) => processesAs(run, 'runc create')[0]?.life.pid],
  ['init cloned', (run) => initProcess(run)?.pid],
  ['hooks began', (run) => processesAs(run, 'hook')[0]?.life.pid],
  ['hooks ended', (run) => initProcess(run)?.pid],
  ['runc exited', (run) => processesAs(run, 'runc start')[0]?.life.pid],
  ['exec FIFO opened', (run) => initProcess(run)?.pid],
];

const TURN: Inference = { kind: 'turn-in-stage' };

/** Segments that tile the window, in time order. */
export function stagePath(
  run: RunView,
  milestones: readonly Milestone[],
  window: Window,
): PathSegment[] {
  const turns = TURNS.flatMap(([name, pidOf]) => {
    const time = milestones.find((milestone) => milestone.name === name)?.time;
    const pid = pidOf(run);
    return time === undefined || pid === undefined || time >= window.end ? [] : [{ time, pid }];
  }).sort((a, b) => a.time - b.time);
  const segments: PathSegment[] = [];
  let at: number = window.start;
  let tid = turns[0]?.pid ?? 0;
  const put = (end: number): void => {
    if (end <= at) return;
    const quiet = { wokenBy: undefined, waitsFor: undefined, inference: TURN };
    segments.push({ start: at, end, tid, state: 'running', ...quiet });
    at = end;
  };
  for (const { time, pid } of turns) {
    put(Math.max(at, time));
    tid = pid;
  }
  put(window.end);
  return segments;
}

function clientPid({ lives }: RunView): number | undefined {
  return lives.processes.find(({ role }) => role === 'client')?.pid;
}

function daemonPid({ lives }: RunView): number | undefined {
  return (
    lives.processes.find(({ role }) => role === 'dockerd') ??
    lives.processes.find(({ role }) => role === 'containerd')
  )?.pid;
}
