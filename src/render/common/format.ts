/** Numbers as people read them. Durations are ns; units are part of the text or of the column's head. */

import { formatCount, thousands } from '../../base/count.js';

export { formatCount, plural } from '../../base/count.js';

/** ns → ms: "264.113", "1,264.113". */
export function formatMs(ns: number, decimals = 3): string {
  const [whole = '0', fraction = ''] = (Math.abs(ns) / 1e6).toFixed(decimals).split('.');
  const text = fraction === '' ? thousands(whole) : `${thousands(whole)}.${fraction}`;
  return ns < 0 && Number(text.replaceAll(',', '')) !== 0 ? `-${text}` : text;
}

/** ns with the unit that fits: "850 ns", "12.3 µs", "264 ms", "1.26 s"; three significant digits. */
export function formatDuration(ns: number): string {
  const size = Math.abs(ns);
  if (size < 999.5) return `${Math.round(ns)} ns`;
  if (size < 999.5e3) return `${significant(ns / 1e3)} µs`;
  if (size < 999.5e6) return `${significant(ns / 1e6)} ms`;
  return `${significant(ns / 1e9)} s`;
}

function significant(value: number): string {
  const size = Math.abs(value);
  if (size >= 99.95) return formatCount(value);
  return value.toFixed(size >= 9.995 ? 1 : 2);
}

/** 0.5732 → "57.3 %"; something that is not nothing never reads "0.0 %". */
export function formatPercent(share: number): string {
  if (share > 0 && share < 0.0005) return '<0.1 %';
  return `${(100 * share).toFixed(1)} %`;
}

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** 441988 → "432 KiB". */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1023.5 && unit < BYTE_UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = unit === 0 || value >= 99.95 ? value.toFixed(0) : value.toFixed(1);
  return `${digits} ${BYTE_UNITS[unit]}`;
}

/** ns since 1970 UTC → "2025-11-21 08:05:12 UTC"; '' beyond what a date can hold. */
export function formatDate(realtimeNs: bigint): string {
  const date = new Date(Number(realtimeNs / 1_000_000n));
  if (Number.isNaN(date.getTime())) return '';
  return `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
