/** Values of options: parsed where they are read, refused with what would be right. */

import { DitError, EXIT } from '../../base/errors.js';
import { own } from '../../base/own.js';
import type { WatchFilter } from '../../watch/watch-filter.js';

/** When the recording ends; a number is seconds after the start. */
export type UntilOption = 'started' | 'exit' | 'removed' | number;

/** "started", "exit", "removed" or seconds. @throws DitError */
export function parseUntil(text: string): UntilOption {
  if (text === 'started' || text === 'exit' || text === 'removed') return text;
  const seconds = parseNumber(text);
  if (seconds !== undefined && seconds >= 0 && seconds <= 86_400) return seconds;
  throw badValue(text, '--until', 'started, exit, removed or seconds (up to 86400)');
}

const BYTE_UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 2 ** 10,
  m: 2 ** 20,
  g: 2 ** 30,
};

/** "64m", "1g", "1048576" as Docker reads them. @throws DitError */
export function parseMemory(text: string): number {
  const [, digits = '', unit = ''] = /^(\d+(?:\.\d+)?)([bkmg]?)b?$/i.exec(text) ?? [];
  const bytes = Number(digits) * (own(BYTE_UNITS, unit.toLowerCase()) ?? Number.NaN);
  if (digits !== '' && bytes >= 1 && Number.isSafeInteger(Math.floor(bytes)))
    return Math.floor(bytes);
  throw badValue(text, '--memory', 'bytes, or a number with k, m or g: 64m');
}

/** A parser for commander of a number in a range. @throws DitError */
export function numberBetween(
  option: string,
  least: number,
  most: number,
  kind: 'integer' | 'decimal' = 'integer',
): (text: string) => number {
  return (text) => {
    const value = parseNumber(text);
    const fits = value !== undefined && value >= least && value <= most;
    if (fits && (kind === 'decimal' || Number.isInteger(value))) return value;
    throw badValue(
      text,
      option,
      `${kind === 'integer' ? 'a whole number' : 'a number'} from ${least} to ${most}`,
    );
  };
}

/** Rings are powers of two. @throws DitError */
export function checkRing(ringMb: number): void {
  if (!Number.isInteger(Math.log2(ringMb))) {
    throw badValue(String(ringMb), '--ring-mb', 'a power of two: 16, 64, 256');
  }
}

/** "name=web*", "slower=500". @throws DitError */
export function parseFilter(text: string): WatchFilter {
  const at = text.indexOf('=');
  const key = text.slice(0, Math.max(0, at));
  const value = text.slice(at + 1);
  if (key === 'name' || key === 'image' || key === 'id') return { key, value };
  if (key === 'slower' && (parseNumber(value) ?? -1) >= 0) return { key, value };
  throw badValue(text, '--filter', 'name=…, image=…, id=… or slower=MS');
}

function parseNumber(text: string): number | undefined {
  return /^[+-]?\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
}

export function badValue(text: string, option: string, wanted: string): DitError {
  return new DitError({
    code: 'option-value',
    exitCode: EXIT.usage,
    message: `invalid value '${text}' for ${option}`,
    remedy: `use ${wanted}`,
  });
}
