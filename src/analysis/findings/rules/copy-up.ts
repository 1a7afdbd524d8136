/** Files of the image are copied up, in the start or after it. */
import { durationOf, NS_PER_MS } from '../../../base/time.js';
import { countCopied } from '../../../model/trace/copy-ups.js';
import type { FindingRule } from './rule.js';

const LEAST_NS = 10 * NS_PER_MS;

export const copyUp: FindingRule<'copy-up'> = ({ run: { copyUps } }) => {
  const ns = durationOf(copyUps.reduce((total, { duration }) => total + duration, 0));
  const [longest] = [...copyUps].sort((a, b) => b.duration - a.duration);
  if (longest === undefined || ns < LEAST_NS) return undefined;
  const { path, bytes, duration, trigger, certainty } = longest;
  return {
    ns,
    facts: {
      copied: countCopied(copyUps),
      bytes: copyUps.reduce((total, each) => total + each.bytes, 0),
      longest: { path, bytes, ns: duration, trigger, certainty },
    },
  };
};
