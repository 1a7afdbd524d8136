/** Figures of what was measured on a network. Pure. */
import { median, quantile } from '../../stats/summary.js';

export const megabitsPerSecond = ({
  bytes,
  receivedMs,
}: {
  readonly bytes: number;
  readonly receivedMs: number;
}): number => (bytes * 8) / 1e3 / receivedMs;

/** Ethernet, IPv4 and TCP with timestamps: bytes of a full segment that are not payload. */
const HEADER_BYTES = 14 + 20 + 32;

/** What a payload rate is on the link, of full segments; limiters of the kernel count so. */
export const onTheLink = (payloadRate: number, mtu: number): number =>
  (payloadRate * (mtu + 14)) / (mtu + 14 - HEADER_BYTES);

export interface Spread {
  readonly median: number;
  readonly p95: number;
}

export const spreadOf = (values: readonly number[]): Spread => ({
  median: median(values),
  p95: quantile(values, 0.95),
});
