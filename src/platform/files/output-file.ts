/**
 * A file that somebody named for an output, as a shell's redirection would treat it: a regular file is replaced when
 * the new one is whole; a FIFO waits for its reader; a device is written to as it is.
 */
import { closeSync, constants, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemErrorCode } from '../../base/errors.js';
import { kindOf } from './held-folder.js';
import { isInput } from './input-files.js';
import { findPlace, type NamedPlace } from './safe-path.js';
import { InputError, type NewFile, WholeFile } from './whole-file.js';

export interface OutputFile {
  /** For libraries that write by themselves; good until it is kept. undefined: bytes can only follow one another. */
  readonly entrance: string | undefined;
  /** @returns bytes */
  write(chunk: string | Uint8Array): Promise<number>;
  keep(): void;
  discard(): void;
}

/** Between two looks whether a FIFO has a reader, or takes more. */
const LOOK_EVERY_MS = 20;

/**
 * @param signal ends the wait for a FIFO's reader, and for one that does not read
 * @throws the system's error, and its kin; the signal's reason
 */
export async function openOutput(
  path: string,
  options: NewFile,
  signal?: AbortSignal,
): Promise<OutputFile> {
  const place = specialPlace(path);
  if (place === undefined) {
    const file = new WholeFile(path, options);
    return {
      entrance: file.entrance,
      write: async (chunk) => file.write(chunk),
      keep: () => file.keep(),
      discard: () => file.discard(),
    };
  }
  try {
    return await openSpecial(place, path, signal);
  } finally {
    closeSync(place);
  }
}

/** Whether `openOutput` will give a file, without waiting for anybody. @throws as it does */
export function checkOutput(path: string, options: NewFile): void {
  const place = specialPlace(path);
  if (place === undefined) {
    new WholeFile(path, options).discard();
    return;
  }
  try {
    refuseSocket(place, path);
  } finally {
    closeSync(place);
  }
}

/** @returns a descriptor that only names what is there; undefined where it is a regular file, or nothing */
function specialPlace(path: string): number | undefined {
  const found = findPlace(path);
  if (found.folder === undefined) return found.place;
  try {
    const stat = found.folder.statOf(found.name);
    const isWhole = stat === undefined || stat.isFile() || stat.isDirectory();
    return isWhole ? undefined : placeOfSpecial(found);
  } finally {
    found.folder.close();
  }
}

/** It may have been exchanged since it was looked at. */
function placeOfSpecial({ folder, name }: NamedPlace): number {
  const place = folder.place(name);
  const stat = fstatSync(place);
  if (!stat.isSymbolicLink() && !stat.isFile()) return place;
  closeSync(place);
  throw new Error(`'${folder.pathOf(name)}' is exchanged while it is opened`);
}

function refuseSocket(place: number, path: string): void {
  const stat = fstatSync(place);
  if (stat.isSocket() || stat.isDirectory()) throw new Error(`'${path}' is ${kindOf(stat)}`);
}

async function openSpecial(
  place: number,
  path: string,
  signal: AbortSignal | undefined,
): Promise<OutputFile> {
  refuseSocket(place, path);
  const stat = fstatSync(place);
  const file = await openForWriting(place, path, stat.isFIFO(), signal);
  if (stat.isFile()) {
    // What /dev/stdout was redirected to.
    if (isInput(stat)) {
      closeSync(file);
      throw new InputError(path);
    }
    ftruncateSync(file);
  }
  return {
    entrance: undefined,
    write: (chunk) => writePatiently(file, chunk, signal),
    keep: () => closeSync(file),
    discard: () => closeSync(file),
  };
}

/** Never waits inside the kernel: there no signal would be served. */
async function openForWriting(
  place: number,
  path: string,
  isFifo: boolean,
  signal: AbortSignal | undefined,
): Promise<number> {
  const entrance = `/proc/self/fd/${place}`;
  for (;;) {
    signal?.throwIfAborted();
    try {
      return openSync(entrance, constants.O_WRONLY | constants.O_NONBLOCK);
    } catch (error) {
      // Nobody reads yet.
      if (isFifo && systemErrorCode(error) === 'ENXIO') {
        await sleep(LOOK_EVERY_MS);
        continue;
      }
      if (error instanceof Error) error.message = error.message.replaceAll(entrance, () => path);
      throw error;
    }
  }
}

async function writePatiently(
  file: number,
  chunk: string | Uint8Array,
  signal: AbortSignal | undefined,
): Promise<number> {
  const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(file, bytes, at);
    } catch (error) {
      if (systemErrorCode(error) !== 'EAGAIN') throw error;
      signal?.throwIfAborted();
      await sleep(LOOK_EVERY_MS);
    }
  }
  return bytes.length;
}
