/** The context of a command that is this process: its outputs, its signals, its environment. */
import type { CommandContext } from './context.js';
import { Output, outputFailed } from './output.js';
import { takeOverSignals } from './signals.js';

export interface ContextOptions {
  /** Aborted by signals, from when a command asks for its signal. */
  readonly abort: AbortController;
  readonly onStdoutFailure: (error: Error) => void;
  readonly onStderrFailure: (error: Error) => void;
}

/** Each part is made when it is first asked for: a command that does not take signals over is ended by them. */
export function ownContext({
  abort,
  onStdoutFailure,
  onStderrFailure,
}: ContextOptions): CommandContext {
  const { env } = process;
  const stdout = once(
    () =>
      new Output(process.stdout, env, (cause) =>
        onStdoutFailure(outputFailed('standard output', cause)),
      ),
  );
  const stderr = once(
    () =>
      new Output(process.stderr, env, (cause) =>
        onStderrFailure(outputFailed('standard error', cause)),
      ),
  );
  const signal = once(() => {
    takeOverSignals(abort);
    return abort.signal;
  });
  return {
    env,
    get stdout() {
      return stdout();
    },
    get stderr() {
      return stderr();
    },
    get signal() {
      return signal();
    },
  };
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
