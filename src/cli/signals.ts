/** SIGINT and its like as an AbortSignal, for commands that have something to close first. */
import { writeSync } from 'node:fs';
import { constants } from 'node:os';
import { DitError } from '../base/errors.js';

const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Written out, for this file is loaded by every command and report-error.ts is not. */
const AGAIN =
  'dit: interrupted again: ended without cleaning up\n' +
  '  try: the next dit trace run on this engine removes what is left\n';

/** From now on these signals abort; the second one ends the process at once. */
export function takeOverSignals(controller: AbortController): void {
  for (const name of ENDING) {
    process.on(name, () => {
      const exitCode = 128 + constants.signals[name];
      if (controller.signal.aborted) {
        try {
          // Synchronously: nothing else is waited for.
          writeSync(2, AGAIN);
        } finally {
          process.exit(exitCode);
        }
      }
      controller.abort(
        new DitError({ code: 'interrupted', exitCode, message: `interrupted by ${name}` }),
      );
    });
  }
}
