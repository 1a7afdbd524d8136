/** Syscalls by name, as they were counted. Pure. */

/** Calls by name, those that were made. */
export type CallCounts = ReadonlyMap<string, number>;

/** What came between two readings. */
export function countsBetween(before: CallCounts, after: CallCounts): Map<string, number> {
  return new Map(
    [...after]
      .map(([name, calls]) => [name, calls - (before.get(name) ?? 0)] as const)
      .filter(([, calls]) => calls > 0),
  );
}

export const sumOf = (counts: CallCounts): number =>
  [...counts.values()].reduce((sum, calls) => sum + calls, 0);

/** Most first. */
export const largest = (counts: CallCounts, number: number): [name: string, calls: number][] =>
  [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, number);
