/** Counts in words. */

export const thousands = (digits: string): string => digits.replace(/\B(?=(\d{3})+$)/g, ',');

/** 264113201 → "264,113,201". */
export function formatCount(count: number): string {
  const digits = thousands(Math.abs(Math.round(count)).toString());
  return count < 0 ? `-${digits}` : digits;
}

/** 2, "file" → "2 files" */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}
