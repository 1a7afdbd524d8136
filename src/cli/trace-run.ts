/** `dit trace run`: from the command line to a recorded container and its report. */
import { randomBytes } from 'node:crypto';
import { chownSync } from 'node:fs';
import { analyse } from '../analysis/analyse.js';
import { DitError, EXIT } from '../base/errors.js';
import { ensureBuiltinImage } from '../platform/builtin-image.js';
import { connectDocker, engineError, readEngineInfo } from '../platform/docker.js';
import { readHostInfo } from '../platform/host-info.js';
import { packageVersion } from '../platform/package-files.js';
import { type RunResult, runContainer, type Until } from '../record/run-container.js';
import { formatBytes } from '../render/format.js';
import type { PullProgress } from '../sources/docker/engine-client.js';
import { readTraceFile } from '../tracefile/reader.js';
import { TraceFileWriter } from '../tracefile/writer.js';
import { chooseEngine } from './choose-engine.js';
import { ContainerOutput } from './container-output.js';
import type { CommandContext } from './context.js';
import { errorLines } from './report-error.js';
import { createOptions, type TraceRunOptions } from './run-options.js';
import { printTrace } from './trace-show.js';
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

  const chosen = await chooseEngine(options, env, say);
  const docker = await connectDocker(chosen.endpoint);
  const engine = await readEngineInfo(docker, chosen.endpoint.url, chosen.privateEngine).catch(
    (error: unknown) => {
      throw engineError(error, 'asking for its version');
    },
  );
  const builtin = image === undefined ? await ensureBuiltinImage(docker) : undefined;
  const target = builtin?.image ?? (image as string);

  const path =
    options.output ?? newTracePath(env, target, new Date(), randomBytes(2).toString('hex'));
  const writer = new TraceFileWriter(path);
  const output = new ContainerOutput(stderr, options.quiet === true);
  let result: RunResult;
  try {
    result = await runContainer({
      docker,
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
    // An image that dit put into somebody else's engine goes with the run.
    if (builtin?.created === true && !chosen.privateEngine) {
      await docker
        .getImage(builtin.image)
        .remove({ noprune: true })
        .catch(() => {});
    }
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
    const trace = analyse(readTraceFile(path));
    await printTrace(trace, options.json === true ? { json: true } : {}, context);
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
