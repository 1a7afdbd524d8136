/** `dit trace blame [FILE]`: who ran for how long on the critical path, and apart from it who waited. */
import { analyse } from '../../../analysis/analyse.js';
import { blameJson, renderBlame } from '../../../render/text/blame.js';
import { namedOrLastTrace } from '../../../store/trace-store.js';
import { readTraceFile } from '../../../tracefile/reader.js';
import { onlyRun, wholeRuns } from '../../common/choose-run.js';
import type { CommandContext } from '../../common/context.js';
import { themeFor } from '../../common/theme.js';

export interface TraceBlameOptions {
  readonly json?: true;
  readonly run?: string;
  readonly width?: number;
}

export async function traceBlame(
  file: string | undefined,
  options: TraceBlameOptions,
  { stdout, env }: CommandContext,
): Promise<void> {
  const path = namedOrLastTrace(env, file);
  const trace = wholeRuns(onlyRun(analyse(readTraceFile(path)), options.run), path);
  if (options.json === true) return stdout.write(blameJson(trace));
  const width = options.width ?? stdout.width;
  await stdout.write(renderBlame(trace, { theme: themeFor(stdout), width }));
}
