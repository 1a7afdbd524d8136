/** SIGINT and its like as an AbortSignal, for commands that have something to close first. */
import { constants } from 'node:os';
import { DitError } from '../base/errors.js';

const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** From the first call on, these signals abort; the second one ends the process at once. */
export function takeOverSignals(): AbortSignal {
  const controller = new AbortController();
  for (const name of ENDING) {
    process.on(name, () => {
      const exitCode = 128 + constants.signals[name];
      if (controller.signal.aborted) process.exit(exitCode);
      controller.abort(
        new DitError({ code: 'interrupted', exitCode, message: `interrupted by ${name}` }),
      );
    });
  }
  return controller.signal;
}
