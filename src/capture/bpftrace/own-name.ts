/**
 * This process renames itself to what it is called already: nothing changes, and task:task_rename fires. Between
 * two readings of CLOCK_MONOTONIC, that tells what bpftrace's clock is ahead.
 */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import type { Rename } from './ahead.js';

const COMM = '/proc/self/comm';

export class OwnName {
  readonly #descriptor = openSync(COMM, 'w');
  readonly #comm = readFileSync(COMM, 'utf8').trimEnd();

  write(): Rename {
    const before = process.hrtime.bigint();
    writeSync(this.#descriptor, this.#comm);
    return { before, after: process.hrtime.bigint() };
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}
