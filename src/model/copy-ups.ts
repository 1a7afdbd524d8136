/** Copy-ups counted in words. */
import type { CopyUp } from './trace.js';

/**
 * "3 files and 2 folders or files without data": overlayfs copies the folders above a file too, and opens that
 * truncate copy no data.
 */
export function copiedInWords(copyUps: readonly CopyUp[]): string {
  const withData = copyUps.filter(({ bytes }) => bytes > 0).length;
  const without = copyUps.length - withData;
  return [
    withData === 0 ? '' : `${withData} ${withData === 1 ? 'file' : 'files'}`,
    without === 0
      ? ''
      : `${without} ${without === 1 ? 'folder or file' : 'folders or files'} without data`,
  ]
    .filter((part) => part !== '')
    .join(' and ');
}
