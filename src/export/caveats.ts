/** What a reader must know before trusting an export's figures, for formats that have room for a remark. */

import type { Foreign } from '../base/foreign.js';
import { quoting } from '../base/foreign.js';
import { lengthOf } from '../model/trace/totals.js';
import type { Trace } from '../model/trace/trace.js';
import type { WholeStart } from './whole-starts.js';

/** A line each; untrusted text. */
export function caveats({ recording, warnings }: Trace, starts: readonly WholeStart[]): Foreign[] {
  const { name, perturbed, perturbation } = recording.header.source;
  const window = starts.reduce((sum, start) => sum + start.window.end - start.window.start, 0);
  const inferred = starts
    .flatMap(({ segments }) => segments)
    .filter(({ certainty }) => certainty === 'inferred')
    .reduce((sum, segment) => sum + lengthOf(segment), 0);
  return [
    quoting`recorded by ${name}${perturbed ? quoting`, which slowed it: ${perturbation}` : ''}`,
    `inferred ${inferred} ns of ${window} ns`,
    ...warnings.map(({ code, message }) => quoting`${code}: ${message}`),
  ];
}
