/** Recorded starts with one set of options: engine, client and image are prepared once. */

import type Dockerode from 'dockerode';
import { DitError, EXIT } from '../../base/errors.js';
import { type Foreign, quoting } from '../../base/foreign.js';
import { type RunResult, runContainer, type Until } from '../../capture/recorder/run-container.js';
import { BUILTIN_IMAGE, ensureBuiltinImage } from '../../engine/builtin-image.js';
import { connectDocker, engineError } from '../../engine/docker.js';
import type { EngineEndpoint } from '../../engine/endpoint.js';
import type { PullProgress } from '../../engine/engine-client.js';
import { hasImage, readEngineInfo } from '../../engine/info.js';
import { findOrphans, removeOrphans } from '../../engine/owner-labels.js';
import { removeLentImage } from '../../engine/remove-image.js';
import { readHostInfo } from '../../platform/host-info.js';
import { packageVersion } from '../../platform/package-files.js';
import { formatBytes } from '../../render/common/format.js';
import type { TraceFileWriter } from '../../tracefile/writer.js';
import { chooseEngine } from './choose-engine.js';
import { chooseSources, refusalInWords } from './choose-sources.js';
import type { CommandContext } from './context.js';
import { checkRing } from './option-values.js';
import type { Output } from './output.js';
import { errorLines } from './report-error.js';
import { createOptions, type TraceRunOptions } from './run-options.js';

export interface StartRequest {
  /** undefined: the built-in one. */
  readonly image: string | undefined;
  readonly command: readonly string[];
  readonly options: TraceRunOptions;
  /** What the container writes. */
  readonly onOutput: (chunk: Buffer) => void;
}

export interface StartRecorder {
  /** Starts and records one container; see `runContainer`. @throws DitError */
  record(writer: TraceFileWriter): Promise<RunResult>;
  /** Takes away what was put into somebody else's engine. */
  close(): Promise<void>;
}

export const imageOf = (image: string | undefined): string => image ?? BUILTIN_IMAGE;

/** What can be refused before anything is done. @throws DitError exit 2 */
export function checkOptions({ ringMb, runs, warmup, keepAll }: TraceRunOptions): void {
  if (runs === undefined && (warmup !== undefined || keepAll === true)) {
    throw new DitError({
      code: 'option-conflict',
      exitCode: EXIT.usage,
      message: `${keepAll === true ? '--keep-all' : '--warmup'} requires --runs`,
      remedy: 'say how many starts: --runs 10',
    });
  }
  checkRing(ringMb);
}

/** @throws DitError */
export async function prepareStarts(
  { image, command, options, onOutput }: StartRequest,
  context: CommandContext,
): Promise<StartRecorder> {
  const { env, signal, stderr } = context;
  const quiet = options.quiet === true;
  const target = imageOf(image);
  const say = (line: string): Promise<void> =>
    quiet ? Promise.resolve() : stderr.line(`dit: ${line}`);
  const sources = await chooseSources(options, say);
  const remoteWill = sources.candidates.some(({ seesKernel }) => !seesKernel);
  const { endpoint, privateEngine } = await chooseEngine({ ...options, remoteWill }, context, say);
  const docker = connectOnce(endpoint, signal);
  const [engine, found, orphans] = await Promise.all([
    readEngineInfo(endpoint, privateEngine, signal),
    hasImage(endpoint, target, signal),
    findOrphans(endpoint, signal),
  ]);
  if (orphans.length > 0) await removeOrphans(await docker(), orphans);
  // An image that dit puts into somebody else's engine goes with the runs.
  const lend = !found && target === BUILTIN_IMAGE;
  if (lend) await loadBuiltinImage(await docker());
  let imageIsHere = found || lend;
  return {
    record: async (writer) => {
      const result = await runContainer({
        docker,
        imageIsHere,
        engine,
        host: readHostInfo(),
        target: {
          image: target,
          command,
          containerName: options.name ?? '',
          network: options.network ?? '',
          runtime: options.runtime ?? '',
          scope: '',
          containerId: '',
        },
        create: createOptions(target, command, options, env),
        sources: sources.candidates.filter((kind) => endpoint.kind === 'local' || !kind.seesKernel),
        refusals: sources.refusals,
        onRefusal: (refusal) => void say(refusalInWords(refusal)),
        writer,
        ditVersion: packageVersion(),
        command: ['dit', ...process.argv.slice(2)],
        redact: options.redact === true,
        ringBytes: options.ringMb * 2 ** 20,
        until: untilOf(options.until),
        signal,
        onPull: pullProgress(target, context, quiet),
        onOutput: (_stream, chunk) => onOutput(chunk),
      });
      imageIsHere = true;
      return result;
    },
    close: async () => {
      if (!lend || privateEngine) return;
      await reportLeftImage(await removeLentImage(await docker(), target), target, stderr);
    },
  };
}

/** What a run could not take away, for people to look after. */
export async function reportCleanUp(
  { cleanUpFailures }: RunResult,
  { stderr }: CommandContext,
): Promise<void> {
  for (const failed of cleanUpFailures) {
    await stderr.write(
      errorLines(
        quoting`clean-up is not complete: ${failed}`,
        'docker ps -a --filter label=dev.dit.run',
      ),
    );
  }
}

/** @param why it stays; undefined: it does not */
export async function reportLeftImage(
  why: Foreign | undefined,
  image: string,
  stderr: Output,
): Promise<void> {
  if (why === undefined) return;
  await stderr.write(
    errorLines(quoting`clean-up is not complete: ${why}`, quoting`docker rmi ${image}`),
  );
}

function loadBuiltinImage(docker: Dockerode): ReturnType<typeof ensureBuiltinImage> {
  return ensureBuiltinImage(docker).catch((error: unknown) => {
    throw engineError(error, 'loading the built-in image');
  });
}

/** The client is loaded when it is first needed, and once. */
function connectOnce(endpoint: EngineEndpoint, signal: AbortSignal): () => Promise<Dockerode> {
  let connected: Promise<Dockerode> | undefined;
  return () => {
    connected ??= connectDocker(endpoint, signal);
    return connected;
  };
}

function untilOf(until: TraceRunOptions['until']): Until {
  return typeof until === 'number' ? { msAfterStart: until * 1000 } : until;
}

/** One line that is rewritten on a terminal, and one a finished layer elsewhere. */
function pullProgress(
  image: string,
  { stderr }: CommandContext,
  quiet: boolean,
): (progress: PullProgress) => void {
  let layersSaid = -1;
  return ({ layers, layersDone, bytes, totalBytes }) => {
    if (quiet) return;
    const amount = totalBytes > 0 ? `, ${formatBytes(bytes)} of ${formatBytes(totalBytes)}` : '';
    const line = `dit: pulling ${image}: ${layersDone} of ${layers} layers${amount}`;
    if (stderr.isTerminal) void stderr.write(`\r\x1b[K${line}`);
    else if (layersDone !== layersSaid) void stderr.line(line);
    layersSaid = layersDone;
  };
}
