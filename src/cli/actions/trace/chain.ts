/** `dit trace chain [FILE]`: the critical path as a chain of processes, from the entrypoint back to the request. */
import { analyse } from '../../../analysis/analyse.js';
import { criticalChain } from '../../../analysis/summaries/chain.js';
import { NS_PER_MS } from '../../../base/time.js';
import type { ContainerRun } from '../../../model/trace/trace.js';
import { chainJson, renderChain } from '../../../render/text/chain.js';
import { namedOrLastTrace } from '../../../store/trace-store.js';
import { readTraceFile } from '../../../tracefile/reader.js';
import { onlyRun, wholeRuns } from '../../common/choose-run.js';
import type { CommandContext } from '../../common/context.js';
import { themeFor } from '../../common/theme.js';

export interface TraceChainOptions {
  readonly json?: true;
  readonly run?: string;
  /** ms. */
  readonly least: number;
  readonly all?: true;
  readonly width?: number;
}

export async function traceChain(
  file: string | undefined,
  options: TraceChainOptions,
  { stdout, env }: CommandContext,
): Promise<void> {
  const path = namedOrLastTrace(env, file);
  const trace = wholeRuns(onlyRun(analyse(readTraceFile(path)), options.run), path);
  const all = options.all === true;
  const leastNs = all ? 0 : options.least * NS_PER_MS;
  const chainOf = (run: ContainerRun) => criticalChain(run, leastNs);
  if (options.json === true) return stdout.write(chainJson(trace, chainOf, leastNs));
  const width = options.width ?? stdout.width;
  const page = { theme: themeFor(stdout), width, leastNs, all };
  await stdout.write(renderChain(trace, chainOf, page));
}
