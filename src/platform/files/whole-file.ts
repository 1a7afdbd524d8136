/**
 * Files that are there whole or not at all, whoever else reads or writes at the time, in folders that other users may
 * write to as well. The one writer of dit's files: nothing is opened by a name that somebody could have foreseen,
 * and what changes its owner is the file that was opened, whatever has its name by then.
 */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  readSync,
  type Stats,
  writeSync,
} from 'node:fs';
import { systemErrorCode } from '../../base/errors.js';
import { type HeldFolder, NotAFileError } from './held-folder.js';
import { isInput } from './input-files.js';
import { isRoot, type Owner } from './owner.js';
import { findPlace, type NamedPlace } from './safe-path.js';

export interface NewFile {
  /** Of a file that is new; one that is replaced keeps its own. */
  readonly mode: number;
  /** Whose a new file is; undefined: dit's own user's. One that is replaced stays its owner's. */
  readonly owner: Owner | undefined;
}

/** Every method throws the system's error, or one that says why the file is left alone. */
export class WholeFile {
  readonly #folder: HeldFolder;
  readonly #name: string;
  readonly #owner: Owner | undefined;
  readonly #temporary = `.dit-${randomBytes(12).toString('hex')}.tmp`;
  readonly #file: number;
  readonly #replaced: Stats | undefined;

  constructor(path: string, options: NewFile) {
    const { folder, name } = regularPlace(path);
    this.#folder = folder;
    this.#name = name;
    this.#owner = options.owner;
    try {
      this.#replaced = folder.statOf(name);
      if (this.#replaced !== undefined) {
        refuse(path, this.#replaced, folder.stat(), options.owner);
      }
      this.#file = folder.create(this.#temporary, constants.O_RDWR, options.mode);
    } catch (error) {
      folder.close();
      throw error;
    }
  }

  /** The open file for programs of the same user that want a path; good until it is kept. */
  get entrance(): string {
    return process.platform === 'linux'
      ? `/proc/${process.pid}/fd/${this.#file}`
      : this.#folder.entrance(this.#temporary);
  }

  /** @returns bytes */
  write(chunk: string | Uint8Array): number {
    return writeAll(this.#file, chunk);
  }

  /** Takes its name. */
  keep(): void {
    try {
      // What was read since may be what lies there.
      const there = this.#folder.statOf(this.#name);
      if (there !== undefined && isInput(there))
        throw new InputError(this.#folder.pathOf(this.#name));
      if (this.#replaced !== undefined) becomeLike(this.#file, this.#replaced);
      else if (this.#owner !== undefined) giveFile(this.#file, this.#owner);
      this.#folder.rename(this.#temporary, this.#name);
    } catch (error) {
      this.discard();
      throw error;
    }
    this.#close();
  }

  discard(): void {
    try {
      this.#folder.unlink(this.#temporary);
    } catch (error) {
      if (systemErrorCode(error) !== 'ENOENT') throw error;
    } finally {
      this.#close();
    }
  }

  #close(): void {
    closeSync(this.#file);
    this.#folder.close();
  }
}

/** @throws the system's error; nothing is left behind */
export function writeWholeFile(path: string, bytes: string | Uint8Array, options: NewFile): void {
  const file = new WholeFile(path, options);
  try {
    file.write(bytes);
  } catch (error) {
    file.discard();
    throw error;
  }
  file.keep();
}

/**
 * A new file that takes its name at once, for what must be readable while it is written.
 * @param flags beside O_CREAT and O_EXCL
 * @throws the system's error: EEXIST …
 */
export function createFile(
  { folder, name }: NamedPlace,
  flags: number,
  { mode, owner }: NewFile,
): number {
  const file = folder.create(name, flags, mode);
  if (owner !== undefined) giveFile(file, owner);
  return file;
}

/** The first bytes of what would be replaced, as text. @throws NotAFileError, the system's error */
export function readBegin(path: string, length: number): string {
  const { folder, name } = regularPlace(path);
  try {
    const file = folder.file(name, constants.O_RDONLY);
    const bytes = Buffer.alloc(length);
    const read = readSync(file, bytes);
    closeSync(file);
    return bytes.toString('utf8', 0, read);
  } finally {
    folder.close();
  }
}

/** A regular file to be written on, made where it is missing. @throws NotAFileError, the system's error */
export function openToExtend(path: string, options: NewFile): number {
  const place = regularPlace(path);
  const { folder, name } = place;
  try {
    const there = folder.statOf(name);
    if (there === undefined) return createFile(place, constants.O_RDWR, options);
    return folder.file(name, constants.O_RDWR);
  } finally {
    folder.close();
  }
}

/** That it is not there is what is wanted. @throws the system's error */
export function removeFile(path: string): void {
  try {
    const { folder, name } = regularPlace(path);
    try {
      folder.unlink(name);
    } finally {
      folder.close();
    }
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
  }
}

/** @returns bytes */
export function writeAll(file: number, chunk: string | Uint8Array): number {
  const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
  return bytes.length;
}

/** The command reads this file. */
export class InputError extends Error {
  readonly code = 'IS_INPUT';

  constructor(path: string) {
    super(`'${path}' is read by this command and is not overwritten`);
  }
}

function regularPlace(path: string): NamedPlace {
  const found = findPlace(path);
  if (found.folder !== undefined) return found;
  const stat = fstatSync(found.place);
  closeSync(found.place);
  throw new NotAFileError(path, stat);
}

function refuse(path: string, there: Stats, folder: Stats, owner: Owner | undefined): void {
  if (!there.isFile()) throw new NotAFileError(path, there);
  if (isInput(there)) throw new InputError(path);
  // As the kernel with fs.protected_regular: it was put there for whoever uses this name.
  const isShared = (folder.mode & 0o1002) === 0o1002;
  const known = [0, process.geteuid?.(), owner?.uid, folder.uid];
  if (isShared && !known.includes(there.uid)) {
    throw new Error(`'${path}' belongs to user ${there.uid}, in a folder that all may write to`);
  }
  if (!isRoot() && there.uid !== process.geteuid?.()) {
    throw new Error(`'${path}' belongs to user ${there.uid}, and would not stay theirs`);
  }
}

/** Owner first: it clears bits of the mode. @throws where a group is not this user's */
function becomeLike(file: number, { uid, gid, mode }: Stats): void {
  const own = fstatSync(file);
  if (own.uid !== uid || own.gid !== gid) fchownSync(file, uid, gid);
  fchmodSync(file, mode & 0o777);
}

/** What a file system cannot do stays undone: root can still read it. */
function giveFile(file: number, { uid, gid }: Owner): void {
  try {
    fchownSync(file, uid, gid);
  } catch {
    // vfat and some network file systems have no owners.
  }
}
