/** SIGINT and its like as an AbortSignal, for commands that have something to close first. */
import { writeSync } from 'node:fs';
import { constants } from 'node:os';
import { DitError } from '../../base/errors.js';
import { loadAddon } from '../../platform/addon.js';

const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Written out, for this file is loaded by every command and report-error.ts is not. */
const AGAIN =
  'dit: interrupted again: ended without cleaning up\n' +
  '  try: the next dit trace run on this engine removes what is left\n';

/**
 * From now on these signals abort; the second one ends the process at once, whatever it does. Node runs a handler
 * only when its main thread is idle, so the second is the addon's; without the addon, Node's have to do.
 */
export function takeOverSignals(controller: AbortController): void {
  for (const name of ENDING) {
    process.on(name, () => {
      if (controller.signal.aborted) endBy(name);
      const exitCode = 128 + constants.signals[name];
      controller.abort(
        new DitError({
          code: 'interrupted',
          exitCode,
          message: `interrupted by ${name}`,
          // Whoever has begun something says more; this is for what was cut short before.
          remedy: 'run it again',
        }),
      );
    });
  }
  try {
    const numbers = ENDING.map((name) => constants.signals[name]);
    loadAddon().endAtSecondSignal(numbers, AGAIN);
  } catch {
    // It is not built, or not for this machine.
  }
}

/** Without Node's exit handlers, which wait for threads. */
function endBy(name: NodeJS.Signals): void {
  try {
    writeSync(2, AGAIN);
  } finally {
    process.removeAllListeners(name);
    process.kill(process.pid, name);
  }
}

/** Node's way out waits for threads that look up a name or run a query: the addon's does not. */
export function endNow(exitCode: number): void {
  try {
    loadAddon().endNow(exitCode);
  } catch {
    // Nobody is left to be told.
    process.exit(exitCode);
  }
}
