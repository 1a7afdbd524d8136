/** What every command gets from the outside world: where its text goes, and how it is told to stop. */
import type { ExitCode } from '../../base/errors.js';
import type { Output } from './output.js';

export interface CommandContext {
  readonly stdout: Output;
  readonly stderr: Output;
  /**
   * Aborted by SIGINT, SIGTERM or SIGHUP with a DitError (exit 128 + n) as its reason. Reading it takes
   * the signals over: a command that does not is ended by them as any program is.
   */
  readonly signal: AbortSignal;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A command's end: its exit code, or nothing for 0. A failure is a DitError thrown. See outcome.ts. */
export type CommandResult = Promise<ExitCode | undefined> | Promise<void>;
