/**
 * Other programs. Nothing else in src/ starts any (scripts/lint/child-process.ts): whoever waits for one has a limit
 * of time, and ends it by the command's signal.
 */
import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { DitError, EXIT, messageOf, systemErrorCode } from '../../base/errors.js';
import { firstLine, quoting } from '../../base/foreign.js';
import { Deadline, unlessAborted } from '../deadline.js';
import { quoted } from './mount-namespace.js';

export type { ChildProcess };

/** What a program calls the first of `files`: by a path it could be led elsewhere. */
export const HANDED_FILE = '/proc/self/fd/3';

/** Programs that ask the kernel, or change a thing or two in it. */
const USUAL_MS = 30_000;
/** Those that wait for a disk. */
export const DISK_MS = 120_000;
const OUTPUT_BYTES = 16 << 20;
/** A killed process is waited for so long; one that the kernel holds (state D) is left to it. */
const KILLED_MS = 1_000;

export interface RunOptions {
  /** Default 30,000. */
  readonly limitMs?: number;
  /** Kills it. Left out for clean-up, which a Ctrl-C does not break off. */
  readonly signal?: AbortSignal | undefined;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Open descriptors, which are 3, 4, … in the program. */
  readonly files?: readonly number[];
}

/** A program that has ended. */
export interface Ran {
  /** As a shell takes it. */
  readonly command: string;
  readonly stdout: string;
  /** Its first 16 MiB. */
  readonly stderr: string;
  /** Its exit status, or 128 + n as shells have it. */
  readonly status: number;
}

/**
 * Runs a program to its end, with nothing to read, in a process group of its own: a Ctrl-C in the terminal does not
 * reach it, and what it has started is killed with it.
 * @throws DitError (exit 3) program-missing, program-unusable, program-late, program-chatty; the signal's reason
 */
export async function runProgram(
  program: string,
  args: readonly string[],
  { limitMs = USUAL_MS, signal, files = [], ...options }: RunOptions = {},
): Promise<Ran> {
  signal?.throwIfAborted();
  const command = commandOf(program, args);
  const chatty = new AbortController();
  const stdio = ['ignore', 'pipe', 'pipe', ...files] as const;
  let child: ChildProcess;
  try {
    child = spawn(program, [...args], { ...options, stdio: [...stdio], detached: true });
  } catch (cause) {
    // Some errors of the system are thrown, such as E2BIG, and others are events.
    throw unusable(program, cause as Error);
  }
  const stdout = collect(child.stdout, () => chatty.abort(tooChatty(command)));
  const stderr = collect(child.stderr, () => {});
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', (error) => reject(unusable(program, error)));
    child.once('close', (code, by) => resolve(statusOf(code, by)));
  });
  const deadline = new Deadline({
    limitMs,
    signals: [signal, chatty.signal],
    late: () => tooLate(command, limitMs),
  });
  try {
    const status = await unlessAborted(ended, deadline.signal);
    return { command, stdout: stdout(), stderr: stderr(), status };
  } catch (error) {
    await killGroup(child);
    throw error;
  } finally {
    deadline.close();
  }
}

/** As `runProgram`, for what must succeed. @throws DitError program-failed (exit 3) too */
export async function needProgram(
  program: string,
  args: readonly string[],
  options?: RunOptions,
): Promise<Ran> {
  const ran = await runProgram(program, args, options);
  if (ran.status !== 0) throw programFailed(ran);
  return ran;
}

/** What a program prints, where nothing can be awaited; undefined where it fails. Ten seconds at most. */
export function printedBy(program: string, args: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync(program, [...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 10_000,
    killSignal: 'SIGKILL',
    maxBuffer: OUTPUT_BYTES,
  });
  return status === 0 ? stdout : undefined;
}

export interface StartOptions extends Omit<SpawnOptions, 'signal' | 'timeout' | 'killSignal'> {
  /**
   * A signal kills it; most come from a `Deadline`. 'its starter': the code that starts it ends it on all ways, or
   * the end of its input does. 'nobody': it outlives dit.
   */
  readonly endedBy: AbortSignal | 'its starter' | 'nobody';
}

