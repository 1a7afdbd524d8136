/** API marks while they are being made: absolute times, mapped to the trace when written. */

export interface RawMark {
  readonly name: string;
  /** Absolute CLOCK_MONOTONIC, ns. */
  readonly startNs: bigint;
  /** undefined: it had not ended. */
  readonly endNs: bigint | undefined;
  readonly containerId?: string;
  readonly status?: number;
  readonly error?: string;
  readonly wallClock?: boolean;
  readonly detail?: Readonly<Record<string, string>>;
}

export type MarkSink = (mark: RawMark) => void;
