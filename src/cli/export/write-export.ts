/** Where an export goes: a file that is there whole or not at all, or standard output. */
import { DitError, EXIT, messageOf } from '../../base/errors.js';
import type { Output } from '../output.js';
import { WholeFile } from '../write-whole-file.js';

type Chunks = Iterable<string | Uint8Array>;

/** What a trace tells is not for everybody on the machine. */
const MODE = 0o600;

/** @returns bytes @throws DitError output-unwritable; whatever the chunks throw. Then nothing is left behind. */
export function writeToFile(path: string, chunks: Chunks): number {
  const tried = <T>(act: () => T): T => {
    try {
      return act();
    } catch (error) {
      throw unwritable(path, error);
    }
  };
  const file = tried(() => new WholeFile(path, MODE));
  let bytes = 0;
  try {
    for (const chunk of chunks) bytes += tried(() => file.write(chunk));
  } catch (error) {
    file.discard();
    throw error;
  }
  tried(() => file.keep());
  return bytes;
}

/** Before long work whose result goes there. @throws DitError output-unwritable */
export function needWritable(path: string): void {
  try {
    new WholeFile(path, MODE).discard();
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

const unwritable = (path: string, error: unknown): DitError =>
  new DitError({
    code: 'output-unwritable',
    exitCode: EXIT.usage,
    message: `"${path}" cannot be written: ${messageOf(error)}`,
    remedy: 'name another file with -o FILE, or make room',
    cause: error,
  });
