/** What the definition of a command is given: its text and options are loaded for every run, its action only when it is run. */
import type { CommandContext, CommandResult } from './context.js';

export interface Defining {
  readonly context: CommandContext;
  /** For `action()`: ends the command with the exit code that `run` returns, or 0. */
  readonly act: <A extends unknown[]>(
    run: (...args: A) => CommandResult,
  ) => (...args: A) => Promise<void>;
}
