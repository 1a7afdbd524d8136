/** Copy-ups counted in words. */
import { plural } from '../../base/count.js';
import type { CopyUp } from './trace.js';

/**
 * "3 files and 2 folders or files without data": overlayfs copies the folders above a file too, and opens that
 * truncate copy no data.
 */
export function copiedInWords(copyUps: readonly CopyUp[]): string {
  const withData = copyUps.filter(({ bytes }) => bytes > 0).length;
  const without = copyUps.length - withData;
  return [
    ...(withData > 0 ? [plural(withData, 'file')] : []),
    ...(without > 0
      ? [plural(without, 'folder or file without data', 'folders or files without data')]
      : []),
  ].join(' and ');
}
