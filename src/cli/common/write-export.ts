/** Where an output goes that somebody named: a file, a device or FIFO as a shell takes it, or standard output. */

import { DitError, EXIT, messageOf, systemErrorCode } from '../../base/errors.js';
import { quoting } from '../../base/foreign.js';
import { checkOutput, type OutputFile, openOutput } from '../../platform/files/output-file.js';
import { sudoUser } from '../../platform/files/owner.js';
import type { NewFile } from '../../platform/files/whole-file.js';
import type { CommandContext } from './context.js';
import type { Output } from './output.js';

type Env = CommandContext['env'];
type Chunks = Iterable<string | Uint8Array>;

/** Files of results are their user's; what a trace tells is not for everybody on the machine. */
const newFile = (env: Env): NewFile => ({ mode: 0o600, owner: sudoUser(env) });

/** An OutputFile that somebody named: every method throws DitError output-unwritable. */
export class NamedFile {
  readonly #name: string;
  readonly #file: OutputFile;

  private constructor(name: string, file: OutputFile) {
    this.#name = name;
    this.#file = file;
  }

  /** @param signal ends the wait for who reads a FIFO; absent: a signal ends the process */
  static async open(name: string, env: Env, signal?: AbortSignal): Promise<NamedFile> {
    try {
      return new NamedFile(name, await openOutput(name, newFile(env), signal));
    } catch (error) {
      signal?.throwIfAborted();
      throw unwritable(name, error);
    }
  }

  /** See OutputFile. */
  get entrance(): string | undefined {
    return this.#file.entrance;
  }

  /** @returns bytes */
  async write(chunk: string | Uint8Array): Promise<number> {
    try {
      return await this.#file.write(chunk);
    } catch (error) {
      throw unwritable(this.#name, error);
    }
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
export async function writeToFile(path: string, chunks: Chunks, env: Env): Promise<number> {
  const file = await NamedFile.open(path, env);
  let bytes = 0;
  try {
    for (const chunk of chunks) bytes += await file.write(chunk);
  } catch (error) {
    file.discard();
    throw error;
  }
  file.keep();
  return bytes;
}

/** Before long work whose result goes there. @throws DitError output-unwritable */
export function needWritable(path: string, env: Env): void {
  try {
    checkOutput(path, newFile(env));
  } catch (error) {
    throw unwritable(path, error);
  }
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
    message: quoting`"${path}" cannot be written: ${messageOf(error)}`,
    remedy:
      systemErrorCode(error) === 'ENOSPC'
        ? 'make room, or name another file with -o FILE'
        : 'name another file with -o FILE',
    cause: error,
  });
