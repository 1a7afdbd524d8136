/**
 * strace's times to trace time: it stamps lines with CLOCK_REALTIME (of ns, since dit asks for them), which is
 * slewed and set while CLOCK_MONOTONIC runs on. Pure: it is told what the clocks read, again and again.
 */
import type { WallTime } from './lines.js';

/** Both clocks at one moment, absolute, ns. */
export interface ClockPair {
  readonly monotonicNs: bigint;
  readonly realtimeNs: bigint;
}

/** More than this between two readings, and somebody has set the clock. Slewing is 0.5 ms a second. */
const STEP_NS = 1_000_000;
const SLEW = 500e-6;

interface Reading {
  /** CLOCK_REALTIME since the first reading, ns. */
  readonly wall: number;
  /** What is added to it to get trace time. */
  readonly offset: number;
}

export class WallClock {
  readonly #baseNs: bigint;
  readonly #firstRealtimeNs: bigint;
  readonly #firstSeconds: number;
  readonly #firstNanos: number;
  #before: Reading;
  #last: Reading;
  #steppedNs = 0;

  /** @param baseNs the session base: absolute CLOCK_MONOTONIC */
  constructor(baseNs: bigint, first: ClockPair) {
    this.#baseNs = baseNs;
    this.#firstRealtimeNs = first.realtimeNs;
    this.#firstSeconds = Number(first.realtimeNs / 1_000_000_000n);
    this.#firstNanos = Number(first.realtimeNs % 1_000_000_000n);
    this.#last = { wall: 0, offset: Number(first.monotonicNs - baseNs) };
    this.#before = this.#last;
  }

  /** Lines from before this moment are read after it. */
  read(pair: ClockPair): void {
    const wall = Number(pair.realtimeNs - this.#firstRealtimeNs);
    const offset = Number(pair.monotonicNs - this.#baseNs) - wall;
    const moved = offset - this.#last.offset;
    const elapsed = Math.abs(wall - this.#last.wall);
    if (Math.abs(moved) > STEP_NS + elapsed * SLEW) this.#steppedNs += moved;
    this.#before = this.#last;
    this.#last = { wall, offset };
  }

  /** ns since the session base. Between two readings the offset is taken to have moved evenly. */
  readonly toTrace = ({ seconds, nanos }: WallTime): number => {
    const wall = (seconds - this.#firstSeconds) * 1e9 + (nanos - this.#firstNanos);
    const [a, b] = [this.#before, this.#last];
    if (wall <= a.wall || b.wall <= a.wall) return Math.round(wall + a.offset);
    const share = Math.min(1, (wall - a.wall) / (b.wall - a.wall));
    return Math.round(wall + a.offset + share * (b.offset - a.offset));
  };

  /** By how much the clock was set while it was read, ns; 0: it was not. */
  get steppedNs(): number {
    return this.#steppedNs;
  }
}
