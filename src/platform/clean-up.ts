/** What has to be undone, in reverse order, on success, error and signal alike. */

import { messageOf } from '../base/errors.js';
import { type Foreign, quoting } from '../base/foreign.js';

export class CleanUp {
  readonly #steps: { what: string; undo: () => Promise<void> | void }[] = [];

  /** @param what "removing container 0123…": named when the step itself fails */
  add(what: string, undo: () => Promise<void> | void): void {
    this.#steps.push({ what, undo });
  }

  /** Runs every step, whatever the others do; returns what failed, in words. */
  async run(): Promise<Foreign[]> {
    const failures: Foreign[] = [];
    for (;;) {
      const step = this.#steps.pop();
      if (step === undefined) return failures;
      try {
        await step.undo();
      } catch (error) {
        failures.push(quoting`${step.what}: ${messageOf(error)}`);
      }
    }
  }
}
