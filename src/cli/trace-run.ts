/** `dit trace run`: from the command line to a recorded container and its report. */
import { randomBytes } from 'node:crypto';
import { chownSync } from 'node:fs';
import type Dockerode from 'dockerode';
import { DitError, EXIT } from '../base/errors.js';
import { BUILTIN_IMAGE, ensureBuiltinImage } from '../platform/builtin-image.js';
import { connectDocker, engineError } from '../platform/docker.js';
import type { EngineEndpoint } from '../platform/engine-endpoint.js';
import { hasImage, readEngineInfo } from '../platform/engine-info.js';
import { readHostInfo } from '../platform/host-info.js';
import { packageVersion } from '../platform/package-files.js';
import { type RunResult, runContainer, type Until } from '../record/run-container.js';
import { formatBytes } from '../render/format.js';
import type { PullProgress } from '../sources/docker/engine-client.js';
import { needEbpf } from '../sources/ebpf/ebpf-source.js';
import { TraceFileWriter } from '../tracefile/writer.js';
import { chooseEngine } from './choose-engine.js';
import { ContainerOutput } from './container-output.js';
import type { CommandContext } from './context.js';
import { errorLines } from './report-error.js';
import { createOptions, type TraceRunOptions } from './run-options.js';
import { newTracePath } from './trace-store.js';

export async function traceRun(
  image: string | undefined,
  command: readonly string[],
  options: TraceRunOptions,
  context: CommandContext,
): Promise<number> {
  const { stderr, env, signal } = context;
  const say = (line: string): Promise<void> =>
    options.quiet === true ? Promise.resolve() : stderr.line(`dit: ${line}`);
  needPowerOfTwo(options.ringMb);
  needEbpf();

  const target = image ?? BUILTIN_IMAGE;
  const path =
    options.output ?? newTracePath(env, target, new Date(), randomBytes(2).toString('hex'));
  const writer = new TraceFileWriter(path);
  const output = new ContainerOutput(stderr, options.quiet === true);
  let result: RunResult;
  let takeImageAway = async (): Promise<void> => {};
  try {
    const chosen = await chooseEngine(options, env, say);
    const { endpoint, privateEngine } = chosen;
    const docker = connectOnce(endpoint);
    const [engine, found] = await Promise.all([
      readEngineInfo(endpoint, privateEngine),
      hasImage(endpoint, target),
    ]);
    if (!found && target === BUILTIN_IMAGE) {
      await loadBuiltinImage(await docker());
      // An image that dit put into somebody else's engine goes with the run.
      if (!privateEngine) takeImageAway = async () => removeImage(await docker(), target);
    }
    result = await runContainer({
      docker,
      imageIsHere: found || target === BUILTIN_IMAGE,
      engine,
      host: readHostInfo(),
      target: {
        image: target,
        command,
        containerName: options.name ?? '',
        network: options.network ?? '',
        runtime: options.runtime ?? '',
      },
      create: createOptions(target, command, options, env),
      writer,
      ditVersion: packageVersion(),
      command: ['dit', ...process.argv.slice(2)],
      redact: options.redact === true,
      ringBytes: options.ringMb * 2 ** 20,
      until: untilOf(options.until),
      signal,
      onPull: pullProgress(target, context, options.quiet === true),
      onArmed: () => {},
      onOutput: (_stream, chunk) => output.add(chunk),
    });
  } finally {
    writer.close();
    await takeImageAway();
  }
  output.end();
  giveToSudoUser(path, env);
  return report(result, path, options, context);
}

async function report(
  result: RunResult,
  path: string,
  options: TraceRunOptions,
  context: CommandContext,
): Promise<number> {
  const { stderr } = context;
  const { failure, summary } = result;
  if (options.quiet !== true) {
    // Loaded only now: what the report needs would delay the recording.
    const { traceShow } = await import('./trace-show.js');
    await traceShow(path, options.json === true ? { json: true } : {}, context);
  }
  for (const failed of result.cleanUpFailures) {
    await stderr.write(
      errorLines(`clean-up is not complete: ${failed}`, 'docker ps -a --filter label=dev.dit.run'),
    );
  }
  if (failure !== undefined) await stderr.write(errorLines(failure.message, failure.remedy));
  else if ((result.exitCode ?? 0) !== 0) {
    await stderr.write(
      errorLines(
        `the container's command exited with ${result.exitCode}; its start was recorded whole`,
        'look at its output above, or run it by itself: docker run',
      ),
    );
  }
  await (options.json === true || options.quiet === true ? stderr : context.stdout).line(
    `trace saved: ${path}`,
  );
  if (failure !== undefined) return failure.exitCode;
  if (context.signal.aborted) {
    const { message, exitCode } = context.signal.reason as DitError;
    await stderr.write(
      errorLines(`${message} when the recording was complete`, `read it: dit trace show ${path}`),
    );
    return exitCode;
  }
  if (options.strict === true && summary.lost > 0) {
    await stderr.write(
      errorLines(
        `${summary.lost} records were lost and --strict was given`,
        'use a larger ring: --ring-mb 256',
      ),
    );
    return EXIT.loss;
  }
  return EXIT.ok;
}

/** Left where another container uses it by now, or where the engine is gone. */
async function removeImage(docker: Dockerode, image: string): Promise<void> {
  await docker
    .getImage(image)
    .remove({ noprune: true })
    .catch(() => {});
}

function loadBuiltinImage(docker: Dockerode): ReturnType<typeof ensureBuiltinImage> {
  return ensureBuiltinImage(docker).catch((error: unknown) => {
    throw engineError(error, 'loading the built-in image');
  });
}

/** The client is loaded when it is first needed, and once. */
function connectOnce(endpoint: EngineEndpoint): () => Promise<Dockerode> {
  let connected: Promise<Dockerode> | undefined;
  return () => {
    connected ??= connectDocker(endpoint);
    return connected;
  };
}

function untilOf(until: TraceRunOptions['until']): Until {
  return typeof until === 'number' ? { msAfterStart: until * 1000 } : until;
}

function needPowerOfTwo(ringMb: number): void {
  if (Number.isInteger(Math.log2(ringMb))) return;
  throw new DitError({
    code: 'option-value',
    exitCode: EXIT.usage,
    message: `'${ringMb}' is no value for --ring-mb`,
    remedy: 'use a power of two: 16, 64, 256',
  });
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

/** A trace made through sudo belongs to whoever typed the command. */
function giveToSudoUser(path: string, env: CommandContext['env']): void {
  const uid = Number(env.SUDO_UID);
  const gid = Number(env.SUDO_GID);
  if (!Number.isInteger(uid) || !Number.isInteger(gid) || env.SUDO_UID === undefined) return;
  try {
    chownSync(path, uid, gid);
  } catch {
    // Not ours to give (a device, a foreign file system): root can still read it.
  }
}
