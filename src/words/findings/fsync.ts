import { plural } from '../../base/count.js';
import { type Foreign, joinForeign, quoting } from '../../base/foreign.js';
import type { FindingFacts, SyncCause } from '../../model/trace/findings.js';
import { actorTimes, type FindingWords, ms } from './text.js';

export const fsync: FindingWords<'fsync'> = ({ ns, facts }) => ({
  title: `${plural(facts.calls, 'fsync')} on the critical path: ${ms(ns)} ms${facts.calls > 1 ? `, the longest ${ms(facts.longestNs)} ms` : ''}`,
  evidence: evidence(facts),
  remedy: REMEDIES[facts.cause](facts),
});

function evidence({ calls, medianNs, worst, byActor }: FindingFacts['fsync']): Foreign {
  const parts: Foreign[] = [];
  if (worst !== undefined) parts.push(quoting`most of it for ${worst.file}: ${ms(worst.ns)} ms`);
  // No mean: one that stalls makes all of them look slow.
  if (calls > 2) parts.push(`the median ${ms(medianNs)} ms`);
  return joinForeign([...parts, actorTimes(byActor)], '; ');
}

const REMEDIES: Readonly<Record<SyncCause, (facts: FindingFacts['fsync']) => string>> = {
  many: () =>
    'most of them are quick, it is their number: a faster disk gains little; a start with less to keep (networks, volumes) syncs less',
  stalls: ({ slow, calls }) =>
    `look at what else writes to that disk (iostat -x 1): ${slow} of ${calls} stalled, the others were quick`,
  'slow-disk': () =>
    "the engine's metadata sits on a slow or busy disk: move its data root to a faster one",
};
