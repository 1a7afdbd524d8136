/** Files that are there whole or not at all, whoever else reads or writes at the time. */
import {
  closeSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** A name beside `path`, hidden, and of a kind that nothing reads. */
function temporaryName(path: string): string {
  return join(dirname(path), `.${basename(path).slice(0, 200)}.${process.pid}.tmp`);
}

/**
 * A file that takes its name when it is whole. What is no regular file (a device, a pipe) is written to as it is: it
 * must not be replaced. Every method throws the system's error.
 */
export class WholeFile {
  /** What is written to until it is kept. */
  readonly path: string;
  readonly #target: string;
  readonly #file: number;

  /** @param mode of a file that is new */
  constructor(path: string, mode = 0o666) {
    const stat = statSync(path, { throwIfNoEntry: false });
    const isFile = stat?.isFile() === true;
    // A link stays one: it is the file behind it that is replaced. A pipe has no path but its link, /dev/stdout.
    this.#target = isFile ? realpathSync(path) : path;
    this.path = isFile || stat === undefined ? temporaryName(this.#target) : path;
    this.#file = openSync(this.path, 'w', isFile ? stat.mode & 0o777 : mode);
  }

  /** @returns bytes */
  write(chunk: string | Uint8Array): number {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at);
    return bytes.length;
  }

  keep(): void {
    closeSync(this.#file);
    if (this.path === this.#target) return;
    try {
      renameSync(this.path, this.#target);
    } catch (error) {
      rmSync(this.path, { force: true });
      throw error;
    }
  }

  discard(): void {
    closeSync(this.#file);
    if (this.path !== this.#target) rmSync(this.path, { force: true });
  }
}

/** @throws the system's error; nothing is left behind */
export function writeWholeFile(path: string, bytes: Uint8Array): void {
  const file = new WholeFile(path);
  try {
    file.write(bytes);
  } catch (error) {
    file.discard();
    throw error;
  }
  file.keep();
}
