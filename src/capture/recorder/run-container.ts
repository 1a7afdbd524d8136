/** `dit trace run`: one container started by dit's own client while everything is recorded. */

import { setTimeout as sleep } from 'node:timers/promises';
import type Dockerode from 'dockerode';
import { DitError, EXIT, messageOf } from '../../base/errors.js';
import { type Foreign, quoting, raw } from '../../base/foreign.js';
import { type Daemon, findDaemons } from '../../engine/daemons.js';
import { ENGINE_GONE_REMEDY } from '../../engine/docker.js';
import { EngineClient, type PullProgress } from '../../engine/engine-client.js';
import {
  EVENT_TOO_LONG,
  type EventStream,
  followEngineEvents,
} from '../../engine/engine-events.js';
import type { RawMark } from '../../engine/marks.js';
import { ownerLabels, RUN_LABEL } from '../../engine/owner-labels.js';
import type { EngineInfo, HostInfo, TargetInfo } from '../../model/recording/recording.js';
import { CleanUp } from '../../platform/clean-up.js';
import { Deadline, unlessAborted } from '../../platform/deadline.js';
import type { TraceFileWriter } from '../../tracefile/writer.js';
import type { SourceKind, SourceRefusal } from '../sources.js';
import { type RecordingSummary, TraceRecorder } from './trace-recorder.js';

/** When the recording ends: at the start's end, the container's exit, its removal, or some time after the start. */
export type Until = 'started' | 'exit' | 'removed' | { readonly msAfterStart: number };

export interface RunRequest {
  /**
   * Connects to the engine; called again it gives the same client. Called only after the probes are armed
   * unless there is something to pull: loading the client library takes longer than loading the probes.
   */
  readonly docker: () => Promise<Dockerode>;
  readonly imageIsHere: boolean;
  readonly engine: EngineInfo;
  readonly host: HostInfo;
  readonly target: TargetInfo;
  readonly create: Dockerode.ContainerCreateOptions;
  readonly sources: readonly SourceKind[];
  readonly refusals: readonly SourceRefusal[];
  readonly onRefusal: (refusal: SourceRefusal) => void;
  readonly writer: TraceFileWriter;
  readonly ditVersion: string;
  readonly command: readonly string[];
  readonly redact: boolean;
  readonly ringBytes: number;
  readonly until: Until;
  /** Aborted by a signal: the recording is closed, the container removed. */
  readonly signal: AbortSignal;
  readonly onPull: (progress: PullProgress) => void;
  readonly onOutput: (stream: 'stdout' | 'stderr', chunk: Buffer) => void;
}

export interface RunResult {
  readonly summary: RecordingSummary;
  readonly containerId: string;
  /** undefined: it did not exit while it was observed. */
  readonly exitCode: number | undefined;
  /** What went wrong after the probes were armed; the trace holds it too. */
  readonly failure: DitError | undefined;
  readonly cleanUpFailures: readonly Foreign[];
}

/** runc start answers the API before the entrypoint's exec is over. */
const GRACE_AFTER_START_MS = 200;
/** How long the answer to the wait may trail the container's end. */
const EXIT_GRACE_MS = 1000;
/** How long the last output may trail the container's exit. */
const OUTPUT_GRACE_MS = 1000;

/**
 * Pulls if needed, arms, creates, starts, waits, removes. A failure after arming is in the result, because
 * the trace is whole and worth reading; one before it is thrown.
 * @throws DitError
 */
export async function runContainer(request: RunRequest): Promise<RunResult> {
  const { signal } = request;
  const early = await prepare(request);

  const daemons = daemonsOnce(raw(request.engine.endpoint));
  // The file cannot be written any more, or the engine is gone: whichever comes first.
  const broken = new AbortController();
  const recorder = await TraceRecorder.start({
    ...request,
    daemons,
    isClient: true,
    onUnwritable: (error) => broken.abort(error),
  });
  for (const mark of early) recorder.mark(mark);

  const cleanUp = new CleanUp();
  const observed: Observed = { containerId: '', exitCode: undefined };
  let failure: DitError | undefined;
  const stop = new Deadline({ signals: [signal, broken.signal] });
  try {
    const onEngineLost = (): void => broken.abort(engineLost());
    const docker = await request.docker();
    recorder.followClient();
    const stoppable = { ...request, signal: stop.signal };
    await observe(docker, stoppable, recorder, cleanUp, observed, onEngineLost);
  } catch (error) {
    failure = failureOf(error, signal);
    recorder.diagnostic(failure.code, failure.message, failure.remedy);
  } finally {
    stop.close();
  }
  // The removal belongs to the trace where it was asked for; else it is done unrecorded.
  const recordRemoval = request.until === 'removed' || failure !== undefined;
  const cleanUpFailures = recordRemoval ? await cleanUp.run() : [];
  const outcome =
    failure === undefined ? 'complete' : failure.code === 'interrupted' ? 'interrupted' : 'failed';
  const summary = await recorder.finish(outcome, failure?.message ?? '');
  if (!recordRemoval) cleanUpFailures.push(...(await cleanUp.run()));
  if (failure === undefined && broken.signal.aborted) failure = broken.signal.reason as DitError;
  if (failure?.code === 'engine-gone' && cleanUpFailures.length > 0) {
    // One cause, one message.
    failure = leftInGoneEngine(failure, observed.containerId);
    cleanUpFailures.length = 0;
  }
  return { summary, ...observed, failure, cleanUpFailures };
}

