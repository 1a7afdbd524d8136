/** Counts in words. */

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