/** Starts a program that works beside dit. That it cannot be started is an 'error' event, as Node has it. */
export function startProgram(
  program: string,
  args: readonly string[],
  { endedBy, ...options }: StartOptions,
): ChildProcess {
  const child = spawn(program, [...args], options);
  if (endedBy === 'nobody') child.unref();
  if (typeof endedBy === 'string') return child;
  const kill = (): void => {
    child.kill('SIGKILL');
  };
  if (endedBy.aborted) kill();
  endedBy.addEventListener('abort', kill);
  const forget = (): void => endedBy.removeEventListener('abort', kill);
  return child.once('exit', forget).once('error', forget);
}

export const isMissing = (error: unknown): boolean =>
  error instanceof DitError && error.code === 'program-missing';

/** @param output of a program, whose first `OUTPUT_BYTES` are kept @param over called when there is more */
function collect(output: NodeJS.ReadableStream | null, over: () => void): () => string {
  const chunks: Buffer[] = [];
  let left = OUTPUT_BYTES;
  output?.on('data', (chunk: Buffer) => {
    if (left > 0) chunks.push(chunk.subarray(0, left));
    left -= chunk.length;
    if (left < 0) over();
  });
  return () => Buffer.concat(chunks).toString();
}

async function killGroup(child: ChildProcess): Promise<void> {
  const { pid } = child;
  if (pid === undefined) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // All of the group have ended.
  }
  child.stdout?.destroy();
  child.stderr?.destroy();
  child.unref();
  if (child.exitCode !== null || child.signalCode !== null) return;
  await Promise.race([exited, sleep(KILLED_MS)]);
}

const commandOf = (program: string, args: readonly string[]): string =>
  [program, ...args].map((word) => (/^[\w./:=@%+,-]+$/.test(word) ? word : quoted(word))).join(' ');

function statusOf(code: number | null, by: NodeJS.Signals | null): number {
  return code ?? 128 + (by === null ? 0 : constants.signals[by]);
}

/** Where the package is not called what the program is. */
const PACKAGES = new Map(
  Object.entries({
    ip: 'iproute2',
    dd: 'coreutils',
    sync: 'coreutils',
    fallocate: 'util-linux',
    ipcmk: 'util-linux',
    ipcrm: 'util-linux',
    mount: 'mount',
    nsenter: 'util-linux',
    umount: 'mount',
  }),
);

function unusable(program: string, cause: Error): DitError {
  const missing = systemErrorCode(cause) === 'ENOENT';
  return new DitError({
    code: missing ? 'program-missing' : 'program-unusable',
    exitCode: EXIT.unavailable,
    message: missing
      ? `'${program}' is not installed`
      : quoting`'${program}' cannot be run: ${messageOf(cause)}`,
    remedy: missing
      ? `install it: apt-get install ${PACKAGES.get(program) ?? program}`
      : `look who may run it: ls -l "$(command -v ${program})"`,
    cause,
  });
}

const tooLate = (command: string, limitMs: number): DitError =>
  new DitError({
    code: 'program-late',
    exitCode: EXIT.unavailable,
    message: `'${command}' does not end within ${limitMs / 1000} s and was killed`,
    remedy: `run it by hand, and see what it waits for: ${command}`,
  });

const tooChatty = (command: string): DitError =>
  new DitError({
    code: 'program-chatty',
    exitCode: EXIT.unavailable,
    message: `'${command}' writes more than ${OUTPUT_BYTES >> 20} MiB and was killed`,
    remedy: `run it by hand, and see what it writes: ${command} | head`,
  });

export const programFailed = ({ command, status, stderr }: Ran): DitError =>
  new DitError({
    code: 'program-failed',
    exitCode: EXIT.unavailable,
    message: quoting`'${command}' fails: ${firstLine(stderr.trim()) || `status ${status}`}`,
    remedy: `run it by hand: ${command}`,
  });
