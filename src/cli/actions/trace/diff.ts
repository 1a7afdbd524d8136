/** `dit trace diff A B`: what grew and what shrank from one start to another. */
import { analyse } from '../../../analysis/analyse.js';
import { compareRuns } from '../../../analysis/summaries/diff.js';
import { differencesBetween } from '../../../analysis/summaries/environment-differences.js';
import { NS_PER_MS } from '../../../base/time.js';
import type { ContainerRun, Trace } from '../../../model/trace/trace.js';
import { diffJson, renderDiff } from '../../../render/text/diff.js';
import { EVENT_MEMORY } from '../../../tracefile/event-memory.js';
import { readTraceFile } from '../../../tracefile/reader.js';
import { wholeRuns } from '../../common/choose-run.js';
import type { CommandContext } from '../../common/context.js';
import { themeFor } from '../../common/theme.js';

export interface TraceDiffOptions {
  readonly json?: true;
  /** ms. */
  readonly least: number;
  readonly width?: number;
}

export async function traceDiff(
  fileBefore: string,
  fileAfter: string,
  options: TraceDiffOptions,
  { stdout }: CommandContext,
): Promise<void> {
  const before = firstRun(fileBefore);
  const after = firstRun(fileAfter);
  const facts = {
    before: { path: fileBefore, ...before.run },
    after: { path: fileAfter, ...after.run },
    comparison: compareRuns(before.run, after.run),
    notes: differencesBetween(before, after),
  };
  if (options.json === true) return stdout.write(diffJson(facts));
  const width = options.width ?? stdout.width;
  const leastNs = options.least * NS_PER_MS;
  await stdout.write(renderDiff(facts, { theme: themeFor(stdout), width, leastNs }));
}

function firstRun(path: string): { trace: Trace; run: ContainerRun } {
  const trace = wholeRuns(analyse(readTraceFile(path, { memoryBytes: EVENT_MEMORY.pair })), path);
  return { trace, run: trace.runs[0] as ContainerRun };
}
