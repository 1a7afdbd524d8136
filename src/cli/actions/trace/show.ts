/** `dit trace show [FILE]`: a recording's report once more, from the file alone. */
import { analyse } from '../../../analysis/analyse.js';
import type { Trace } from '../../../model/trace/trace.js';
import { traceJson } from '../../../render/json/json.js';
import { renderReport } from '../../../render/text/report.js';
import { namedOrLastTrace } from '../../../store/trace-store.js';
import { readTraceFile } from '../../../tracefile/reader.js';
import { onlyRun } from '../../common/choose-run.js';
import type { CommandContext } from '../../common/context.js';
import { themeFor } from '../../common/theme.js';

export interface TraceShowOptions {
  readonly json?: true;
  readonly run?: string;
  readonly all?: true;
  readonly width?: number;
}

export async function traceShow(
  file: string | undefined,
  options: TraceShowOptions,
  context: CommandContext,
): Promise<void> {
  const path = namedOrLastTrace(context.env, file);
  const trace = onlyRun(analyse(readTraceFile(path)), options.run);
  await printTrace(trace, options, context);
}

/** The report, or with `json` the analysis as a document: what `trace run` ends with too. */
export async function printTrace(
  trace: Trace,
  options: Omit<TraceShowOptions, 'run'>,
  { stdout }: CommandContext,
): Promise<void> {
  if (options.json === true) return stdout.write(traceJson(trace));
  const width = options.width ?? stdout.width;
  const all = options.all === true;
  await stdout.write(renderReport(trace, { theme: themeFor(stdout), width, all }));
}
