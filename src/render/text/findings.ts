/**
 * What a trace proves, in plain words.
 *
 *   1  the network hook re-executed dockerd 2 times: 84 ms, 37 % of the start
 *      libnetwork-setkey as pid 23591, from its exec to its exit
 *      → newer engines (Docker 28 and later) set the network up without it: upgrade
 */

import { escapeText } from '../../base/escape.js';
import type { Foreign } from '../../base/foreign.js';
import type { Finding } from '../../model/trace/findings.js';
import { findingText } from '../../words/findings/finding-text.js';
import { alignRight, wrap } from '../common/columns.js';
import type { PageOptions } from '../common/subject.js';

const MARGIN = 4;

/** Largest first. */
export function renderFindings(
  findings: readonly Finding[],
  { theme, width }: PageOptions,
): string[] {
  const block = (text: Foreign, first: string): string[] =>
    wrap(shortenIds(escapeText(text)), width - MARGIN - first.length).map(
      (line, index) => ' '.repeat(MARGIN) + (index === 0 ? first : ' '.repeat(first.length)) + line,
    );
  return findings.flatMap((finding, index) => {
    const { title, evidence, remedy } = findingText(finding);
    const [head = '', ...more] = block(title, '');
    return [
      theme.strong(`${alignRight(String(index + 1), 2)}  ${head.slice(MARGIN)}`),
      ...more.map(theme.strong),
      ...block(evidence, '').map(theme.dim),
      ...block(remedy, '→ ').map(theme.good),
    ];
  });
}

/** Nobody reads 64 hex digits in a line. */
export const shortenIds = (text: string): string =>
  text.replace(/\b([0-9a-f]{12})[0-9a-f]{52}\b/g, '$1…');
