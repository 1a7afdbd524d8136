/** Sums over the critical path: by phase and category, and by who did what. Integers, ns. */
import { valuesKey } from '../../base/distinct.js';
import { grouped } from '../../base/grouped.js';
import type { ActorKind } from './actor-kind.js';
import type { Category } from './category.js';
import type { Phase, Segment } from './trace.js';

export type PhaseName = Phase | 'unattributed';

/** In the order of every table. */
export const PHASES: readonly PhaseName[] = ['runtime', 'kernel', 'storage', 'unattributed'];

export interface Total {
  readonly ns: number;
  /** Of `ns`: blocked or runnable, not running. */
  readonly waitingNs: number;
}

interface CategoryTotal extends Total {
  readonly category: Category;
}

export interface PhaseTotal extends Total {
  readonly phase: PhaseName;
  /** Largest first. */
  readonly categories: readonly CategoryTotal[];
}

/** What one actor spent in one category. */
export interface Share extends Total {
  readonly actor: ActorKind;
  readonly phase: PhaseName;
  readonly category: Category;
  readonly segments: number;
  readonly longest: Segment;
  /** Of `ns`: not measured whole. */
  readonly inferredNs: number;
}

/** What one actor waited for, in one category: what `longest` waited for. */
export interface Wait extends Share {
  readonly state: 'blocked' | 'runnable';
}

export const lengthOf = (segment: Segment): number => segment.end - segment.start;
export const phaseOf = (segment: Segment): PhaseName => segment.phase ?? 'unattributed';
export const isWaiting = ({ state }: Segment): boolean =>
  state === 'blocked' || state === 'runnable';

/** All four phases, in the order of PHASES; together they are the window. */
export function phaseTotals(segments: readonly Segment[]): PhaseTotal[] {
  return PHASES.map((phase) => {
    const own = segments.filter((segment) => phaseOf(segment) === phase);
    const categories = [...grouped(own, ({ category }) => category)]
      .map(([category, group]) => ({ category, ...sum(group) }))
      .sort(byLength);
    return { phase, ...sum(own), categories };
  });
}

/** Who spent how much on what, largest first. */
export function shares(segments: readonly Segment[]): Share[] {
  return shareBy(segments, () => '');
}

/** Time on the path in which a thread ran, largest first. */
export function selfTimes(segments: readonly Segment[]): Share[] {
  return shares(segments.filter((segment) => !isWaiting(segment)));
}

/** The rest of the path: who was blocked or runnable for how long, by what they waited for; largest first. */
export function waits(segments: readonly Segment[]): Wait[] {
  return shareBy(segments.filter(isWaiting), causeKey).map((share) => ({
    ...share,
    state: share.longest.state === 'runnable' ? 'runnable' : 'blocked',
  }));
}

/** Waits without a known cause belong together where the reason for it is the same. */
function causeKey({ state, waitsFor, inference }: Segment): string {
  if (state === 'runnable') return state;
  if (waitsFor !== undefined) return valuesKey(waitsFor);
  return inference === undefined ? '' : `\0${valuesKey(inference)}`;
}

function shareBy(segments: readonly Segment[], keyOf: (segment: Segment) => string): Share[] {
  const groups = grouped(segments, (segment) =>
    [segment.actor, phaseOf(segment), segment.category, keyOf(segment)].join('\0'),
  );
  return [...groups.values()]
    .map((group): Share => {
      const longest = group.reduce((a, b) => (lengthOf(b) > lengthOf(a) ? b : a));
      const { actor, category } = longest;
      return {
        actor,
        phase: phaseOf(longest),
        category,
        segments: group.length,
        longest,
        inferredNs: sum(group.filter(({ certainty }) => certainty === 'inferred')).ns,
        ...sum(group),
      };
    })
    .sort(byLength);
}

function sum(segments: readonly Segment[]): Total {
  let ns = 0;
  let waitingNs = 0;
  for (const segment of segments) {
    ns += lengthOf(segment);
    if (isWaiting(segment)) waitingNs += lengthOf(segment);
  }
  return { ns, waitingNs };
}

const byLength = (a: Total, b: Total): number => b.ns - a.ns;
