/** What was copied up, in words: "3 files and 2 folders or files without data". */
import { plural } from '../base/count.js';
import type { CopiedCounts } from '../model/trace/findings.js';

export const copiedText = ({ withData, withoutData }: CopiedCounts): string =>
  [
    ...(withData > 0 ? [plural(withData, 'file')] : []),
    ...(withoutData > 0
      ? [plural(withoutData, 'folder or file without data', 'folders or files without data')]
      : []),
  ].join(' and ');
