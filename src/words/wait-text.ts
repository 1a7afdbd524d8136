/** What a thread waits for, in words: "block I/O", "rcu_preempt (kernel thread)", "another container's runc, pid 12". */
import { type Foreign, quoting } from '../base/foreign.js';
import type { Segment } from '../model/trace/trace.js';
import type { PlainCause, WaitCause } from '../model/trace/wait-cause.js';
import { inferenceText } from './inference-text.js';

const PLAIN: Readonly<Record<PlainCause, string>> = {
  'block-io': 'block I/O',
  timer: 'timer',
  network: 'network',
  tasklet: 'tasklet',
  scheduler: 'scheduler',
  rcu: 'RCU',
  'soft-interrupt': 'a soft interrupt',
  interrupt: 'an interrupt',
  'own-threads': 'its own threads, which execve ends',
  'go-poller': 'the Go network poller',
  'go-scheduler': 'the Go scheduler',
};

/** Untrusted text; '' where it does not wait, or nobody knows for what. */
export function waitText(cause: WaitCause | undefined): Foreign {
  if (cause === undefined) return '';
  switch (cause.kind) {
    case 'kernel-thread':
      return quoting`${cause.comm} (kernel thread)`;
    case 'process':
      return quoting`${cause.comm}, pid ${cause.pid}`;
    case 'other-container':
      return `another container's ${cause.actor}, pid ${cause.pid}`;
    case 'answer':
      return `the engine's answer to ${cause.request}`;
    default:
      return PLAIN[cause.kind];
  }
}

/** The same of a segment that waits, runnable ones too; why it is not known, where it is not. */
export const waitedForText = ({ state, waitsFor, inference }: Segment): Foreign =>
  state === 'runnable' ? 'a CPU' : waitText(waitsFor) || inferenceText(inference) || 'unknown';
