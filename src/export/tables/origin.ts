/** Where each row comes from: the recording, the machine, the start. */
import { plainName } from '../../base/escape.js';
import type { Foreign } from '../../base/foreign.js';
import type { ContainerId } from '../../base/ids.js';
import { lastUpTo } from '../../base/sorted.js';
import { NS_PER_US } from '../../base/time.js';
import type { Recording } from '../../model/recording/recording.js';
import type { ContainerRun, Trace } from '../../model/trace/trace.js';

const US_PER_DAY = 86_400_000_000;
const HOST_LENGTH = 255;

/** Of one trace; the same on all of its rows. */
export interface Origin {
  readonly traceId: Foreign;
  readonly host: string;
  /** Days since 1970 UTC. */
  readonly day: number;
  /** µs since 1970 UTC: when the first start began, or without any the recording. */
  readonly startedAt: number;
  readonly source: Foreign;
  readonly perturbed: boolean;
}

export function originOf(trace: Trace): Origin {
  const { header } = trace.recording;
  const begins = trace.runs.map((run) => startedAt(trace.recording, run));
  const first = begins.length === 0 ? wallClock(trace.recording, 0) : Math.min(...begins);
  return {
    traceId: header.traceId,
    host: safeHost(header.host.hostname),
    day: Math.floor(first / US_PER_DAY),
    startedAt: first,
    source: header.source.name,
    perturbed: header.source.perturbed,
  };
}

/** When a start began, µs since 1970 UTC. */
export function startedAt(recording: Recording, run: ContainerRun): number {
  return wallClock(recording, beginOf(run));
}

const beginOf = ({ window, milestones }: ContainerRun): number =>
  window?.start ?? milestones[0]?.time ?? 0;

/** The name as a value and as a folder alike: real host names stay as they are. */
export function safeHost(hostname: Foreign): string {
  return plainName(hostname, HOST_LENGTH) || 'unknown';
}

/** "2025-11-21" */
export const dayText = (day: number): string =>
  new Date((day * US_PER_DAY) / 1000).toISOString().slice(0, 10);

/**
 * By the last snapshot of the clocks before it: in a recording of weeks the wall clock is put right again and again.
 * @returns µs since 1970 UTC
 */
function wallClock({ header, clocks }: Recording, time: number): number {
  const snapshot = clocks[lastUpTo(clocks, time, ({ trace }) => trace)];
  const sinceStart =
    snapshot === undefined ? time : snapshot.realtimeOffset + time - snapshot.trace;
  return Number(header.startRealtimeNs / 1000n) + Math.floor(sinceStart / NS_PER_US);
}

/** The columns that each table has, for rows of starts: `runOf` says whose start a row belongs to. */
export function cellsOfRun(
  origin: Origin,
  recording: Recording,
  runOf: (row: number) => ContainerRun,
) {
  const begins = new Map<ContainerRun, number>();
  return {
    ...constantCells(origin),
    container_id: (row: number): string => runOf(row).containerId,
    started_at: (row: number): number => {
      const run = runOf(row);
      let begin = begins.get(run);
      if (begin === undefined) {
        begin = startedAt(recording, run);
        begins.set(run, begin);
      }
      return begin;
    },
  };
}

/** The same, for rows of the recording as a whole. */
export function cellsOfRecording(
  origin: Origin,
  containerOf: (row: number) => ContainerId | undefined,
) {
  return {
    ...constantCells(origin),
    container_id: (row: number): string | null => containerOf(row) ?? null,
    started_at: (): number => origin.startedAt,
  };
}

function constantCells({ traceId, host, day, source, perturbed }: Origin) {
  return {
    trace_id: () => traceId,
    host: () => host,
    day: () => day,
    source: () => source,
    perturbed: () => perturbed,
  };
}
