import type { Inference } from '../../model/trace/inference.js';
import type { WaitCause } from '../../model/trace/wait-cause.js';

/** A segment of the critical path before it is attributed: one thread in one state, whatever it calls. */
export interface PathSegment {
  readonly start: number;
  readonly end: number;
  readonly tid: number;
  readonly state: 'running' | 'runnable' | 'blocked';
  /** Row of the wake-up that ended a wait. */
  readonly wokenBy: number | undefined;
  /** undefined where it does not wait, or it is not known. */
  readonly waitsFor: WaitCause | undefined;
  /** Why this is inferred; undefined where the evidence is whole. */
  readonly inference: Inference | undefined;
}
