/**
 * Short synchronous steps timed one after the other. System calls are made by this thread, for a hand-over to a
 * pool of threads costs more than most of them; signals and timers get their turn in between, off the clock.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { NS_PER_MS } from '../../base/time.js';

const SLICE_NS = 20 * NS_PER_MS;

export interface TimedSteps {
  readonly steps: number;
  /** CLOCK_MONOTONIC, in the steps alone. */
  readonly ns: number;
}

export interface StepLimits {
  /** Ends after so many steps. */
  readonly steps: number;
  /** Ends when this much time was spent in steps, if that comes before. */
  readonly ns?: number;
  readonly signal: AbortSignal;
}

/** @throws the signal's reason, and whatever a step throws */
export async function timeSteps(
  step: (index: number) => void,
  { steps, ns: mostNs = Number.POSITIVE_INFINITY, signal }: StepLimits,
): Promise<TimedSteps> {
  let done = 0;
  let ns = 0;
  while (done < steps && ns < mostNs) {
    signal.throwIfAborted();
    const begin = process.hrtime.bigint();
    let slice: number;
    do {
      step(done++);
      slice = Number(process.hrtime.bigint() - begin);
    } while (done < steps && slice < SLICE_NS && ns + slice < mostNs);
    ns += slice;
    await turn();
  }
  return { steps: done, ns };
}
