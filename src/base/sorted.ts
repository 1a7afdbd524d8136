/** Look-ups in lists that are in ascending order: linear ones, inside loops over a trace, make a small file hang. */

/** Index of the last item whose key is at most `key`; -1 where there is none. Keys ascend, equal ones may follow each other. */
export function lastUpTo<T>(items: readonly T[], key: number, keyOf: (item: T) => number): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keyOf(items[middle] as T) <= key) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Index of the first item whose key is at least `key`; `items.length` where there is none. */
export function firstFrom<T>(items: readonly T[], key: number, keyOf: (item: T) => number): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keyOf(items[middle] as T) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
