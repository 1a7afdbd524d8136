/**
 * The files of a container or a layer, as they are seen from within: "/" is their root, and no link, no ".." and no
 * mount point leads out of it, though its owner changes them at any time. Nothing else in dit opens such paths.
 */

import { closeSync, constants } from 'node:fs';
import { DitError, EXIT, systemErrorCode } from '../../base/errors.js';
import { asSystemError, loadAddon } from '../addon.js';
import { HeldFolder, O_PATH, openPlace } from './held-folder.js';

/** <linux/openat2.h> */
const RESOLVE = { noMagicLinks: 0x02, noSymlinks: 0x04, inRoot: 0x10 } as const;

const { O_DIRECTORY } = constants;

export interface PathOptions {
  /** Follow symbolic links, within the root. Default: yes. */
  readonly links?: boolean;
}

export class RootFiles {
  readonly #root: HeldFolder;

  constructor(root: HeldFolder) {
    this.#root = root;
  }

  /** @param path of a folder, and names in it, that nobody but root can change @throws the system's error */
  static at(path: string): RootFiles {
    return new RootFiles(HeldFolder.open(path));
  }

  /**
   * What process `pid` has as "/". Whether it is still the process that the caller means, the caller must ask after
   * this call: the root is held from then on. @throws the system's error
   */
  static ofProcess(pid: number): RootFiles {
    return RootFiles.at(`/proc/${pid}/root`);
  }

  /** @throws the system's error, DitError open-in-root-missing (exit 3) */
  folder(path: string, { links = true }: PathOptions = {}): HeldFolder {
    return new HeldFolder(this.#open(path, O_DIRECTORY, links), path);
  }

  /**
   * A regular file that is there.
   * @param flags O_RDONLY, O_WRONLY, O_DIRECT …; not O_CREAT: make files in a `folder`
   * @throws NotAFileError, the system's error, DitError open-in-root-missing (exit 3)
   */
  file(path: string, flags: number, { links = true }: PathOptions = {}): number {
    const place = this.#open(path, 0, links);
    try {
      return openPlace(place, flags, path);
    } finally {
      closeSync(place);
    }
  }

  close(): void {
    this.#root.close();
  }

  #open(path: string, flags: number, links: boolean): number {
    const resolve = RESOLVE.inRoot | RESOLVE.noMagicLinks | (links ? 0 : RESOLVE.noSymlinks);
    try {
      return loadAddon().openInRoot(this.#root.descriptor, path, O_PATH | flags, 0, resolve);
    } catch (error) {
      const told = asSystemError(error, path);
      throw systemErrorCode(told) === 'ENOSYS' ? openInRootMissing() : told;
    }
  }
}

/** A kernel before Linux 5.6, or a sandbox around dit that does not know the call. */
const openInRootMissing = (): DitError =>
  new DitError({
    code: 'open-in-root-missing',
    exitCode: EXIT.unavailable,
    message:
      'this kernel cannot open files within a root (openat2, Linux 5.6): dit does not open the files of a container, which may lead anywhere',
    remedy: 'use Linux 5.6 or later; uname -r',
  });
