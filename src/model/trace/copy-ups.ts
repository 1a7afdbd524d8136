/** Copy-ups counted. */
import type { CopiedCounts } from './findings.js';
import type { CopyUp } from './trace.js';

export function countCopied(copyUps: readonly CopyUp[]): CopiedCounts {
  const withData = copyUps.filter(({ bytes }) => bytes > 0).length;
  return { withData, withoutData: copyUps.length - withData };
}
