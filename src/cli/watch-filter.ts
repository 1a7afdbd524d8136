/** Which starts `dit trace watch` tells. */
import type { StartLine } from '../render/watch.js';

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
  const pattern = value.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${pattern.join('.*')}${key === 'id' ? '' : '$'}`).test(text);
}
