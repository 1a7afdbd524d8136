/**
 * This process renames itself to what it is called already: nothing changes, and task:task_rename fires. Between
 * two readings of CLOCK_MONOTONIC, that tells what bpftrace's clock is ahead.
 */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';

const COMM = '/proc/self/comm';

export class OwnName {
  readonly #descriptor = openSync(COMM, 'w');
  readonly #comm = readFileSync(COMM, 'utf8').trimEnd();

  /** @returns absolute CLOCK_MONOTONIC, ns, before and after */
  write(): { readonly before: bigint; readonly after: bigint } {
    const before = process.hrtime.bigint();
    writeSync(this.#descriptor, this.#comm);
    return { before, after: process.hrtime.bigint() };
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}
