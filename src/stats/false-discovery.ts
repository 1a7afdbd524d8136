/** p values of many tests, corrected for their number. */

/**
 * Benjamini and Hochberg's (Journal of the Royal Statistical Society B 57(1), 1995): tests whose corrected p is below q
 * hold at most a share q of false discoveries. In the order of `p`; NaN stays NaN and does not count as a test.
 */
export function falseDiscovery(p: readonly number[]): number[] {
  const tested = p.map((_, index) => index).filter((index) => !Number.isNaN(p[index]));
  tested.sort((a, b) => (p[b] as number) - (p[a] as number));
  const corrected = p.map(() => Number.NaN);
  let least = 1;
  tested.forEach((index, place) => {
    const rank = tested.length - place;
    least = Math.min(least, ((p[index] as number) * tested.length) / rank);
    corrected[index] = least;
  });
  return corrected;
}
