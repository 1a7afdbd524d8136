/** What a source of kernel events gives a recording: the contract of ebpf, bpftrace and strace. */
import type { EventTable } from '../../model/recording/event-table.js';
import type { SourceInfo } from '../../model/recording/recording.js';
import type { StringInterner } from '../../model/recording/strings.js';

/** A process that is followed from now on. */
export interface Participant {
  readonly pid: number;
  /** Only this thread; absent: every thread. */
  readonly onlyTid?: number;
  readonly followChildren: boolean;
}

export interface SourceOptions {
  /** uname -m. */
  readonly machine: string;
  /** The session base: absolute CLOCK_MONOTONIC, ns. Events are relative to it. */
  readonly baseNs: bigint;
  readonly strings: StringInterner;
  /** Keep argv out, except what distinguishes the parts of a start. */
  readonly redact: boolean;
  /** Size of the kernel's buffer, where the source has one. */
  readonly ringBytes: number;
  /**
   * Only syscalls that have a name in the table of details, which tell a start's steps: what runs beside the
   * participants pays less. Absent: every syscall of a participant.
   */
  readonly namedCallsOnly?: boolean;
  /** Followed from the first moment, with their descendants where they say so. */
  readonly participants: readonly Participant[];
}

/** A running recording of the kernel's side. Always `stop()` it. */
export interface RecordingSource {
  readonly info: SourceInfo;
  /** @returns whether it could: some sources take their participants only when they are started */
  follow(participant: Participant): boolean;
  /** No longer followed, nor what it forks from now on. Where it is missing, a participant is one to its end. */
  unfollow?(pid: number): void;
  /** Ids of what is drained from now on are this table's. Where it is missing, a recording has one table. */
  useStrings?(strings: StringInterner): void;
  /** Decodes what has come in since the last call. A record that makes no sense is a `malformed` event. */
  drain(into: EventTable): void;
  /** Bytes that wait to be drained. */
  readonly pendingBytes: number;
  /** Records lost so far, where the source can say it while it runs. */
  losses?(): readonly Loss[];
  /**
   * Disarms, and waits for what is still under way; the caller drains once more. Where it is called again it
   * returns nothing.
   */
  stop(): Promise<SourceEnd>;
}

export interface Loss {
  readonly where: string;
  readonly records: number;
}

export interface SourceEnd {
  /** Records lost, by where. Without what a source cannot count (see `SourceInfo`). */
  readonly losses: readonly Loss[];
  readonly disarmNs: number;
  /** What a reader of the recording must know of how it ended. */
  readonly notes?: readonly {
    readonly code: string;
    readonly message: string;
    readonly remedy: string;
  }[];
}

/** Arms; when it resolves, the participants are followed. @throws DitError exit 3 */
export type StartSource = (options: SourceOptions) => Promise<RecordingSource>;
