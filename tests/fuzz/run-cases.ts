/** Watches processes that run cases: one that hangs is ended, one that grows is looked at on its own. */
import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CaseResult } from './worker.js';

const TELL_USAGE = new URL('./tell-usage.cjs', import.meta.url).pathname;
const WORKER = new URL('./worker.ts', import.meta.url).pathname;

/** CPU time: the machine may be busy with other things. */
export const CPU_LIMIT_MS = 10_000;
export const MEMORY_LIMIT = 512 << 20;
/** Wall time after which a case hangs, whatever else the machine does. */
const HANG_MS = 120_000;
/** A worker that has grown is replaced, so that its next cases are measured and not its past. */
const WORKER_BYTES = 350 << 20;
/** One in so many cases is run once more as the built program, in a process of its own. */
const SPAWNED_EVERY = 500;

export interface Fault {
  readonly seed: number;
  readonly args: readonly string[];
  readonly fault: string;
}

export interface Summary {
  readonly cases: number;
  readonly byExit: ReadonlyMap<number, number>;
  readonly slowestMs: number;
  readonly largestBytes: number;
  readonly faults: readonly Fault[];
}

export interface RunOptions {
  readonly first: number;
  readonly count: number;
  readonly workers: number;
  /** Where the files of faults are kept. */
  readonly keepIn: string;
  /** The built program. */
  readonly program: string;
  readonly onFault?: (fault: Fault) => void;
  readonly onProgress?: (done: number) => void;
}

export async function runCases(options: RunOptions): Promise<Summary> {
  const state = {
    next: options.first,
    end: options.first + options.count,
    done: 0,
    byExit: new Map<number, number>(),
    slowestMs: 0,
    largestBytes: 0,
    faults: [] as Fault[],
  };
  const lanes = Array.from({ length: options.workers }, () => runLane(state, options));
  await Promise.all(lanes);
  const { byExit, slowestMs, largestBytes, faults } = state;
  return { cases: state.done, byExit, slowestMs, largestBytes, faults };
}

interface State {
  next: number;
  readonly end: number;
  done: number;
  readonly byExit: Map<number, number>;
  slowestMs: number;
  largestBytes: number;
  readonly faults: Fault[];
}

async function runLane(state: State, options: RunOptions): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'dit-fuzz-'));
  let worker: ChildProcess | undefined;
  const stop = (): void => {
    worker?.kill('SIGKILL');
    worker = undefined;
  };
  const report = (fault: Fault): void => {
    const kept = join(options.keepIn, String(fault.seed));
    mkdirSync(kept, { recursive: true });
    cpSync(join(folder, 'case'), kept, { recursive: true });
    state.faults.push(fault);
    options.onFault?.(fault);
  };
  try {
    while (state.next < state.end) {
      const seed = state.next++;
      worker ??= await startWorker(folder);
      const result = await ask(worker, seed);
      state.done++;
      if (state.done % 500 === 0) options.onProgress?.(state.done);
      if (typeof result === 'string') {
        report({ seed, args: [], fault: result });
        stop();
        continue;
      }
      state.byExit.set(result.exitCode, (state.byExit.get(result.exitCode) ?? 0) + 1);
      state.slowestMs = Math.max(state.slowestMs, result.cpuMs);
      const fault = result.fault ?? faultAlone(result, seed, options);
      if (fault.length > 0) report({ seed, args: result.args, fault });
      if (result.peakBytes <= MEMORY_LIMIT) {
        state.largestBytes = Math.max(state.largestBytes, result.peakBytes);
      }
      if (result.peakBytes > WORKER_BYTES) stop();
    }
  } finally {
    stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What is slow or large beside others is measured again as users run it; '' where nothing is wrong. */
function faultAlone(
  { args, env, cpuMs, peakBytes }: CaseResult,
  seed: number,
  { program }: RunOptions,
): string {
  const isDoubtful = cpuMs > CPU_LIMIT_MS || peakBytes > MEMORY_LIMIT;
  if (!isDoubtful && seed % SPAWNED_EVERY !== 0) return '';
  const { status, signal, cpuMs: ownMs, peakBytes: ownBytes } = runAlone(program, args, env);
  if (signal !== null) return `ended by ${signal}`;
  if (status === null || ![0, 2, 3, 4, 5, 6].includes(status)) return `alone: exit code ${status}`;
  if (ownMs > CPU_LIMIT_MS) return `took ${Math.round(ownMs)} ms of CPU time`;
  if (ownBytes > MEMORY_LIMIT) return `took ${ownBytes >> 20} MiB`;
  return '';
}

export interface AloneResult {
  readonly status: number | null;
  readonly signal: string | null;
  readonly cpuMs: number;
  readonly peakBytes: number;
}

/** The built program in a process of its own, with what it took. */
export function runAlone(
  program: string,
  args: readonly string[],
  ownEnv: Readonly<Record<string, string>> = {},
): AloneResult {
  const folder = mkdtempSync(join(tmpdir(), 'dit-fuzz-alone-'));
  const told = join(folder, 'usage');
  try {
    const { status, signal } = spawnSync(process.execPath, ['-r', TELL_USAGE, program, ...args], {
      stdio: 'ignore',
      timeout: HANG_MS,
      killSignal: 'SIGKILL',
      env: {
        PATH: process.env.PATH,
        HOME: join(folder, 'home'),
        DIT_TELL_USAGE: told,
        ...ownEnv,
      },
    });
    const usage = existsSync(told) ? readFileSync(told, 'utf8') : '{"cpuMs":0,"peakBytes":0}';
    return { status, signal, ...(JSON.parse(usage) as { cpuMs: number; peakBytes: number }) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function startWorker(folder: string): Promise<ChildProcess> {
  const worker = fork(WORKER, [folder], {
    execArgv: ['--import', import.meta.resolve('tsx'), '--expose-gc'],
    // tsx would keep a cache in the temporary folder.
    env: { PATH: process.env.PATH, TSX_DISABLE_CACHE: '1' },
  });
  return new Promise((resolve, reject) => {
    worker.once('message', () => resolve(worker));
    worker.once('exit', (code) => reject(new Error(`the worker ended with ${code}`)));
  });
}

/** The case's result; a text where there is none. */
function ask(worker: ChildProcess, seed: number): Promise<CaseResult | string> {
  return new Promise((resolve) => {
    const end = (result: CaseResult | string): void => {
      clearTimeout(timer);
      worker.removeAllListeners('message').removeAllListeners('exit');
      resolve(result);
    };
    const timer = setTimeout(() => end('hangs'), HANG_MS);
    worker.once('message', (result) => end(result as CaseResult));
    worker.once('exit', (code, signal) => end(`the process ended with ${code ?? signal}`));
    worker.send(seed);
  });
}
