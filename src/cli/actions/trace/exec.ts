/** `dit trace exec -- CMD…`: from a command of the user's to the containers that it started. */
import { randomBytes } from 'node:crypto';
import type Dockerode from 'dockerode';
import { EXIT, type ExitCode } from '../../../base/errors.js';
import { type CommandResult, recordCommand } from '../../../capture/recorder/run-command.js';
import type { SourceName } from '../../../capture/sources.js';
import {
  type Daemon,
  daemonOf,
  findDaemons,
  findSystemContainerd,
} from '../../../engine/daemons.js';
import { connectDocker } from '../../../engine/docker.js';
import type { EngineEndpoint } from '../../../engine/endpoint.js';
import { findEngine } from '../../../engine/endpoint.js';
import { NO_ENGINE, readEngineInfo } from '../../../engine/info.js';
import type { EngineInfo } from '../../../model/recording/recording.js';
import { sudoUser } from '../../../platform/files/owner.js';
import { readHostInfo } from '../../../platform/host-info.js';
import { packageVersion } from '../../../platform/package-files.js';
import { newTracePath } from '../../../store/trace-store.js';
import { TraceFileWriter } from '../../../tracefile/writer.js';
import { chooseEngine } from '../../common/choose-engine.js';
import { chooseSources, refusalInWords } from '../../common/choose-sources.js';
import type { CommandContext } from '../../common/context.js';
import { checkRing } from '../../common/option-values.js';
import { exitCodeOf } from '../../common/outcome.js';
import { errorLines } from '../../common/report-error.js';
import { reportLoss } from '../../common/report-loss.js';

export interface TraceExecOptions {
  readonly output?: string;
  readonly redact?: true;
  readonly json?: true;
  readonly strict?: true;
  readonly quiet?: true;
  readonly ringMb: number;
  readonly source: 'auto' | SourceName;
  readonly syscalls?: 'few' | 'all';
  readonly engine: 'auto' | 'private';
  readonly host?: string;
  /** Pids of further daemons. */
  readonly follow: readonly number[];
}

export async function traceExec(
  argv: readonly string[],
  options: TraceExecOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const { env, signal, stderr } = context;
  checkRing(options.ringMb);
  const say = (line: string): Promise<void> =>
    options.quiet === true ? Promise.resolve() : stderr.line(`dit: ${line}`);
  const sources = await chooseSources(options, say, ({ seesKernel }) => seesKernel);
  const unique = randomBytes(2).toString('hex');
  const path = options.output ?? newTracePath(env, argv[0] ?? '', new Date(), unique);
  const engine = await findEngineOf(options, context, say);
  const writer = new TraceFileWriter(path, { owner: sudoUser(env) });
  let result: CommandResult;
  try {
    result = await recordCommand({
      argv,
      env: engine.url === undefined ? { ...env } : { ...env, DOCKER_HOST: engine.url },
      stdout: options.json === true ? 2 : 1,
      docker: engine.docker,
      engine: engine.info,
      daemons: [...engine.daemons, ...options.follow.map(daemonOf)],
      host: readHostInfo(),
      sources: sources.candidates,
      refusals: sources.refusals,
      onRefusal: (refusal) => void say(refusalInWords(refusal)),
      writer,
      ditVersion: packageVersion(),
      command: ['dit', ...process.argv.slice(2)],
      redact: options.redact === true,
      ringBytes: options.ringMb * 2 ** 20,
      signal,
    });
  } finally {
    writer.close();
  }
  return report(result, path, options, context);
}

interface CommandEngine {
  readonly info: EngineInfo;
  readonly docker: (() => Promise<Dockerode>) | undefined;
  readonly daemons: readonly Daemon[];
  /** Of the engine of --host or --engine, which the command is told to use. */
  readonly url: string | undefined;
}

/** The engine that the command may use: none is started for it unless it is asked for. */
async function findEngineOf(
  options: TraceExecOptions,
  context: CommandContext,
  say: (line: string) => Promise<void>,
): Promise<CommandEngine> {
  const { env, signal } = context;
  const isAskedFor = options.engine === 'private' || options.host !== undefined;
  const endpoint: EngineEndpoint | undefined = isAskedFor
    ? (await chooseEngine(options, context, say)).endpoint
    : (await findEngine({ env, signal })).endpoint;
  const system = findSystemContainerd(env);
  if (endpoint === undefined || endpoint.kind === 'remote') {
    return { info: NO_ENGINE, docker: undefined, daemons: system, url: undefined };
  }
  const info = await readEngineInfo(endpoint, endpoint.origin === 'private engine', signal);
  const daemons = findDaemons(endpoint.socketPath ?? '');
  const known = new Set(daemons.map(({ pid }) => pid));
  return {
    info,
    docker: () => connectDocker(endpoint, signal),
    daemons: [...daemons, ...system.filter(({ pid }) => !known.has(pid))],
    url: isAskedFor ? endpoint.url : undefined,
  };
}

/** All on standard error but for JSON: standard output is the command's. */
async function report(
  { summary, exitCode, failure }: CommandResult,
  path: string,
  options: TraceExecOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const { stderr, stdout } = context;
  if (options.quiet !== true || options.json === true) {
    const { traceShow } = await import('./show.js');
    const json = options.json === true;
    await traceShow(path, json ? { json } : {}, { ...context, stdout: json ? stdout : stderr });
  }
  if (failure !== undefined) await stderr.write(errorLines(failure.message, failure.remedy));
  if (exitCode !== 0) await stderr.line(`dit: the command exited with ${exitCode}`);
  await stderr.line(`trace saved: ${path}`);
  if (failure !== undefined) return failure.exitCode;
  if (context.signal.aborted) return exitCodeOf(context.signal.reason);
  return exitCode === EXIT.ok ? reportLoss(summary.lost, options, stderr) : exitCode;
}
