/** Each rule of the table of phases with what it decided on this trace. */
import type { RuleExplanation } from '../../model/trace/summaries.js';
import type { ContainerRun } from '../../model/trace/trace.js';
import { PHASE_RULES } from '../path/phase-rules.js';

/** In the order of the table; rules that decided nothing too. */
export function explainRun(run: ContainerRun, examples: number): RuleExplanation[] {
  return PHASE_RULES.map(({ id, phase, category, because }) => {
    const own = run.segments.filter(({ rule }) => rule === id);
    return {
      rule: id,
      phase,
      categories:
        typeof category === 'string' ? [category] : [...new Set(own.map((each) => each.category))],
      because,
      segments: own.length,
      ns: own.reduce((sum, { start, end }) => sum + (end - start), 0),
      longest: [...own].sort((a, b) => b.end - b.start - (a.end - a.start)).slice(0, examples),
    };
  });
}
