/**
 * The file that strace writes to. Not a pipe: a reader that wakes up at every line would slow what is measured
 * even more, and a full pipe would stop it. It has no name, so it is gone when its last user is.
 */
import { closeSync, fstatSync, readSync } from 'node:fs';
import { openTemporaryFile } from '../../platform/files/temporary.js';
import { HANDED_FILE, runProgram } from '../../platform/processes/child-process.js';

/** In memory where there is such a folder: a file on the disk would have an engine's fsync wait for it. */
const MEMORY = '/dev/shm';

const CHUNK_BYTES = 1 << 20;

/** What was read is given back to the system in pieces of this size. */
const RELEASE_BYTES = 16 << 20;

export class StraceLog {
  /** Open for reading and writing. */
  readonly descriptor: number;
  #read = 0;
  #released = 0;

  /** @throws DitError no-temporary-folder (exit 2) */
  constructor() {
    this.descriptor = openTemporaryFile(MEMORY);
  }

  /** Bytes that have not been read. */
  get pending(): number {
    return fstatSync(this.descriptor).size - this.#read;
  }

  /** What was written since the last call, in pieces. */
  *read(): Generator<Uint8Array> {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    for (;;) {
      const bytes = readSync(this.descriptor, chunk, 0, chunk.length, this.#read);
      if (bytes === 0) break;
      this.#read += bytes;
      yield chunk.subarray(0, bytes);
    }
    if (this.#read - this.#released >= RELEASE_BYTES) this.#release();
  }

  close(): void {
    closeSync(this.descriptor);
  }

  /** A hole in the file: Node has no fallocate(2). Where the program is missing, the file only grows. */
  #release(): void {
    const length = this.#read - this.#released;
    const args = ['--punch-hole', '--offset', String(this.#released), '--length', String(length)];
    this.#released = this.#read;
    // Nobody waits for it.
    runProgram('fallocate', [...args, HANDED_FILE], { files: [this.descriptor] }).catch(() => {});
  }
}
