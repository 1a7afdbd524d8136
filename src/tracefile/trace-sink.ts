/** Where a trace file's frames go: a file of mode 0600, or memory. */

import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  openSync,
  type Stats,
} from 'node:fs';
import { dirname } from 'node:path';
import { DitError, EXIT, messageOf, systemErrorCode } from '../base/errors.js';
import { quoting } from '../base/foreign.js';
import { kindOf } from '../platform/files/held-folder.js';
import type { Owner } from '../platform/files/owner.js';
import { findPlace, type NamedPlace } from '../platform/files/safe-path.js';
import { createFile, writeAll } from '../platform/files/whole-file.js';

export interface TraceSink {
  /** Appends all of `frame`, or throws DitError and leaves the file at its last whole frame. */
  write(frame: Uint8Array): void;
  close(): void;
  /** In place of `close`: nothing of it stays. */
  discard?(): void;
}

export interface FileSinkOptions {
  /** Whose the file is; undefined: dit's own user's. */
  readonly owner?: Owner | undefined;
}

/** Only the owner may read a trace: it holds command lines. */
const MODE = 0o600;

/**
 * Creates the file at `path`; one that is there is an error, but for a device. Frames are written with one write(2)
 * each: kill -9 leaves whole frames.
 */
export function fileSink(path: string, options: FileSinkOptions = {}): Required<TraceSink> {
  const { file, made } = open(path, options.owner);
  let size = 0;
  const remove = (): void => {
    if (made?.folder.statOf(made.name)?.ino === fstatSync(file).ino) made.folder.unlink(made.name);
  };
  const end = (removes: boolean): void => {
    try {
      if (removes) remove();
      closeSync(file);
    } catch (error) {
      throw unwritable(path, error);
    } finally {
      made?.folder.close();
    }
  };

  return {
    write(frame) {
      try {
        size += writeAll(file, frame);
      } catch (error) {
        if (made !== undefined) ftruncateSync(file, size);
        throw unwritable(path, error);
      }
    },
    // A file without a header is not a trace; it would only be in the way of the next attempt.
    close: () => end(size === 0),
    discard: () => end(true),
  };
}

interface OpenedFile {
  readonly file: number;
  /** Held until it is closed; undefined where a device was opened. */
  readonly made: NamedPlace | undefined;
}

function open(path: string, owner: Owner | undefined): OpenedFile {
  let found: ReturnType<typeof findPlace>;
  try {
    found = findPlace(path);
  } catch (error) {
    throw unwritable(path, error);
  }
  if (found.folder === undefined) return { file: openDevice(found.place, path), made: undefined };
  try {
    const stat = found.folder.statOf(found.name);
    if (stat?.isFile() === true) throw exists(path);
    if (stat !== undefined) {
      const file = openDevice(found.folder.place(found.name), path);
      found.folder.close();
      return { file, made: undefined };
    }
    const file = createFile(found, constants.O_WRONLY, { mode: MODE, owner });
    // Whatever the umask is.
    fchmodSync(file, MODE);
    return { file, made: found };
  } catch (error) {
    found.folder.close();
    if (error instanceof DitError) throw error;
    throw systemErrorCode(error) === 'EEXIST' ? exists(path) : unwritable(path, error);
  }
}

/** Takes the place over. A recording must not wait for a FIFO's reader, nor read it back from a socket. */
function openDevice(place: number, path: string): number {
  try {
    const stat = fstatSync(place);
    if (stat.isFile()) throw exists(path);
    if (!isDevice(stat)) throw new Error(`it is ${kindOf(stat)}`);
    return openSync(`/proc/self/fd/${place}`, constants.O_WRONLY);
  } catch (error) {
    throw error instanceof DitError ? error : unwritable(path, error);
  } finally {
    closeSync(place);
  }
}

const isDevice = (stat: Stats): boolean => stat.isCharacterDevice() || stat.isBlockDevice();

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
    exitCode: EXIT.usage,
    message: quoting`cannot write the trace "${path}": ${messageOf(error)}`,
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
