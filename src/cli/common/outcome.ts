/** How dit ends: whatever may decide its exit code says so here, and main.ts reads it once. */
import { DitError, EXIT, type ExitCode } from '../../base/errors.js';

/**
 * What decides, first to last:
 * 1. the first failure beside the command: an output that is full, a bug in a callback, a promise that went lost. The
 *    command is told to break off, and what it makes of that says less;
 * 2. how the command ended: the code that it returned, or that of the error which it threw;
 * 3. before it has ended, that it did not: a bug.
 */
export class Outcome {
  #beside: { readonly error: unknown } | undefined;
  #ended: ExitCode | undefined;

  get exitCode(): ExitCode {
    if (this.#beside !== undefined) return exitCodeOf(this.#beside.error);
    return this.#ended ?? EXIT.bug;
  }

  get hasEnded(): boolean {
    return this.#ended !== undefined;
  }

  failedBeside(error: unknown): void {
    this.#beside ??= { error };
  }

  ended(exitCode: ExitCode): void {
    this.#ended = exitCode;
  }

  /** @returns whether this is news: a command that is broken off may throw the failure that it was broken off with */
  endedBy(error: unknown): boolean {
    this.#ended = exitCodeOf(error);
    return this.#beside === undefined || this.#beside.error !== error;
  }
}

/** Of whatever was thrown, or aborted a command: what is not foreseen is a bug. */
export const exitCodeOf = (error: unknown): ExitCode =>
  error instanceof DitError ? error.exitCode : EXIT.bug;