/** Looked for when the first source asks, and once. @throws DitError engine-process-unknown */
function daemonsOnce(endpoint: string): () => readonly Daemon[] {
  let found: readonly Daemon[] | undefined;
  return () => {
    found ??= findDaemons(endpoint.replace(/^unix:\/\//, ''));
    return found;
  };
}

function leftInGoneEngine({ code, exitCode, message, cause }: DitError, id: string): DitError {
  return new DitError({
    code,
    exitCode,
    message: `${message}; container ${id.slice(0, 12)} could not be removed`,
    remedy: 'start the engine again: the next dit trace run on it removes the container',
    cause,
  });
}

/** What is done before the recording, and needs not be in it; the pull's mark is. */
async function prepare(request: RunRequest): Promise<readonly RawMark[]> {
  const { signal, target } = request;
  const marks: RawMark[] = [];
  try {
    if (!request.imageIsHere) {
      const client = new EngineClient(await request.docker(), (mark) => marks.push(mark));
      await unlessAborted(client.pull(raw(target.image), request.onPull, signal), signal);
    }
    signal.throwIfAborted();
    return marks;
  } catch (error) {
    if (!signal.aborted || !(signal.reason instanceof DitError)) throw error;
    const { exitCode, message } = signal.reason;
    throw new DitError({
      code: 'interrupted',
      exitCode,
      message: `${message} before the recording began: no container was created`,
      remedy: 'run it again',
    });
  }
}

interface Observed {
  containerId: string;
  exitCode: number | undefined;
}

async function observe(
  docker: Dockerode,
  request: RunRequest,
  recorder: TraceRecorder,
  cleanUp: CleanUp,
  observed: Observed,
  onEngineLost: () => void,
): Promise<void> {
  const { signal, until } = request;
  const client = new EngineClient(docker, recorder.mark);
  const labels = ownerLabels(recorder.traceId);
  const events: EventStream = await followEngineEvents(
    docker,
    `${RUN_LABEL}=${recorder.traceId}`,
    recorder.fromRealtime,
    recorder.mark,
    onEngineLost,
    () => recorder.diagnostic('engine-events', EVENT_TOO_LONG),
  );
  cleanUp.add('closing the event stream', () => events.close());

  signal.throwIfAborted();
  const container = await client.create({
    ...request.create,
    Labels: { ...request.create.Labels, ...labels },
  });
  observed.containerId = container.id;
  cleanUp.add(`removing container ${container.id.slice(0, 12)}`, () => client.remove(container));

  signal.throwIfAborted();
  const output = await client.attach(container, request.onOutput);
  cleanUp.add('closing the output', () => output.close());
  const waits = new AbortController();
  cleanUp.add('ending the waits', () => waits.abort());
  const exited = client.wait(container, waits.signal).then((exit) => {
    observed.exitCode = exit.exitCode;
  });
  // A failing start leaves the wait behind; its rejection is not news then.
  exited.catch(() => {});

  signal.throwIfAborted();
  try {
    await client.start(container);
  } finally {
    recorder.startIsOver();
    // The engine's own figures, after a failed start too; not before it, where they would cost time.
    // The trace has less without them; the refusal is a mark in it.
    await client.inspect(container).catch(() => {});
  }
  // The first wait's answer is the recorded one: it gets the time to come.
  const stopped = client.waitStopped(container, waits.signal).then(async (exit) => {
    observed.exitCode = exit.exitCode;
    await Promise.race([exited, sleep(EXIT_GRACE_MS, undefined, { ref: false })]);
  });
  // Either wait will do; the first one's failure is told where it is awaited.
  const ended = Promise.race([exited, stopped.catch(() => exited)]);
  ended.catch(() => {}); // awaited below, or nobody's news after an interruption
  await unlessAborted(endOf(until, ended), signal);
  if (observed.exitCode !== undefined) {
    await Promise.race([output.ended, sleep(OUTPUT_GRACE_MS, undefined, { ref: false })]);
  }
}

async function endOf(until: Until, exited: Promise<void>): Promise<void> {
  if (until === 'exit' || until === 'removed') return exited;
  const ms = until === 'started' ? GRACE_AFTER_START_MS : until.msAfterStart;
  await Promise.race([exited, sleep(ms)]);
}

function engineLost(): DitError {
  return new DitError({
    code: 'engine-gone',
    exitCode: EXIT.engine,
    message: 'the engine went away while the container was observed',
    remedy: ENGINE_GONE_REMEDY,
  });
}

function failureOf(error: unknown, signal: AbortSignal): DitError {
  if (signal.aborted && signal.reason instanceof DitError) {
    return new DitError({
      code: 'interrupted',
      exitCode: signal.reason.exitCode,
      message: `${signal.reason.message}: the recording was closed and the container removed`,
      remedy: 'the trace so far can be read: dit trace show',
    });
  }
  if (error instanceof DitError) return error;
  return new DitError({
    code: 'bug',
    exitCode: EXIT.bug,
    message: quoting`dit failed while recording: ${messageOf(error)}`,
    cause: error,
  });
}
