/**
 * Paths that people name, walked folder by folder with descriptors, so that none can be exchanged on the way.
 *
 * As root dit follows links as the kernel does, but for those that another user could have arranged: a link of his, or
 * one in a folder that is his or anybody's. Such a link is followed only to where its arranger may write himself: into
 * a folder that is his. Else he would have root write, make or read for him what he cannot. The one who called sudo is
 * another user: programs of his that are not root arrange links too.
 */
import { closeSync, constants, fstatSync, openSync, type Stats, statfsSync } from 'node:fs';
import { systemErrorCode } from '../../base/errors.js';
import { asSystemError, loadAddon } from '../addon.js';
import { HeldFolder, O_PATH } from './held-folder.js';
import { isRoot, type Owner } from './owner.js';

/** What the kernel allows. */
const MOST_LINKS = 40;
/** <linux/magic.h>: links there lead to open files and to the roots of processes, whatever they read as. */
const PROC_SUPER_MAGIC = 0x9fa0;
/** Of a link that anybody can exchange. */
const ANYBODY = -1;

/** A name in a folder; nothing, or something other than a link, lies there. The caller closes the folder. */
export interface NamedPlace {
  readonly folder: HeldFolder;
  readonly name: string;
}

/** What /dev/stdout and its like lead to: an open file, as a descriptor that only names it. The caller closes it. */
export interface OpenPlace {
  readonly folder: undefined;
  readonly place: number;
}

/** Folders that are missing are made. */
export interface MakeFolders {
  readonly mode: number;
  /** Who owns what is made; undefined: dit's own user. */
  readonly owner: Owner | undefined;
  /** Called with each that was made, outermost first. */
  readonly onMade?: (path: string) => void;
}

/** Links at the end are followed too. @throws the system's error; ForeignLinkError */
export function findPlace(path: string): NamedPlace | OpenPlace {
  const walk = new Walk(path, undefined);
  try {
    return walk.toPlace();
  } catch (error) {
    walk.close();
    throw error;
  }
}

/** @throws the system's error; ForeignLinkError */
export function enterFolder(path: string, make?: MakeFolders): HeldFolder {
  const walk = new Walk(path, make);
  try {
    return walk.toFolder();
  } catch (error) {
    walk.close();
    throw error;
  }
}

class ForeignLinkError extends Error {
  readonly code = 'FOREIGN_LINK';

  constructor(path: string, uid: number) {
    const who = uid === ANYBODY ? 'any user' : `user ${uid}`;
    super(
      `the link '${path}' can be exchanged by ${who}, and leads to a folder of another user: root does not follow it`,
    );
  }
}

/** Stands behind the names that a link was exchanged for: whoever arranged it must own what they lead to. */
interface LinkEnd {
  readonly link: string;
  readonly arrangers: readonly number[];
}

class Walk {
  #folder: HeldFolder;
  readonly #left: (string | LinkEnd)[];
  readonly #make: MakeFolders | undefined;
  #links = 0;

  constructor(path: string, make: MakeFolders | undefined) {
    this.#folder = HeldFolder.open(path.startsWith('/') ? '/' : '.');
    this.#left = namesIn(path);
    // "file/" is a folder.
    if (path.endsWith('/')) this.#left.push('.');
    this.#make = make;
  }

  close(): void {
    this.#folder.close();
  }

