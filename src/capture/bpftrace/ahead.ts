/** How far bpftrace's clock is ahead, from what it answered to renames of this process. Pure. */

/** A rename: absolute CLOCK_MONOTONIC, ns, before and after it. */
export interface Rename {
  readonly before: bigint;
  readonly after: bigint;
}

/**
 * Which answers are those of these renames is told by the time between them: no rename before them was as close.
 * @param renames one right after the other, at least two
 * @param answers times on bpftrace's clock, ns, also of renames before these, in any order
 * @returns ns, uncertain by half the time that the fastest rename took; undefined until all of these are answered
 */
export function aheadOf(
  renames: readonly Rename[],
  answers: readonly bigint[],
): bigint | undefined {
  const sorted = [...answers].sort((a, b) => Number(a - b));
  const first = sorted.findIndex((_, index) => areOf(renames, sorted.slice(index)));
  if (first < 0) return undefined;
  const readings = renames.map(({ before, after }, index) => ({
    took: after - before,
    ahead: (sorted[first + index] as bigint) - (before + after) / 2n,
  }));
  return readings.reduce((best, reading) => (reading.took < best.took ? reading : best)).ahead;
}

/** Both clocks run at the same rate. */
const areOf = (renames: readonly Rename[], answers: readonly bigint[]): boolean =>
  renames.length <= answers.length &&
  renames.slice(1).every(({ before, after }, index) => {
    const earlier = renames[index] as Rename;
    const between = (answers[index + 1] as bigint) - (answers[index] as bigint);
    return between >= before - earlier.after && between <= after - earlier.before;
  });
