/** `dit trace explain [FILE]`: each rule of the table of phases, and on what evidence it decided. */
import { analyse } from '../analysis/analyse.js';
import { explainRun } from '../analysis/explain.js';
import { PHASE_RULES } from '../analysis/rules.js';
import type { ContainerRun } from '../model/trace.js';
import { explanationJson, renderExplanation } from '../render/explain.js';
import { readTraceFile } from '../tracefile/reader.js';
import { onlyRun, wholeRuns } from './choose-run.js';
import type { CommandContext } from './context.js';
import { badValue } from './option-values.js';
import { themeFor } from './theme.js';
import { namedOrLastTrace } from './trace-store.js';

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
