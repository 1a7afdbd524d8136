/** Which starts `dit trace watch` prints. */
import type { Foreign } from '../base/foreign.js';
import type { StartLine } from '../render/text/watch.js';

/** "name", "image" or "id" against a pattern; "slower" in ms. */
export interface WatchFilter {
  readonly key: 'name' | 'image' | 'id' | 'slower';
  readonly value: string;
}

/** As Docker's own filters: any of those with the same key, and so for every key. */
export function passes(line: StartLine, filters: readonly WatchFilter[]): boolean {
  return filters.every(({ key }) =>
    filters.some((filter) => filter.key === key && matches(line, filter)),
  );
}

function matches({ run, totalNs }: StartLine, { key, value }: WatchFilter): boolean {
  if (key === 'slower') return totalNs === undefined || totalNs / 1e6 > Number(value);
  const text = key === 'id' ? run.containerId : run[key];
  return matchesGlob(text, key === 'id' ? `${value}*` : value);
}

/** Every "*" takes as little as it can, so that no name makes it look twice at the same place. */
function matchesGlob(text: Foreign, pattern: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}
