/** `dit trace ls`: the recordings in the traces folder. */

import { escapeText, safeJson } from '../../../base/escape.js';
import { columnsOf } from '../../../render/common/columns.js';
import { formatBytes } from '../../../render/common/format.js';
import { storedTraces, tracesFolder } from '../../../store/trace-store.js';
import type { CommandContext } from '../../common/context.js';
import { themeFor } from '../../common/theme.js';

export async function traceLs(
  options: { readonly json?: true },
  { stdout, env }: CommandContext,
): Promise<void> {
  const traces = storedTraces(env);
  if (options.json === true) {
    const list = traces.map(({ path, bytes, modified }) => ({
      path,
      bytes,
      modified: modified.toISOString(),
    }));
    return stdout.line(safeJson(list, 2));
  }
  const theme = themeFor(stdout);
  if (traces.length === 0) {
    return stdout.line(`no recordings in ${escapeText(tracesFolder(env))}`);
  }
  const sizes = traces.map(({ bytes }) => formatBytes(bytes));
  const columns = Math.max(...sizes.map(columnsOf));
  for (const [index, { path, modified }] of traces.entries()) {
    const when = modified.toISOString().slice(0, 19).replace('T', ' ');
    const size = (sizes[index] ?? '').padStart(columns);
    await stdout.line(`${theme.dim(`${when} UTC`)}  ${size}  ${escapeText(path)}`);
  }
}
