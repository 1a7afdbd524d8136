/**
 * The critical path as a chain of links, for people: segments of one process in a row are a link, and visits too short
 * to matter belong to the link around them.
 */
import type { Duration } from '../../base/time.js';
import type { Category } from '../../model/trace/category.js';
import type { ChainLink, LinkPart } from '../../model/trace/summaries.js';
import type { ContainerRun, Phase, Segment } from '../../model/trace/trace.js';

/**
 * In time order; the durations sum up to the window.
 * @param leastNs links shorter than this become visits of the one before them
 */
export function criticalChain(run: ContainerRun, leastNs: number): ChainLink[] {
  const groups: { owner: Segment; segments: Segment[]; visits: number }[] = [];
  for (const segment of run.segments) {
    const last = groups.at(-1);
    if (last !== undefined && sameOwner(last.owner, segment)) last.segments.push(segment);
    else groups.push({ owner: segment, segments: [segment], visits: 0 });
  }
  const links: typeof groups = [];
  for (const group of groups) {
    const last = links.at(-1);
    if (
      last !== undefined &&
      (sameOwner(last.owner, group.owner) || total(group.segments) < leastNs)
    ) {
      if (!sameOwner(last.owner, group.owner)) last.visits++;
      // Not a spread: a group may be longer than a call's arguments can be.
      for (const segment of group.segments) last.segments.push(segment);
    } else {
      links.push(group);
    }
  }
  return links.map(({ owner, segments, visits }) => ({
    actor: owner.actor,
    process: owner.process,
    start: (segments[0] as Segment).start,
    duration: total(segments) as Duration,
    waitingNs: total(segments.filter(({ state }) => state === 'blocked' || state === 'runnable')),
    parts: partsOf(segments),
    visits,
  }));
}

const sameOwner = (a: Segment, b: Segment): boolean =>
  a.actor === b.actor && a.process === b.process;

const total = (segments: readonly Segment[]): number =>
  segments.reduce((sum, { start, end }) => sum + (end - start), 0);

function partsOf(segments: readonly Segment[]): LinkPart[] {
  const parts = new Map<string, { phase: Phase | undefined; category: Category; ns: number }>();
  for (const { phase, category, start, end } of segments) {
    const part = parts.get(category) ?? { phase, category, ns: 0 };
    part.ns += end - start;
    parts.set(category, part);
  }
  return [...parts.values()].sort((a, b) => b.ns - a.ns);
}
