/** What reading a trace may take, by what is made of it: a command stays within 512 MB, whatever the file claims. */

const MIB = 2 ** 20;

/** Bytes that the events of one file may take in memory. What lies beyond is not read, and said so. */
export const EVENT_MEMORY = {
  /** One trace, of which text or figures are made. */
  alone: 352 * MIB,
  /** One trace, all of whose events become rows or slices. */
  rows: 208 * MIB,
  /** Each of two traces that are held at once. */
  pair: 192 * MIB,
  /** One trace that becomes a page, whole. */
  page: 168 * MIB,
} as const;

export type EventMemory = keyof typeof EVENT_MEMORY;
