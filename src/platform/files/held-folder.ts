/**
 * A folder held by a descriptor. Whatever happens to its path meanwhile, what is done through it happens in that
 * folder: names are single components, and a link in its place is never followed. For folders that others write to.
 */
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  opendirSync,
  openSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  type Stats,
  unlinkSync,
} from 'node:fs';
import { systemErrorCode } from '../../base/errors.js';
import type { Owner } from './owner.js';

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;
const onLinux = process.platform === 'linux';
/** <fcntl.h>'s, which Node does not name: only a place in the tree, nothing is opened. */
export const O_PATH = onLinux ? 0o10000000 : O_RDONLY;

/** Something else lies where a regular file was expected: a FIFO, a device, a folder, a link. */
export class NotAFileError extends Error {
  readonly code = 'NOT_A_FILE';
  /** "a FIFO" */
  readonly kind: string;

  constructor(path: string, stat: Stats) {
    const kind = kindOf(stat);
    super(`'${path}' is ${kind}, not a regular file`);
    this.kind = kind;
  }
}

export function kindOf(stat: Stats): string {
  if (stat.isFile()) return 'a regular file';
  if (stat.isDirectory()) return 'a folder';
  if (stat.isSymbolicLink()) return 'a symbolic link';
  if (stat.isFIFO()) return 'a FIFO';
  return stat.isSocket() ? 'a socket' : 'a device';
}

export class HeldFolder {
  readonly descriptor: number;
  /** For messages only. */
  readonly path: string;
  /** What leads into the folder. Elsewhere than on Linux there is nothing but its path. */
  readonly #entrance: string;

  /** @param descriptor of a folder; `close` closes it */
  constructor(descriptor: number, path: string) {
    this.descriptor = descriptor;
    this.path = path;
    this.#entrance = onLinux ? `/proc/self/fd/${descriptor}` : path;
  }

  /** Follows links: for paths that nobody else can change. @throws the system's error */
  static open(path: string): HeldFolder {
    return new HeldFolder(openSync(path, O_PATH | O_DIRECTORY), path);
  }

  /** Of the folder itself. */
  stat(): Stats {
    return fstatSync(this.descriptor);
  }

