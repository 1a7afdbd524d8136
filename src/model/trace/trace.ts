/** The analysed trace: what renderers and exporters read. Immutable; built by analysis/. */
import type { Foreign } from '../../base/foreign.js';
import type { ContainerId, ProcessKey } from '../../base/ids.js';
import type { Duration, TraceTime } from '../../base/time.js';
import type { Recording } from '../recording/recording.js';
import type { ActorKind } from './actor-kind.js';
import type { Category } from './category.js';
import type { Certainty } from './certainty.js';
import type { Finding } from './findings.js';
import type { Inference } from './inference.js';
import type { WaitCause } from './wait-cause.js';

/** Where a fact comes from: an event of the kernel (row in Recording.events) or a mark of the API. */
export type Evidence =
  | { readonly kind: 'event'; readonly event: number; readonly text: Foreign }
  | { readonly kind: 'mark'; readonly mark: number; readonly text: Foreign };

/** A span of a process's life in which it plays one part. */
export interface ActorSpan {
  readonly from: TraceTime;
  readonly actor: ActorKind;
  /** The container it works for, where it works for one. */
  readonly containerId: ContainerId | undefined;
}

export interface ProcessExec {
  readonly time: TraceTime;
  readonly filename: Foreign;
  readonly argv: readonly Foreign[];
  readonly event: number;
}

/** One life of one pid. */
export interface ProcessLife {
  readonly key: ProcessKey;
  readonly pid: number;
  readonly parent: ProcessKey | undefined;
  /** undefined: it was there before the recording. */
  readonly start: TraceTime | undefined;
  /** undefined: it outlived the recording. */
  readonly end: TraceTime | undefined;
  /** 0-255, or -signal; undefined while it lives. */
  readonly exitCode: number | undefined;
  readonly exitEvent: number | undefined;
  readonly forkEvent: number | undefined;
  readonly execs: readonly ProcessExec[];
  readonly comms: readonly {
    readonly time: TraceTime;
    readonly comm: Foreign;
    readonly event: number | undefined;
  }[];
  /** In time order, never empty. */
  readonly actors: readonly ActorSpan[];
}

export type MilestoneName =
  | 'command exec'
  | 'create requested'
  | 'create answered'
  | 'start requested'
  | 'rootfs mounted'
  | 'shim exec'
  | 'runc exec'
  | 'cgroup attached'
  | 'first namespace'
  | 'init cloned'
  | 'hooks began'
  | 'hooks ended'
  | 'pivot_root'
  | 'runc exited'
  | 'exec FIFO opened'
  | 'entrypoint exec'
  | "init's command exec"
  | 'start answered'
  | 'first output'
  | 'exited'
  | 'removed';

export interface Milestone {
  readonly name: MilestoneName;
  readonly time: TraceTime;
  readonly certainty: Certainty;
  readonly evidence: Evidence;
}

/** A milestone that this start does not have, and why. */
export interface AbsentMilestone {
  readonly name: MilestoneName;
  readonly reason: Foreign;
}

export type Phase = 'kernel' | 'runtime' | 'storage';

/** What a thread on the critical path does in a segment. */
export type SegmentState = 'user code' | 'syscall' | 'runnable' | 'blocked';

/** One segment of the critical path: segments tile the window without gap or overlap. */
export interface Segment {
  readonly start: TraceTime;
  readonly end: TraceTime;
  readonly actor: ActorKind;
  readonly process: ProcessKey | undefined;
  readonly tid: number;
  readonly state: SegmentState;
  /** Row of the syscall that the thread is in. */
  readonly syscall: number | undefined;
  /** Of a blocked thread; undefined where it is not known. */
  readonly waitsFor: WaitCause | undefined;
  /** Row of the wake-up that ended the wait. */
  readonly wokenBy: number | undefined;
  readonly certainty: Certainty;
  /** Why it is inferred; undefined when exact. */
  readonly inference: Inference | undefined;
  /** undefined: no rule applies ("unattributed"). */
  readonly phase: Phase | undefined;
  readonly category: Category;
  /** Id of the rule that decided. */
  readonly rule: string;
}

export interface Span {
  readonly start: TraceTime;
  readonly end: TraceTime;
}

/**
 * The part of a start that is measured: from the create request, or the first thing known of it, to the
 * entrypoint's exec, or the last thing known.
 */
export interface Window extends Span {
  /** The milestone at `start`. */
  readonly from: MilestoneName;
  /** The milestone at `end`. */
  readonly to: MilestoneName;
}

/** A file or folder that overlayfs copied from a lower layer to the upper one, because something was about to change it. */
export interface CopyUp {
  readonly start: TraceTime;
  readonly duration: Duration;
  /** Size of the file; 0: a directory, or metadata alone. */
  readonly bytes: number;
  readonly path: Foreign;
  readonly actor: ActorKind;
  readonly process: ProcessKey | undefined;
  readonly tid: number;
  /** Row of the syscall that caused it. */
  readonly syscall: number | undefined;
  /** Its name: "openat". */
  readonly trigger: Foreign;
  readonly certainty: Certainty;
}

/** One container start, observed. */
export interface ContainerRun {
  readonly containerId: ContainerId;
  readonly name: Foreign;
  readonly image: Foreign;
  readonly milestones: readonly Milestone[];
  readonly absent: readonly AbsentMilestone[];
  /** undefined: the entrypoint was never executed, or the request was not recorded. */
  readonly window: Window | undefined;
  /** In time order; empty without a window. */
  readonly segments: readonly Segment[];
  /** In time order, those after the entrypoint's exec too. */
  readonly copyUps: readonly CopyUp[];
  /** Largest first. */
  readonly findings: readonly Finding[];
  /** The run's own processes: shim, runc, hooks, init, entrypoint and their children. */
  readonly processes: readonly ProcessKey[];
  readonly exitCode: number | undefined;
  /** What failed, in the engine's words; ''. */
  readonly failure: Foreign;
}

/** Something a reader must know before trusting a figure. */
export interface TraceWarning {
  readonly code: Foreign;
  readonly message: Foreign;
  readonly remedy: Foreign;
}

export interface Trace {
  readonly recording: Recording;
  /** Rows of Recording.events in time order. */
  readonly order: Uint32Array;
  readonly processes: readonly ProcessLife[];
  readonly runs: readonly ContainerRun[];
  /** Containers that started meanwhile and were not asked for. */
  readonly foreign: readonly ContainerId[];
  readonly warnings: readonly TraceWarning[];
}

export function milestone(run: ContainerRun, name: MilestoneName): Milestone | undefined {
  return run.milestones.find((candidate) => candidate.name === name);
}

export function windowLength(window: Window): Duration {
  return (window.end - window.start) as Duration;
}
