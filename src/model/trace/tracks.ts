/**
 * A trace as pictures and exports need it: tracks, and on each slices that nest. Columnar, because a trace has
 * a million of them. Built by analysis/tracks/tracks.ts.
 */
import type { Foreign } from '../../base/foreign.js';
import type { ContainerId, ProcessKey } from '../../base/ids.js';
import type { ActorKind } from './actor-kind.js';
import type { Span } from './trace.js';

type TrackKind =
  /** What a thread does: programs, and in them syscalls, and in those copy-ups. */
  | 'thread'
  /** When a thread is on a CPU; `parent` is the thread's track. */
  | 'schedule'
  /** Requests to the engine's API, dit's own; those that overlap have tracks of their own. */
  | 'requests';

export interface Track {
  readonly kind: TrackKind;
  readonly parent: number | undefined;
  readonly process: ProcessKey | undefined;
  /** 0 for requests. */
  readonly pid: number;
  readonly tid: number;
  /** Of the thread, its last one; untrusted. */
  readonly name: Foreign;
  readonly actor: ActorKind;
  readonly containerId: ContainerId | undefined;
}

export const SLICE_KINDS = [
  'program',
  'thread',
  'syscall',
  'copy-up',
  'running',
  'request',
] as const;
export type SliceKind = (typeof SLICE_KINDS)[number];

/**
 * One index a slice: by track, then by start, the outer before the inner. Slices of one track nest or are apart; the
 * depth of an outermost one is 0.
 */
interface Slices {
  readonly length: number;
  readonly track: Int32Array;
  /** Trace time, ns. */
  readonly start: Float64Array;
  readonly end: Float64Array;
  readonly depth: Uint8Array;
  /** Index in SLICE_KINDS. */
  readonly kind: Uint8Array;
  /** Index in Tracks.names. */
  readonly name: Int32Array;
  /** Row in Recording.events; of a request, the index of its mark; -1 for programs that were there before. */
  readonly event: Int32Array;
  /** 1: the end is not known (unfinished at the end of the trace), or was cut so that slices nest. */
  readonly cut: Uint8Array;
}

/** Events without a duration: all kinds but syscall, copy_up, switch and waking. By time. */
interface Instants {
  readonly length: number;
  readonly track: Int32Array;
  readonly time: Float64Array;
  readonly event: Int32Array;
}

/** A thread made another one runnable. By time. */
interface WakeUps {
  readonly length: number;
  /** Track of the waker; -1: an interrupt, or a thread that is not followed. */
  readonly from: Int32Array;
  readonly fromTime: Float64Array;
  readonly to: Int32Array;
  /** When the woken thread came onto a CPU; that of the wake-up itself where it was not seen to. */
  readonly toTime: Float64Array;
  readonly event: Int32Array;
}

export interface Tracks {
  /** From the first thing known to the last. */
  readonly span: Span;
  readonly tracks: readonly Track[];
  readonly names: readonly Foreign[];
  readonly slices: Slices;
  readonly instants: Instants;
  readonly wakeUps: WakeUps;
  /** The thread's track; undefined for threads that are not followed. */
  threadTrack(process: ProcessKey | undefined, tid: number): number | undefined;
}