  /** To another user. What a file system cannot do stays undone: root can still use it. */
  give({ uid, gid }: Owner, mode: number): void {
    this.#opened((folder) => {
      try {
        fchownSync(folder, uid, gid);
        fchmodSync(folder, mode);
      } catch {
        // vfat and some network file systems have no owners.
      }
    });
  }

  /** ".." @throws the system's error */
  parent(): HeldFolder {
    const above = openSync(`${this.#entrance}/..`, O_PATH | O_DIRECTORY);
    return new HeldFolder(above, this.pathOf('..'));
  }

  /** @throws the system's error; ENOTDIR for a link */
  folder(name: string): HeldFolder {
    const descriptor = this.#in(name, (path) => openSync(path, O_PATH | O_DIRECTORY | O_NOFOLLOW));
    return new HeldFolder(descriptor, this.pathOf(name));
  }

  /** @throws the system's error */
  makeFolder(name: string, mode = 0o777): void {
    this.#in(name, (path) => mkdirSync(path, mode));
  }

  /** A new regular file. @param flags beside O_CREAT and O_EXCL @throws the system's error: EEXIST … */
  create(name: string, flags: number, mode = 0o600): number {
    return this.#in(name, (path) => openSync(path, flags | O_CREAT | O_EXCL | O_NOFOLLOW, mode));
  }

  /** A regular file that is there; nothing else is ever opened. @throws NotAFileError, the system's error */
  file(name: string, flags: number): number {
    const place = this.place(name);
    try {
      return openPlace(place, flags, this.pathOf(name));
    } finally {
      closeSync(place);
    }
  }

  /** A descriptor of what lies there, a link itself too, that cannot be read or written. */
  place(name: string): number {
    return this.#in(name, (path) => openSync(path, O_PATH | O_NOFOLLOW));
  }

  /** Of a link itself. @returns undefined where nothing has this name */
  statOf(name: string): Stats | undefined {
    return this.#in(name, (path) => lstatSync(path, { throwIfNoEntry: false }));
  }

  linkOf(name: string): string {
    return this.#in(name, (path) => readlinkSync(path));
  }

  rename(from: string, to: string): void {
    this.#in(from, (old) => this.#in(to, (path) => renameSync(old, path)));
  }

  /** A link itself goes, not what it leads to. */
  unlink(name: string): void {
    this.#in(name, (path) => unlinkSync(path));
  }

  /** An empty folder. */
  removeFolder(name: string): void {
    this.#in(name, (path) => rmdirSync(path));
  }

  /** Waits until what was made and removed in it is on the disk. */
  sync(): void {
    this.#opened((folder) => {
      try {
        fsyncSync(folder);
      } catch (error) {
        // Some file systems have no such thing for folders.
        if (systemErrorCode(error) !== 'EINVAL') throw error;
      }
    });
  }

  /** In the order of the disk, one by one: there may be more than memory takes. */
  *names(): Generator<string> {
    const opened = opendirSync(this.entranceOfItself());
    try {
      for (let entry = opened.readSync(); entry !== null; entry = opened.readSync()) {
        yield entry.name;
      }
    } finally {
      opened.closeSync();
    }
  }

  /** For programs and libraries that want a path; valid while the folder is held, only in this process. */
  entrance(name: string): string {
    return this.#in(name, (path) => path);
  }

  entranceOfItself(): string {
    return `${this.#entrance}/.`;
  }

  pathOf(name: string): string {
    return this.path.endsWith('/') ? `${this.path}${name}` : `${this.path}/${name}`;
  }

  close(): void {
    closeSync(this.descriptor);
  }

  /** With a descriptor of it that can do more than name it. */
  #opened(act: (folder: number) => void): void {
    const folder = openSync(this.entranceOfItself(), O_RDONLY | O_DIRECTORY);
    try {
      act(folder);
    } finally {
      closeSync(folder);
    }
  }

  /** Errors name the path that people know. */
  #in<T>(name: string, act: (path: string) => T): T {
    if (name === '' || name === '.' || name === '..' || name.includes('/')) {
      throw new Error(`'${name}' is not a file name`);
    }
    try {
      return act(`${this.#entrance}/${name}`);
    } catch (error) {
      if (error instanceof Error) {
        error.message = error.message.replaceAll(`${this.#entrance}/`, () => this.pathOf(''));
      }
      throw error;
    }
  }
}

/**
 * Opens the regular file at a place that `HeldFolder.place` or openat2 gave. A device or FIFO is not touched: to open
 * one may already do something.
 */
export function openPlace(place: number, flags: number, path: string): number {
  const stat = fstatSync(place);
  if (!stat.isFile()) throw new NotAFileError(path, stat);
  return openSync(onLinux ? `/proc/self/fd/${place}` : path, flags | O_NONBLOCK);
}

/** Deeper folders are brought to the top first: a tree may be deeper than there are descriptors. */
const MOST_DEPTH = 64;

/**
 * Removes a file, or a folder with all that is in it, while others may still change it. Never leaves the tree.
 * @throws the system's error: of what is on a read-only or mounted file system
 */
export function removeTree(parent: HeldFolder, name: string): void {
  const stat = parent.statOf(name);
  if (stat === undefined) return;
  if (!stat.isDirectory()) {
    ignoreMissing(() => parent.unlink(name));
    return;
  }
  const top = parent.folder(name);
  let moved = 0;
  const empty = (folder: HeldFolder, depth: number): void => {
    for (const child of [...folder.names()]) {
      if (folder.statOf(child)?.isDirectory() !== true) {
        ignoreMissing(() => folder.unlink(child));
      } else if (depth < MOST_DEPTH) {
        const below = folder.folder(child);
        try {
          empty(below, depth + 1);
        } finally {
          below.close();
        }
        folder.removeFolder(child);
      } else {
        renameSync(folder.entrance(child), top.entrance(`dit-deep-${moved++}`));
      }
    }
  };
  try {
    let before: number;
    do {
      before = moved;
      empty(top, 0);
    } while (moved > before);
  } finally {
    top.close();
  }
  parent.removeFolder(name);
}

function ignoreMissing(act: () => void): void {
  try {
    act();
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
  }
}
