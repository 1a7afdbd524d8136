/** Where an export goes: a file that is there whole or not at all, or standard output. */
import { DitError, EXIT, messageOf } from '../../base/errors.js';
import type { Output } from '../output.js';
import { WholeFile } from '../write-whole-file.js';

type Chunks = Iterable<string | Uint8Array>;

/** What a trace tells is not for everybody on the machine. */
const MODE = 0o600;

/** A WholeFile that somebody named: every method throws DitError output-unwritable. */
export class NamedFile {
  readonly #name: string;
  readonly #file: WholeFile;

  constructor(name: string) {
    this.#name = name;
    this.#file = this.#tried(() => new WholeFile(name, MODE));
  }

  /** What is written to until it is kept. */
  get path(): string {
    return this.#file.path;
  }

  /** @returns bytes */
  write(chunk: string | Uint8Array): number {
    return this.#tried(() => this.#file.write(chunk));
  }

  keep(): void {
    this.#tried(() => this.#file.keep());
  }

  discard(): void {
    this.#tried(() => this.#file.discard());
  }

  #tried<T>(act: () => T): T {
    try {
      return act();
    } catch (error) {
      throw unwritable(this.#name, error);
    }
  }
}

/** @returns bytes @throws DitError output-unwritable; whatever the chunks throw. Then nothing is left behind. */
export function writeToFile(path: string, chunks: Chunks): number {
  const file = new NamedFile(path);
  let bytes = 0;
  try {
    for (const chunk of chunks) bytes += file.write(chunk);
  } catch (error) {
    file.discard();
    throw error;
  }
  file.keep();
  return bytes;
}

/** Before long work whose result goes there. @throws DitError output-unwritable */
export function needWritable(path: string): void {
  new NamedFile(path).discard();
}

export async function writeToStdout(stdout: Output, chunks: Chunks): Promise<void> {
  for (const chunk of chunks) {
    await stdout.write(chunk);
    if (stdout.closed) return;
  }
}

export const unwritable = (path: string, error: unknown): DitError =>
  new DitError({
    code: 'output-unwritable',
    exitCode: EXIT.usage,
    message: `"${path}" cannot be written: ${messageOf(error)}`,
    remedy: 'name another file with -o FILE, or make room',
    cause: error,
  });
