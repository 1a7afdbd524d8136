/** What `dit test` prepares for its checks, on an engine of a test and without a word. */

import { type PreparedChecks, prepareChecks } from '../../src/cli/common/check-context.js';
import type { CommandContext } from '../../src/cli/common/context.js';
import type { LiveEngine } from './live-engines.js';

export function prepareSilently({ endpoint }: LiveEngine): Promise<PreparedChecks> {
  const stderr = { line: async () => {}, write: async () => {} };
  const { signal } = new AbortController();
  const context = { env: process.env, signal, stderr } as unknown as CommandContext;
  return prepareChecks({ engine: 'auto', host: endpoint }, context);
}
