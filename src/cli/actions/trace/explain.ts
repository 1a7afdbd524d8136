/** `dit trace explain [FILE]`: each rule of the table of phases, and on what evidence it decided. */
import { analyse } from '../../../analysis/analyse.js';
import { PHASE_RULES } from '../../../analysis/path/phase-rules.js';
import { explainRun } from '../../../analysis/summaries/explain.js';
import type { ContainerRun } from '../../../model/trace/trace.js';
import { explanationJson, renderExplanation } from '../../../render/text/explain.js';
import { namedOrLastTrace } from '../../../store/trace-store.js';
import { readTraceFile } from '../../../tracefile/reader.js';
import { onlyRun, wholeRuns } from '../../common/choose-run.js';
import type { CommandContext } from '../../common/context.js';
import { badValue } from '../../common/option-values.js';
import { themeFor } from '../../common/theme.js';

export interface TraceExplainOptions {
  readonly json?: true;
  readonly run?: string;
  /** How many pieces of each rule. */
  readonly examples: number;
  readonly rule?: string;
  readonly width?: number;
}

export async function traceExplain(
  file: string | undefined,
  options: TraceExplainOptions,
  { stdout, env }: CommandContext,
): Promise<void> {
  const { rule } = options;
  const known = PHASE_RULES.map(({ id }) => id);
  if (rule !== undefined && !known.includes(rule)) throw badValue(rule, '--rule', known.join(', '));
  const path = namedOrLastTrace(env, file);
  const trace = wholeRuns(onlyRun(analyse(readTraceFile(path)), options.run), path);
  const explanationOf = (run: ContainerRun) =>
    explainRun(run, options.examples).filter(
      (explanation) => rule === undefined || explanation.rule === rule,
    );
  if (options.json === true) return stdout.write(explanationJson(trace, explanationOf));
  const width = options.width ?? stdout.width;
  await stdout.write(renderExplanation(trace, explanationOf, { theme: themeFor(stdout), width }));
}
