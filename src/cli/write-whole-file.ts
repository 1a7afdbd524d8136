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
export function temporaryName(path: string): string {
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
    // A link stays one: it is the file behind it that is replaced.
    this.#target = stat === undefined ? path : realpathSync(path);
    const replaced = stat === undefined || stat.isFile();
    this.path = replaced ? temporaryName(this.#target) : this.#target;
    this.#file = openSync(this.path, 'w', stat?.isFile() === true ? stat.mode & 0o777 : mode);
  }

  /** @returns bytes */
  write(chunk: string | Uint8Array): number {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at);
    return bytes.length;
  }

  keep(): void {
    closeSync(this.#file);
    if (this.path !== this.#target) renameSync(this.path, this.#target);
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
