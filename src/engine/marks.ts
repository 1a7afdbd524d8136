/** API marks while they are being made: absolute times, mapped to the trace when written. */
import type { Foreign } from '../base/foreign.js';

export interface RawMark {
  readonly name: string;
  /** Absolute CLOCK_MONOTONIC, ns. */
  readonly startNs: bigint;
  /** undefined: it had not ended. */
  readonly endNs: bigint | undefined;
  readonly containerId?: Foreign;
  readonly status?: number;
  readonly error?: Foreign;
  readonly wallClock?: boolean;
  readonly detail?: Readonly<Record<string, Foreign>>;
}

export type MarkSink = (mark: RawMark) => void;
