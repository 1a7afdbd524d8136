/** The three clocks of a snapshot, read together: by the addon, or without it as well as JavaScript can. */
import { readFileSync } from 'node:fs';
import { type ClockReading, loadAddon } from './addon.js';

export type { ClockReading };

/** CLOCK_BOOTTIME runs on while a machine sleeps; below this it has never slept. */
const NEVER_SLEPT_NS = 20_000_000n;

/** Each read between two reads of CLOCK_MONOTONIC; `uncertaintyNs` is half the width between those. */
export function readClocks(): ClockReading {
  try {
    return loadAddon().readClocks();
  } catch {
    // Without the addon: less exactly, and the uncertainty says so.
    return readClocksByEdge();
  }
}

/** Date.now() counts whole milliseconds: at the moment it changes, it is exact. Spins for up to 1 ms. */
function readClocksByEdge(): ClockReading {
  const first = Date.now();
  let before = process.hrtime.bigint();
  for (;;) {
    const now = Date.now();
    const after = process.hrtime.bigint();
    if (now !== first) {
      const monotonicNs = (before + after) / 2n;
      return {
        monotonicNs,
        realtimeNs: BigInt(now) * 1_000_000n,
        boottimeNs: monotonicNs + sleptNs(),
        uncertaintyNs: (after - before) / 2n + 1n,
      };
    }
    before = after;
  }
}

/** How far CLOCK_BOOTTIME is ahead: /proc/uptime has hundredths of a second. */
function sleptNs(): bigint {
  const before = process.hrtime.bigint();
  const [uptime = '0'] = readFileSync('/proc/uptime', 'utf8').split(' ');
  const ahead = BigInt(Math.round(Number(uptime) * 1000)) * 1_000_000n - before;
  return ahead < NEVER_SLEPT_NS ? 0n : ahead;
}
