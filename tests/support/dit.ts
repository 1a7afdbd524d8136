/** The built program as a child process: to its end, or under way for tests that signal it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const ROOT = new URL('../..', import.meta.url).pathname;
export const PROGRAM = join(ROOT, 'dist/cli/main.js');

export interface DitEnd {
  /** 128 + n where a signal that it did not take over ended it. */
  readonly code: number | undefined;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface DitOptions {
  /** Added to the tests' own; undefined takes one away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Another copy's main.js. */
  readonly program?: string;
  /** Put before node: ['setpriv', …]. */
  readonly wrapper?: readonly string[];
  readonly limitMs?: number;
}

export interface RunningDit {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly ended: Promise<DitEnd>;
  /** Text on stderr so far. */
  stderr(): string;
}

/** What a hang is told by: ten starts at once on a loaded machine take a minute and more. */
const LIMIT_MS = 240_000;

/** Put before a program: it is run by an ordinary user, who may read the checkout wherever it lies. */
export const asUser = (uid = 65534): string[] => [
  ...['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups'],
  ...['--inh-caps=+dac_read_search', '--ambient-caps=+dac_read_search'],
];

/** What a test that fails leaves running ends with the tests: at SIGTERM dit takes its container away. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGTERM');
});

export function startDit(args: readonly string[], options: DitOptions = {}): RunningDit {
  const { wrapper = [], program = PROGRAM, limitMs = LIMIT_MS } = options;
  const [file = '', ...rest] = [...wrapper, process.execPath, program, ...args];
  const env = { ...process.env, NO_COLOR: '1', COLUMNS: '100', ...options.env };
  const child = spawn(file, rest, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  // A hang must fail the test with what was said, not only time out.
  const guard = setTimeout(() => {
    stderr += `\nkilled by the test after ${limitMs} ms`;
    child.kill('SIGKILL');
  }, limitMs);
  const ended = new Promise<DitEnd>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(guard);
      running.delete(child);
      resolve({ code: code ?? undefined, signal, stdout, stderr });
    });
  });
  return { child, pid: child.pid ?? 0, ended, stderr: () => stderr };
}

export const dit = (args: readonly string[], options: DitOptions = {}): Promise<DitEnd> =>
  startDit(args, options).ended;

/** Polls until `find` gives something; undefined when the limit is over. */
export async function eventually<T>(
  find: () => Promise<T | undefined> | T | undefined,
  limitMs = 60_000,
): Promise<T | undefined> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const found = await find();
    if (found !== undefined || performance.now() > deadline) return found;
    await sleep(5);
  }
}
