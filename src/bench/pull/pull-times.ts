/** Where the time of a pull goes, as far as the engine's progress shows. */

/** A line of the engine's progress, and when it came: ms since the request, the client's monotonic clock. */
export interface PullEvent {
  readonly ms: number;
  /** Layer; '' for what is said of the whole. */
  readonly id: string;
  readonly status: string;
}

/**
 * ms. Layers are downloaded side by side and unpacked one after the other, the first while others are still coming:
 * the parts overlap, and do not add up to the whole. Undefined: this engine says nothing of it (the containerd store
 * does not tell when it verifies).
 */
export interface PullTimes {
  /** From the first layer that is announced to the last one that is there. */
  readonly downloadMs: number | undefined;
  /** Sum over the layers, of reading them once more to compute their checksums. */
  readonly verifyMs: number | undefined;
  /** Sum over the layers, from the first word of unpacking to the last. */
  readonly extractMs: number | undefined;
}

export function pullTimes(events: readonly PullEvent[]): PullTimes {
  const layers = new Map<string, PullEvent[]>();
  for (const event of events) {
    if (event.id !== '') layers.set(event.id, [...(layers.get(event.id) ?? []), event]);
  }
  const first = (own: readonly PullEvent[], status: string): number | undefined =>
    own.find((event) => event.status === status)?.ms;
  const spans = (from: string, to: string): number[] =>
    [...layers.values()].flatMap((own) => {
      const [begin, end] = [first(own, from), first(own, to)];
      return begin === undefined || end === undefined ? [] : [end - begin];
    });
  const sum = (values: readonly number[]): number | undefined =>
    values.length === 0 ? undefined : values.reduce((total, value) => total + value, 0);
  const at = (status: string): number[] =>
    [...layers.values()].flatMap((own) => first(own, status) ?? []);
  const [announced, there] = [at('Pulling fs layer'), at('Download complete')];
  return {
    downloadMs:
      announced.length === 0 || there.length === 0
        ? undefined
        : Math.max(...there) - Math.min(...announced),
    verifyMs: sum(spans('Verifying Checksum', 'Download complete')),
    extractMs: sum(spans('Extracting', 'Pull complete')),
  };
}
