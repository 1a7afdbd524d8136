/**
 * What a trace proves, as data: a finding's id and the facts behind it. The rules are in analysis/findings, the words in
 * words/findings: a new finding is an entry here, a rule there and its words, and the compiler misses what is not there.
 */
import type { Foreign } from '../../base/foreign.js';
import type { Duration } from '../../base/time.js';
import type { ActorKind } from './actor-kind.js';
import type { Certainty } from './certainty.js';

/** What one actor spent on it; lists of these have the largest first, three at most. */
export interface ActorTime {
  readonly actor: ActorKind;
  readonly ns: Duration;
}

/** overlayfs copies the folders above a file too, and opens that truncate copy no data. */
export interface CopiedCounts {
  readonly withData: number;
  /** Folders, or files without data. */
  readonly withoutData: number;
}

/** What the syncs' lengths say of the disk. */
export type SyncCause =
  /** Most are quick: it is their number. */
  | 'many'
  /** A few stalled, the others were quick. */
  | 'stalls'
  | 'slow-disk';

/** The facts of each finding, by its id. Ids are stable: JSON and SQL have them. */
export interface FindingFacts {
  'short-of-cpu': {
    /** Those shorter than `leastNs` are not counted. */
    readonly waits: number;
    readonly leastNs: Duration;
    readonly longestNs: Duration;
    readonly byActor: readonly ActorTime[];
  };
  'network-hook': {
    readonly pid: number;
    /** How often dockerd was executed anew: the hook itself, and what dockerd forked for it. */
    readonly execs: number;
    readonly windowNs: Duration;
  };
  'slow-hook': {
    /** undefined: it was not executed while it was recorded. */
    readonly program: Foreign | undefined;
    readonly windowNs: Duration;
  };
  fsync: {
    readonly calls: number;
    readonly medianNs: Duration;
    readonly longestNs: Duration;
    /** Of `calls`: those that took long. */
    readonly slow: number;
    readonly cause: SyncCause;
    /** The file that most of it was for. */
    readonly worst: { readonly file: Foreign; readonly ns: Duration } | undefined;
    readonly byActor: readonly ActorTime[];
  };
  'cold-cache': { readonly waits: number; readonly byActor: readonly ActorTime[] };
  disk: { readonly waits: number; readonly byActor: readonly ActorTime[] };
  'cgroup-rcu': { readonly writes: number };
  sealing: {
    readonly pid: number;
    /** What it executed the second time. */
    readonly filename: Foreign;
  };
  sleep: {
    readonly sleeps: number;
    /** Of the longest. */
    readonly program: Foreign | undefined;
    readonly actor: ActorKind;
    readonly byActor: readonly ActorTime[];
  };
  'other-start': {
    readonly waits: number;
    /** Whose wake-up ended the longest. */
    readonly actor: ActorKind;
    readonly pid: number;
  };
  'copy-up': {
    readonly copied: CopiedCounts;
    readonly bytes: number;
    /** By its duration. */
    readonly longest: {
      readonly path: Foreign;
      readonly bytes: number;
      readonly ns: Duration;
      /** The syscall that caused it. */
      readonly trigger: Foreign;
      readonly certainty: Certainty;
    };
  };
}

export type FindingId = keyof FindingFacts;

/** One finding of a kind, or with the default of any. */
export type Finding<I extends FindingId = FindingId> = {
  readonly [J in I]: {
    readonly id: J;
    /** Its weight: ns on the critical path, or of the copy-ups. */
    readonly ns: Duration;
    readonly facts: FindingFacts[J];
  };
}[I];
