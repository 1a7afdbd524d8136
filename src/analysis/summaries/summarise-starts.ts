/** Several whole starts in one table: a median and its interval for the window, each phase and each category. */

import type { Category } from '../../model/trace/category.js';
import type { PhaseSpread } from '../../model/trace/summaries.js';
import { PHASES, type PhaseTotal } from '../../model/trace/totals.js';
import { type Summary, summarize } from '../../stats/summary.js';

/** What is kept of a start when its trace has been analysed. */
export interface WholeStart {
  readonly path: string;
  /** ns. */
  readonly window: number;
  readonly totals: readonly PhaseTotal[];
}

/** Enough for three digits of an interval, and at once for a hundred starts. */
const RESAMPLES = 2_000;

export const spreadOf = (values: readonly number[]): Summary =>
  summarize(values, { resamples: RESAMPLES });

/** All four phases; a start without a category counts as 0 there. */
export function phaseSpreads(starts: readonly WholeStart[]): PhaseSpread[] {
  return PHASES.map((phase) => {
    const own = starts.map(({ totals }) => totals.find((total) => total.phase === phase));
    const names = new Set(own.flatMap((total) => total?.categories ?? []).map(byName));
    const categories = [...names].map((category) => ({
      category,
      ...spreadOf(
        own.map((total) => total?.categories.find((each) => each.category === category)?.ns ?? 0),
      ),
    }));
    return {
      phase,
      ...spreadOf(own.map((total) => total?.ns ?? 0)),
      categories: categories.sort((a, b) => b.median - a.median || b.max - a.max),
    };
  });
}

const byName = ({ category }: { readonly category: Category }): Category => category;

/** The start in the middle by its window: of two, the shorter one. */
export function medianStart(starts: readonly WholeStart[]): WholeStart | undefined {
  const sorted = starts.toSorted((a, b) => a.window - b.window);
  return sorted[Math.floor((sorted.length - 1) / 2)];
}
