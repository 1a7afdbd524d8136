/** `dit trace exec`: a command of the user's, and every container that it starts. */

import { once } from 'node:events';
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type Dockerode from 'dockerode';
import { DitError, EXIT, messageOf } from '../../base/errors.js';
import { quoting } from '../../base/foreign.js';
import type { Daemon } from '../../engine/daemons.js';
import { EVENT_TOO_LONG, followEngineEvents } from '../../engine/engine-events.js';
import type { EngineInfo, HostInfo } from '../../model/recording/recording.js';
import { CleanUp } from '../../platform/clean-up.js';
import { type ChildProcess, startProgram } from '../../platform/processes/child-process.js';
import type { TraceFileWriter } from '../../tracefile/writer.js';
import type { SourceKind, SourceRefusal } from '../sources.js';
import { type RecordingSummary, TraceRecorder } from './trace-recorder.js';

export interface CommandRequest {
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Where the command's standard output goes: dit's own, or its standard error. */
  readonly stdout: 1 | 2;
  /** Connects to the engine whose events name the containers; undefined: there is none. */
  readonly docker: (() => Promise<Dockerode>) | undefined;
  readonly engine: EngineInfo;
  /** Those that work for the command without descending from it. */
  readonly daemons: readonly Daemon[];
  readonly host: HostInfo;
  readonly sources: readonly SourceKind[];
  readonly refusals: readonly SourceRefusal[];
  readonly onRefusal: (refusal: SourceRefusal) => void;
  readonly writer: TraceFileWriter;
  readonly ditVersion: string;
  readonly command: readonly string[];
  readonly redact: boolean;
  readonly ringBytes: number;
  /** Aborted by a signal: it is passed on to the command, whose end is awaited. */
  readonly signal: AbortSignal;
}

export interface CommandResult {
  readonly summary: RecordingSummary;
  /** As a shell reports it: 128 + n for signal n. */
  readonly exitCode: number;
  /** What went wrong with the recording; the trace holds it too. */
  readonly failure: DitError | undefined;
}

/** A container that the command leaves behind is still being started when `docker run -d` is over. */
const GRACE_AFTER_END_MS = 300;

/** Waits for a line, so that nothing of the command happens before it is followed; ends with dit. */
const GATE = 'read -r go <&3 || exit 125; exec 3<&-; exec "$@"';

/** @throws DitError before the command is started */
export async function recordCommand(request: CommandRequest): Promise<CommandResult> {
  const { argv, env, stdout, daemons, signal } = request;
  const cleanUp = new CleanUp();
  const broken = new AbortController();
  // The user's: it takes as long as it takes, and is told of each signal.
  const child = startProgram('/bin/sh', ['-c', GATE, 'dit', ...argv], {
    endedBy: 'its starter',
    stdio: ['inherit', stdout, 'inherit', 'pipe'],
    env,
  });
  const ended = exitOf(child);
  const pid = child.pid;
  if (pid === undefined) throw noShell(await ended.catch((error: unknown) => error));
  let recorder: TraceRecorder;
  try {
    recorder = await TraceRecorder.start({
      ...request,
      target: {
        image: '',
        command: argv,
        containerName: '',
        network: '',
        runtime: '',
        scope: 'command',
        containerId: '',
      },
      daemons: () => [{ pid, role: 'client' }, ...daemons],
      isClient: false,
      onUnwritable: (error) => broken.abort(error),
    });
  } catch (error) {
    closeGate(child);
    await ended;
    throw error;
  }
  const passOn = (): void => {
    const name = signalOf(signal.reason);
    // What the terminal sends reaches the command by itself.
    if (name !== 'SIGINT' || !process.stdin.isTTY) child.kill(name);
  };
  let failure: DitError | undefined;
  let exitCode: number = EXIT.bug;
  try {
    await nameContainers(request, recorder, cleanUp);
    signal.addEventListener('abort', passOn, { once: true });
    if (signal.aborted) closeGate(child);
    else openGate(child);
    exitCode = await ended;
    await sleep(GRACE_AFTER_END_MS);
  } catch (error) {
    closeGate(child);
    failure =
      error instanceof DitError
        ? error
        : new DitError({
            code: 'bug',
            exitCode: EXIT.bug,
            message: quoting`dit failed while recording: ${messageOf(error)}`,
            cause: error,
          });
    recorder.diagnostic(failure.code, failure.message, failure.remedy);
    // What went wrong is in `failure` already.
    await ended.catch(() => {});
  }
  signal.removeEventListener('abort', passOn);
  await cleanUp.run();
  if (broken.signal.aborted) failure ??= broken.signal.reason as DitError;
  const outcome = signal.aborted ? 'interrupted' : failure === undefined ? 'complete' : 'failed';
  const summary = await recorder.finish(outcome, failure?.message ?? '');
  return { summary, exitCode, failure };
}

/** The engine's events tell names and images; a recording without them is whole. */
async function nameContainers(
  { docker }: CommandRequest,
  recorder: TraceRecorder,
  cleanUp: CleanUp,
): Promise<void> {
  if (docker === undefined) return;
  try {
    const events = await followEngineEvents(
      await docker(),
      undefined,
      recorder.fromRealtime,
      recorder.mark,
      () => {},
      () => recorder.diagnostic('engine-events', EVENT_TOO_LONG),
    );
    cleanUp.add('closing the event stream', () => events.close());
  } catch (error) {
    recorder.diagnostic('engine-events', quoting`cannot read container names: ${messageOf(error)}`);
  }
}

function openGate(child: ChildProcess): void {
  gateOf(child).end('go\n');
}

function closeGate(child: ChildProcess): void {
  gateOf(child).destroy();
}

function gateOf(child: ChildProcess): NodeJS.WritableStream & { destroy(): void } {
  const gate = child.stdio[3] as unknown as NodeJS.WritableStream & { destroy(): void };
  // The command may be gone by now.
  gate.on('error', () => {});
  return gate;
}

async function exitOf(child: ChildProcess): Promise<number> {
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  return code ?? 128 + constants.signals[signal as NodeJS.Signals];
}

function signalOf(reason: unknown): NodeJS.Signals {
  const number = reason instanceof DitError ? reason.exitCode - 128 : 0;
  const found = Object.entries(constants.signals).find(([, value]) => value === number);
  return (found?.[0] ?? 'SIGTERM') as NodeJS.Signals;
}

const noShell = (error: unknown): DitError =>
  new DitError({
    code: 'no-shell',
    exitCode: EXIT.unavailable,
    message: quoting`the command cannot be started: ${messageOf(error)}`,
    remedy: 'dit starts it through /bin/sh: look whether that is there',
    cause: error,
  });
