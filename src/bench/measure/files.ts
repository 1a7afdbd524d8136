/** What the dimensions that measure files have in common: how places are named, and that they are reached. */
import { DitError, EXIT } from '../../base/errors.js';
import type { MeasureContext } from '../../measure/context.js';
import type { PlaceName } from '../../measure/files/places.js';
import { DISK_MS, needProgram } from '../../platform/processes/child-process.js';

/** As the study names them. */
export const MODE_NAMES: Readonly<Record<PlaceName, string>> = {
  overlay: 'overlayfs',
  volume: 'volume',
  bind: 'bind',
  tmpfs: 'tmpfs',
};

/** Writes back what others have dirtied, so that an fsync does not wait for it. */
export async function writeBack(signal: AbortSignal): Promise<void> {
  await needProgram('sync', [], { limitMs: DISK_MS, signal });
}

/** @throws DitError exit 3 */
export function needFiles({ seesKernel }: Pick<MeasureContext, 'seesKernel'>): void {
  if (seesKernel) return;
  throw new DitError({
    code: 'container-files-unseen',
    exitCode: EXIT.unavailable,
    message: "the files of a container are out of reach: dit is not root on the engine's machine",
    remedy: 'run it there as root: sudo dit bench',
  });
}