  toFolder(): HeldFolder {
    for (let next = this.#left.shift(); next !== undefined; next = this.#left.shift()) {
      if (typeof next === 'string') this.#step(next);
      else refuseForeign(next, this.#folder.stat());
    }
    return this.#folder;
  }

  toPlace(): NamedPlace | OpenPlace {
    for (let next = this.#left.shift(); next !== undefined; next = this.#left.shift()) {
      if (typeof next !== 'string') {
        refuseForeign(next, this.#folder.stat());
      } else if (
        next === '.' ||
        next === '..' ||
        this.#left.some((each) => typeof each === 'string')
      ) {
        this.#step(next);
      } else {
        const found = this.#last(next);
        if (found !== undefined) return found;
      }
    }
    throw Object.assign(new Error('EISDIR: it is a folder'), { code: 'EISDIR' });
  }

  /** @returns undefined where it is a link, whose names are what is left now */
  #last(name: string): NamedPlace | OpenPlace | undefined {
    const stat = this.#folder.statOf(name);
    if (stat?.isSymbolicLink() !== true) {
      for (const end of this.#left) refuseForeign(end as LinkEnd, this.#folder.stat());
      return { folder: this.#folder, name };
    }
    const end = this.#follow(name, stat);
    if (end === undefined) return undefined;
    const place = openSync(this.#folder.entrance(name), O_PATH);
    try {
      for (const each of [end, ...this.#left]) refuseForeign(each as LinkEnd, fstatSync(place));
    } catch (error) {
      closeSync(place);
      throw error;
    }
    this.#folder.close();
    return { folder: undefined, place };
  }

  /** Into the folder of this name, or to where a link of this name leads. */
  #step(name: string): void {
    if (name === '.') return;
    if (name === '..') {
      this.#enter(this.#folder.parent());
      return;
    }
    const stat = this.#folder.statOf(name);
    if (stat?.isSymbolicLink() === true) {
      const end = this.#follow(name, stat);
      if (end === undefined) return;
      const path = this.#folder.pathOf(name);
      const inside = openSync(this.#folder.entrance(name), O_PATH | constants.O_DIRECTORY);
      this.#enter(new HeldFolder(inside, path));
      refuseForeign(end, this.#folder.stat());
      return;
    }
    // As mkdir -p: nothing is made at the target of a dangling link.
    const inLink = this.#left.some((each) => typeof each !== 'string');
    if (stat === undefined && !inLink && this.#make !== undefined) {
      this.#makeFolder(name, this.#make);
    }
    this.#enter(this.#folder.folder(name));
  }

  /** Takes the names that a link reads as for those that are left. @returns its end where the kernel must follow it */
  #follow(name: string, stat: Stats): LinkEnd | undefined {
    if (++this.#links > MOST_LINKS) {
      throw Object.assign(new Error('ELOOP: too many symbolic links'), { code: 'ELOOP' });
    }
    const link = this.#folder.pathOf(name);
    const end: LinkEnd = { link, arrangers: arrangersOf(this.#folder.stat(), stat) };
    if (process.platform === 'linux' && isProcFile(this.#folder)) return end;
    const target = this.#folder.linkOf(name);
    if (target.startsWith('/')) this.#enter(HeldFolder.open('/'));
    this.#left.unshift(...namesIn(target), end);
    return undefined;
  }

  #makeFolder(name: string, { mode, owner, onMade }: MakeFolders): void {
    const path = this.#folder.pathOf(name);
    try {
      makeFolderIn(this.#folder, name, mode, owner);
    } catch (error) {
      // Another process may have made it meanwhile.
      if ((error as { code?: unknown }).code === 'EEXIST') return;
      throw error;
    }
    onMade?.(path);
  }

  #enter(folder: HeldFolder): void {
    this.#folder.close();
    this.#folder = folder;
  }
}

function refuseForeign({ link, arrangers }: LinkEnd, reached: Stats): void {
  const foreign = isRoot() ? arrangers.find((uid) => uid !== reached.uid) : undefined;
  if (foreign !== undefined) throw new ForeignLinkError(link, foreign);
}

/**
 * A new folder, with its owner. Whoever may rename in the folder above can put another in its place at any moment: there
 * the kernel makes it as its owner's, and nothing is given away. Where its owner may make none, or the addon is not
 * built, it stays dit's own user's.
 * @throws the system's error: EEXIST …
 */
export function makeFolderIn(
  parent: HeldFolder,
  name: string,
  mode: number,
  owner: Owner | undefined,
): void {
  if (owner === undefined) {
    parent.makeFolder(name, mode);
  } else if (isOursAlone(parent.stat())) {
    parent.makeFolder(name, mode & 0o700);
    const made = parent.folder(name);
    try {
      made.give(owner, mode & ~process.umask());
    } finally {
      made.close();
    }
  } else if (!madeAs(parent, name, mode, owner)) {
    parent.makeFolder(name, mode);
  }
}

/** Nobody else can rename what this user makes in this folder. */
const isOursAlone = ({ uid, mode }: Stats): boolean =>
  uid === process.geteuid?.() && ((mode & 0o022) === 0 || (mode & 0o1000) !== 0);

/** Not allowed to this user, or not to be tried: no such user here, no addon. */
const NOT_AS_THEM: ReadonlySet<string | undefined> = new Set([
  'EACCES',
  'EPERM',
  'EINVAL',
  'addon-missing',
]);

function madeAs(parent: HeldFolder, name: string, mode: number, { uid, gid }: Owner): boolean {
  try {
    loadAddon().makeFolderAs(parent.descriptor, name, mode, uid, gid);
    return true;
  } catch (error) {
    const told = asSystemError(error, parent.pathOf(name));
    if (NOT_AS_THEM.has(systemErrorCode(told))) return false;
    throw told;
  }
}

const namesIn = (path: string): string[] => path.split('/').filter((name) => name !== '');

/** Who, besides root, can have made this link, or put it where it is. */
function arrangersOf(folder: Stats, link: Stats): number[] {
  const owners = [link.uid, folder.uid].filter((uid) => uid !== 0);
  // In a sticky folder a name is its owner's.
  const isAnybodys = (folder.mode & 0o1002) === 0o002;
  return isAnybodys ? [...owners, ANYBODY] : owners;
}

/** Not /proc itself, whose "self" is a link like any other. */
const isProcFile = (folder: HeldFolder): boolean =>
  statfsSync(folder.entranceOfItself()).type === PROC_SUPER_MAGIC && folder.stat().ino !== 1;
