/** Why a segment of the critical path is inferred and not exact; words/inference-text.ts has the words. */
import type { Foreign } from '../../base/foreign.js';

/** Reasons of which there is nothing more to know. */
export type PlainInference =
  /** The recorded wake-ups lead in a circle. */
  | 'contradiction'
  | 'wake-up-missing'
  /** Of Go's monitor thread, whose wake-ups do not tell what for. */
  | 'go-shared-work'
  | 'go-last-message'
  /** No switches were recorded: whose turn it is in this stage. */
  | 'turn-in-stage'
  /** Recorded from the engine's API alone. */
  | 'between-requests'
  | 'engine-not-seen';

export type Inference =
  | { readonly kind: PlainInference }
  /** A goroutine waited for the processor of a thread in this syscall. */
  | { readonly kind: 'go-processor'; readonly syscall: Foreign };
