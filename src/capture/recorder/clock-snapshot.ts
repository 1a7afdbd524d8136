/** Readings of the three clocks as a recording holds them: relative to its first one. */
import type { TraceTime } from '../../base/time.js';
import type { ClockSnapshot } from '../../model/recording/recording.js';
import type { ClockReading } from '../../platform/clocks.js';

export const clockSnapshot = (reading: ClockReading, base: ClockReading): ClockSnapshot => ({
  trace: Number(reading.monotonicNs - base.monotonicNs) as TraceTime,
  realtimeOffset: Number(reading.realtimeNs - base.realtimeNs),
  boottimeOffset: Number(reading.boottimeNs - reading.monotonicNs),
  uncertaintyNs: Number(reading.uncertaintyNs),
});

/** Those that tell the time from `from` to `to`: the last one before it, those in it, and the first one after it. */
export function snapshotsOf(
  clocks: readonly ClockSnapshot[],
  from: number,
  to: number,
): readonly ClockSnapshot[] {
  const first = clocks.findLastIndex(({ trace }) => trace <= from);
  const last = clocks.findIndex(({ trace }) => trace >= to);
  return clocks.slice(Math.max(0, first), last < 0 ? clocks.length : last + 1);
}
