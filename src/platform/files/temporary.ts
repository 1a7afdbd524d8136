/** Files that nobody keeps, where this machine takes them. */

import { randomBytes } from 'node:crypto';
import { constants, openSync, realpathSync, statSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { DitError, EXIT, messageOf } from '../../base/errors.js';
import { type Foreign, joinForeign, quoting } from '../../base/foreign.js';
import { makeOwnFolder } from './own-folder.js';

/** $TMPDIR, else what every system has. */
const places = (): string[] => [tmpdir(), '/tmp', '/var/tmp', '/dev/shm'];

/**
 * A folder of this process, mode 0700; `removeOwnFolder` takes it away.
 * @throws DitError no-temporary-folder (exit 2)
 */
export const makeTemporaryFolder = (what: string): string =>
  inTheFirst(places(), (place) => makeOwnFolder(place, what));

/**
 * A file without a name, open for reading and writing: it is gone when its last user is.
 * @param first where it is to be if that is possible
 * @throws DitError no-temporary-folder (exit 2)
 */
export const openTemporaryFile = (first: string): number =>
  inTheFirst([first, ...places()], (place) => {
    const path = join(place, `dit-${randomBytes(12).toString('hex')}`);
    const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
    const file = openSync(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    unlinkSync(path);
    return file;
  });

function inTheFirst<T>(candidates: readonly string[], make: (place: string) => T): T {
  const refusals: Foreign[] = [];
  for (const place of new Set(candidates.map((each) => resolve(each)))) {
    try {
      if (!isSafe(place)) throw new Error(`another user can exchange what is in '${place}'`);
      return make(place);
    } catch (error) {
      refusals.push(messageOf(error));
    }
  }
  throw new DitError({
    code: 'no-temporary-folder',
    exitCode: EXIT.usage,
    message: quoting`there is no place for temporary files: ${joinForeign(refusals, '; ')}`,
    remedy: 'make room, or name a folder of your own: TMPDIR=DIR',
  });
}

/** Whether names in a folder stay what they are: it and all above it are root's or this user's, or are sticky. */
function isSafe(place: string): boolean {
  for (let folder = realpathSync(place); ; folder = dirname(folder)) {
    const { uid, mode } = statSync(folder);
    const isOpen = (mode & 0o022) !== 0 && (mode & 0o1000) === 0;
    if (isOpen || (uid !== 0 && uid !== process.geteuid?.())) return false;
    if (folder === dirname(folder)) return true;
  }
}
