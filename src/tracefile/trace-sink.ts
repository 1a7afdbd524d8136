/** Where a trace file's frames go: a file of mode 0600, or memory. */
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  openSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { DitError, EXIT, messageOf, systemErrorCode } from '../base/errors.js';

export interface TraceSink {
  /** Appends all of `frame`, or throws DitError and leaves the file at its last whole frame. */
  write(frame: Uint8Array): void;
  close(): void;
}

export interface FileSinkOptions {
  /** Replace what a file of this name holds; without it an existing file is an error. */
  readonly overwrite?: boolean;
}

/** Creates the file at `path`. Frames are written with one write(2) each: kill -9 leaves whole frames. */
export function fileSink(path: string, options: FileSinkOptions = {}): TraceSink {
  const fd = open(path, options.overwrite === true);
  const isRegular = fstatSync(fd).isFile();
  let size = 0;

  return {
    write(frame) {
      try {
        let written = 0;
        while (written < frame.length) written += writeSync(fd, frame, written);
        size += frame.length;
      } catch (error) {
        if (isRegular) ftruncateSync(fd, size);
        throw unwritable(path, error);
      }
    },
    close() {
      try {
        closeSync(fd);
        // A file without a header is no trace; it would only be in the way of the next attempt.
        if (isRegular && size === 0) rmSync(path, { force: true });
      } catch (error) {
        throw unwritable(path, error);
      }
    },
  };
}

function open(path: string, overwrite: boolean): number {
  // O_NONBLOCK: opening a FIFO that nobody reads fails at once instead of waiting for ever.
  const { O_WRONLY, O_CREAT, O_EXCL, O_NONBLOCK } = constants;
  const flags = O_WRONLY | O_CREAT | (O_NONBLOCK ?? 0) | (overwrite ? 0 : O_EXCL);
  let fd: number;
  try {
    fd = openSync(path, flags, 0o600);
  } catch (error) {
    throw systemErrorCode(error) === 'EEXIST' ? exists(path) : unwritable(path, error);
  }
  try {
    const stat = fstatSync(fd);
    if (stat.isFIFO() || stat.isSocket()) throw new Error('it is a pipe');
    if (stat.isFile()) {
      fchmodSync(fd, 0o600);
      ftruncateSync(fd, 0);
    }
  } catch (error) {
    closeSync(fd);
    throw unwritable(path, error);
  }
  return fd;
}

const exists = (path: string): DitError =>
  new DitError({
    code: 'trace-exists',
    exitCode: EXIT.usage,
    message: `"${path}" exists already`,
    remedy: 'choose another name with -o FILE, or remove it first',
  });

function unwritable(path: string, error: unknown): DitError {
  return new DitError({
    code: 'trace-unwritable',
    exitCode: EXIT.capability,
    message: `cannot write the trace "${path}": ${messageOf(error)}`,
    remedy: remedyFor(path, systemErrorCode(error)),
    cause: error,
  });
}

function remedyFor(path: string, code: string | undefined): string {
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return `free space there (df -h ${quoted(dirname(path))}), or write elsewhere with -o FILE`;
    case 'ENOENT':
      return `mkdir -p ${quoted(dirname(path))}`;
    default:
      return 'write elsewhere with -o FILE';
  }
}

const quoted = (path: string): string =>
  /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;

/** A sink that keeps the file in memory. */
export class MemorySink implements TraceSink {
  readonly #frames: Uint8Array[] = [];

  write(frame: Uint8Array): void {
    this.#frames.push(frame.slice());
  }

  close(): void {}

  bytes(): Uint8Array {
    return Buffer.concat(this.#frames);
  }
}
