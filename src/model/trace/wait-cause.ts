/** What a blocked thread on the critical path waited for; words/wait-text.ts has the words. */
import type { Foreign } from '../../base/foreign.js';
import type { ActorKind } from './actor-kind.js';

/** Causes of which there is nothing more to know. */
export type PlainCause =
  /** A request to a disk was completed, or the thread slept in iowait. */
  | 'block-io'
  | 'timer'
  | 'network'
  | 'tasklet'
  | 'scheduler'
  /** The soft interrupt in which RCU's callbacks run. */
  | 'rcu'
  /** One without a name of its own. */
  | 'soft-interrupt'
  | 'interrupt'
  /** execve kills the other threads of its process and waits for the last of them. */
  | 'own-threads'
  /** Of the Go runtime: a message that its monitor thread found, a processor that it took away. */
  | 'go-poller'
  | 'go-scheduler';

export type WaitCause =
  | { readonly kind: PlainCause }
  | { readonly kind: 'kernel-thread'; readonly comm: Foreign }
  /** One that does not work for this start. */
  | { readonly kind: 'process'; readonly comm: Foreign; readonly pid: number }
  | { readonly kind: 'other-container'; readonly actor: ActorKind; readonly pid: number }
  /** The engine's, to a request of the client. */
  | { readonly kind: 'answer'; readonly request: 'create' | 'start' };
