/** Ranks of values, those that tie sharing the mean of theirs. */

export interface Ranks {
  /** In the order of the values, from 1. */
  readonly ranks: readonly number[];
  /** Σ (t³ - t) over the groups of ties; 0 without ties. */
  readonly ties: number;
}

export function rank(values: readonly number[]): Ranks {
  const order = values.map((_, index) => index);
  order.sort((a, b) => (values[a] as number) - (values[b] as number));
  const ranks = new Array<number>(values.length);
  let ties = 0;
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    const value = values[order[from] as number];
    while (to < order.length && values[order[to] as number] === value) to++;
    for (let i = from; i < to; i++) ranks[order[i] as number] = (from + 1 + to) / 2;
    const size = to - from;
    ties += size ** 3 - size;
    from = to;
  }
  return { ranks, ties };
}
