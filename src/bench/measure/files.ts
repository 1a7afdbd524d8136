/** What the dimensions that measure files have in common: how places are named, and that they are reached. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { DitError, EXIT } from '../../base/errors.js';
import type { CheckContext } from '../../toolkit/check.js';
import type { PlaceName } from '../../toolkit/io-places.js';

/** As the study names them. */
export const MODE_NAMES: Readonly<Record<PlaceName, string>> = {
  overlay: 'overlayfs',
  volume: 'volume',
  bind: 'bind',
  tmpfs: 'tmpfs',
};

/** Writes back what others have dirtied, so that an fsync does not wait for it. */
export async function writeBack(): Promise<void> {
  await promisify(execFile)('sync');
}

/** @throws DitError exit 3 */
export function needFiles({ seesKernel }: Pick<CheckContext, 'seesKernel'>): void {
  if (seesKernel) return;
  throw new DitError({
    code: 'container-files-unseen',
    exitCode: EXIT.capability,
    message: "the files of a container are out of reach: dit is not root on the engine's machine",
    remedy: 'run it there as root: sudo dit bench',
  });
}
