/**
 * A running strace that always lets go. A shell stands between: it holds a pipe from this process and ends
 * strace by SIGTERM when the pipe closes, so a normal end, an error and a kill -9 of dit take the same way.
 *
 * What happens when strace itself is killed: it attaches by PTRACE_SEIZE, which sends no SIGSTOP, and without
 * PTRACE_O_EXITKILL; the kernel then detaches the tracees and lets those that are in a tracing stop go on
 * (kernel/ptrace.c, exit_ptrace and __ptrace_unlink). Nobody is ever sent SIGCONT: a process that is stopped
 * ("T") was stopped by somebody else.
 */
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { within } from '../../platform/deadline.js';
import { type ChildProcess, startProgram } from '../../platform/processes/child-process.js';
import { StraceLog } from './log.js';
import type { StraceProgram } from './program.js';

/**
 * Where strace has not let go of everybody after this long, it is killed. It waits for each thread to stop, and
 * a parent in vfork stops only when its child executes, which strace itself holds up: a deadlock.
 */
const DETACH_SECONDS = 0.2;

/** $@: strace and its arguments. Descriptor 3 is the log. Says strace's pid, then waits for the pipe's end. */
const GUARDIAN = `
"$@" </dev/null >/dev/null &
pid=$!
trap '' HUP INT QUIT TERM
exec 2>/dev/null 3>&-
echo $pid
exec >/dev/null
read -r _
kill -TERM $pid
(sleep ${DETACH_SECONDS}; kill -KILL $pid) &
killer=$!
wait $pid
status=$?
kill -KILL $killer
exit $status
`;

/** A shell's exit status if SIGTERM ended its child. */
const TERMINATED = 128 + 15;

/** A shell's first word. */
const START_MS = 10_000;

/** The guardian is done long before, unless it was killed. */
const STOP_MS = 3_000;

const MESSAGE_CHARACTERS = 8_192;

export class Tracer {
  readonly log: StraceLog;
  /** strace's own. */
  readonly pid: number;
  readonly #guardian: ChildProcess;
  readonly #closed: Promise<unknown[]>;
  #messages = '';
  #ended = false;
  #stopping: Promise<{ endedBefore: boolean }> | undefined;

  private constructor(
    guardian: ChildProcess,
    closed: Promise<unknown[]>,
    log: StraceLog,
    pid: number,
  ) {
    this.#guardian = guardian;
    this.#closed = closed;
    this.log = log;
    this.pid = pid;
    const messages = guardian.stderr as Readable;
    messages.setEncoding('utf8').on('data', (text: string) => {
      this.#messages = (this.#messages + text).slice(0, MESSAGE_CHARACTERS);
    });
    // The guardian has closed its own end: this is strace's.
    messages.once('end', () => {
      this.#ended = true;
    });
  }

  /** Starts it; it may not have attached yet. @throws if there is no shell */
  static async start(
    program: StraceProgram,
    flags: readonly string[],
    pids: readonly number[],
  ): Promise<Tracer> {
    const log = new StraceLog();
    const attach = pids.flatMap((pid) => ['-p', String(pid)]);
    const command = [program.path, ...flags, '-o', '/dev/fd/3', ...attach];
    const guardian = startProgram('sh', ['-c', GUARDIAN, 'dit-strace', ...command], {
      endedBy: 'its starter',
      stdio: ['pipe', 'pipe', 'pipe', log.descriptor],
      env: { ...process.env, LC_ALL: 'C' },
      // A session of its own: a Ctrl-C in the terminal ends dit, and dit ends strace.
      detached: true,
    });
    const closed = once(guardian, 'close');
    try {
      guardian.stdin?.on('error', () => {});
      const output = (guardian.stdout as Readable).setEncoding('utf8');
      const started = Promise.race([once(output, 'data'), closed]);
      const [said] = (await within({ limitMs: START_MS }, () => started)) as [string];
      return new Tracer(guardian, closed, log, Number.parseInt(said, 10));
    } catch (error) {
      guardian.stdin?.end();
      log.close();
      throw error;
    }
  }

  /** It runs no more, by itself or because somebody ended it. */
  get ended(): boolean {
    return this.#ended;
  }

  /** What it said on its standard error. */
  get messages(): string {
    return this.#messages;
  }

  /**
   * Lets go of all tracees and ends; the log stays to be read and closed.
   * @returns whether it had ended before: by itself, with its last tracee, or by somebody else
   */
  stop(): Promise<{ endedBefore: boolean }> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<{ endedBefore: boolean }> {
    const seenEnded = this.#ended;
    const begin = performance.now();
    this.#guardian.stdin?.end();
    const alone = this.#guardian.exitCode !== null || this.#guardian.signalCode !== null;
    if (alone) this.#kill('SIGTERM');
    const alarm = new AbortController();
    // Called off: it has ended in time.
    const late = sleep(STOP_MS, undefined, { signal: alarm.signal }).catch(() => undefined);
    const status = (await Promise.race([this.#closed, late]))?.[0];
    alarm.abort();
    if (status === undefined) {
      this.#kill('SIGKILL');
      await this.#closed;
    }
    // Its end may not have been heard of yet. Later than this, the guardian has killed it.
    const inTime = performance.now() - begin < DETACH_SECONDS * 1000;
    const byItself = inTime && !alone && status !== TERMINATED;
    return { endedBefore: seenEnded || byItself };
  }

  #kill(signal: 'SIGTERM' | 'SIGKILL'): void {
    try {
      if (this.pid > 1 && !this.#ended) process.kill(this.pid, signal);
    } catch {
      // It has ended meanwhile.
    }
  }
}
