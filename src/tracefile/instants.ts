/** Between absolute 64-bit nanoseconds on the wire and numbers relative to the session base. */
import type { TraceTime } from '../base/time.js';

/** `relative` ns after `base`; an instant before the clock's zero does not exist and becomes 0. */
export function absoluteNs(base: bigint, relative: number): bigint {
  const instant = signedAbsoluteNs(base, relative);
  return instant > 0n ? instant : 0n;
}

/** The same for a clock that has negative readings. */
export function signedAbsoluteNs(base: bigint, relative: number): bigint {
  return base + (Number.isFinite(relative) ? BigInt(Math.round(relative)) : 0n);
}

export const relativeNs = (base: bigint, instant: bigint): TraceTime =>
  Number(instant - base) as TraceTime;
