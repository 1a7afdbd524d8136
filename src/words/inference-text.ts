/** Why something is inferred, in words. */
import { type Foreign, quoting } from '../base/foreign.js';
import type { Inference, PlainInference } from '../model/trace/inference.js';

const PLAIN: Readonly<Record<PlainInference, string>> = {
  contradiction: 'the recorded wake-ups contradict each other',
  'wake-up-missing': 'its wake-up was not recorded',
  'go-shared-work': 'taken for work that a running thread of the process had to share',
  'go-last-message':
    'which message the poller found is not recorded: the last one written is taken',
  'turn-in-stage':
    'no switches were recorded: taken for the process whose turn it is in this stage',
  'between-requests': 'between two requests',
  'engine-not-seen': 'what the engine does is not seen without its kernel',
};

/** Untrusted text; '' for what is exact. */
export function inferenceText(inference: Inference | undefined): Foreign {
  if (inference === undefined) return '';
  return inference.kind === 'go-processor'
    ? quoting`taken for a goroutine that waited for the processor of a thread in ${inference.syscall}`
    : PLAIN[inference.kind];
}
