/** Events in time order: a stable radix sort, because files are sorted nearly but not exactly. */
import type { EventTable } from '../../model/recording/event-table.js';

const DIGIT_BITS = 16;
const DIGITS = 1 << DIGIT_BITS;

/** Rows of the table ordered by (time, row). Linear in the number of events. */
export function timeOrder(events: EventTable): Uint32Array {
  const time = events.time.view();
  const count = time.length;
  let smallest = 0;
  for (let i = 0; i < count; i++) smallest = Math.min(smallest, time[i] as number);
  let rows = new Uint32Array(count);
  let sorted = true;
  let largest = 0;
  for (let i = 0; i < count; i++) {
    rows[i] = i;
    if (i > 0 && (time[i] as number) < (time[i - 1] as number)) sorted = false;
    largest = Math.max(largest, (time[i] as number) - smallest);
  }
  if (sorted) return rows;

  let spare = new Uint32Array(count);
  const starts = new Uint32Array(DIGITS + 1);
  for (let scale = 1; scale <= largest; scale *= DIGITS) {
    starts.fill(0);
    for (let i = 0; i < count; i++) {
      const digit = digitOf((time[i] as number) - smallest, scale);
      starts[digit + 1] = (starts[digit + 1] as number) + 1;
    }
    for (let digit = 0; digit < DIGITS; digit++) {
      starts[digit + 1] = (starts[digit + 1] as number) + (starts[digit] as number);
    }
    for (let i = 0; i < count; i++) {
      const row = rows[i] as number;
      const digit = digitOf((time[row] as number) - smallest, scale);
      const place = starts[digit] as number;
      spare[place] = row;
      starts[digit] = place + 1;
    }
    [rows, spare] = [spare, rows];
  }
  return rows;
}

// Not `% DIGITS`: doubles beyond 2^32 must not go through 32-bit operators.
const digitOf = (value: number, scale: number): number =>
  Math.floor(value / scale) - Math.floor(value / scale / DIGITS) * DIGITS;
