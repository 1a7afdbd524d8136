/** Times and durations on the trace clock (CLOCK_MONOTONIC of the recorded host), in nanoseconds. */

declare const traceTime: unique symbol;
declare const duration: unique symbol;

/**
 * An instant on the trace clock, ns since the *session base* (Header.start_ns), so that a double holds
 * it exactly for 104 days. Negative before the recording was armed.
 */
export type TraceTime = number & { readonly [traceTime]: true };

/** A length of time, ns. */
export type Duration = number & { readonly [duration]: true };

export const traceTimeOf = (ns: number): TraceTime => ns as TraceTime;
export const durationOf = (ns: number): Duration => ns as Duration;

export const NS_PER_US = 1e3;
export const NS_PER_MS = 1e6;
export const NS_PER_S = 1e9;
