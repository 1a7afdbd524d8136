/** What processes have in memory, and share, from the kernel's sums over their mappings. */
import { readFileSync } from 'node:fs';

/** Bytes. */
export interface ProcessMemory {
  /** Every page that is mapped, whoever else maps it. */
  readonly rss: number;
  /** Every page divided by the number of processes that map it: sums of it count each page once. */
  readonly pss: number;
  /** Pages that others map too, and that are as they are in the file. */
  readonly sharedClean: number;
  /** Clean and dirty pages that no other process maps: what its end would free. */
  readonly private: number;
}

const NONE: ProcessMemory = { rss: 0, pss: 0, sharedClean: 0, private: 0 };

/** @throws what the file system says: it is gone, or another user's */
export const readSmapsRollup = (pid: number): string =>
  readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');

/**
 * Pure: sums a smaps_rollup, or all mappings of a smaps, which rounds each to 1 kB.
 * @param text lines as "Pss:                 123 kB"
 */
export function processMemory(text: string): ProcessMemory {
  const sums = new Map<string, number>();
  for (const [, name = '', kilobytes] of text.matchAll(/^(\w+): +(\d+) kB$/gm)) {
    sums.set(name, (sums.get(name) ?? 0) + Number(kilobytes) * 1024);
  }
  const of = (name: string): number => sums.get(name) ?? 0;
  return {
    rss: of('Rss'),
    pss: of('Pss'),
    sharedClean: of('Shared_Clean'),
    private: of('Private_Clean') + of('Private_Dirty'),
  };
}

export const sumOfMemory = (all: readonly ProcessMemory[]): ProcessMemory =>
  all.reduce(
    (sum, { rss, pss, sharedClean, private: own }) => ({
      rss: sum.rss + rss,
      pss: sum.pss + pss,
      sharedClean: sum.sharedClean + sharedClean,
      private: sum.private + own,
    }),
    NONE,
  );
