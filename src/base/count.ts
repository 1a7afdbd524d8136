/** Counts, shares and sizes: units, and in words. */

/** MB are of 10^6 bytes, MiB of 2^20. */
export const BYTES_PER_MB = 1e6;

/** "264113201" → "264,113,201" */
export function thousands(digits: string): string {
  const first = digits.length % 3;
  const groups = first === 0 ? [] : [digits.slice(0, first)];
  for (let at = first; at < digits.length; at += 3) groups.push(digits.slice(at, at + 3));
  return groups.join(',');
}

/** 264113201 → "264,113,201". */
export function formatCount(count: number): string {
  const digits = thousands(Math.abs(Math.round(count)).toString());
  return count < 0 ? `-${digits}` : digits;
}

/** 2, "file" → "2 files" */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** 0.413 → "41 %"; with one decimal "41.3 %" */
export const percent = (share: number, decimals = 0): string =>
  `${(100 * share).toFixed(decimals)} %`;
