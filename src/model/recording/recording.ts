/**
 * What a trace file holds, decoded and not yet interpreted. Field meanings, units and clocks are those of
 * traces/dit/trace/v1/trace.proto; times here are numbers relative to the session base (`TraceTime`), but
 * for `*_ns` in the header, which are absolute.
 */
import type { Foreign } from '../../base/foreign.js';
import type { TraceTime } from '../../base/time.js';
import type { EventTable } from './event-table.js';
import type { StringTable } from './strings.js';

export interface HostInfo {
  readonly hostname: Foreign;
  readonly kernelRelease: Foreign;
  readonly architecture: Foreign;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly os: Foreign;
  readonly cgroupVersion: Foreign;
  readonly lockdown: Foreign;
  readonly loadAverage1m: number;
}

export interface EngineInfo {
  readonly endpoint: Foreign;
  readonly name: Foreign;
  readonly version: Foreign;
  readonly apiVersion: Foreign;
  readonly containerdVersion: Foreign;
  readonly runcVersion: Foreign;
  readonly storageDriver: Foreign;
  readonly cgroupDriver: Foreign;
  readonly cgroupVersion: Foreign;
  readonly privateEngine: boolean;
  readonly defaultRuntime: Foreign;
  readonly dataRoot: Foreign;
}

export interface ProbeInfo {
  readonly program: Foreign;
  readonly attachPoint: Foreign;
  readonly attached: boolean;
  /** Why not, in the kernel's words; '' when attached. */
  readonly refusal: Foreign;
  /** Absolute trace clock, ns; 0 when refused. */
  readonly attachedNs: bigint;
}

export interface SourceInfo {
  readonly name: Foreign;
  readonly probes: readonly ProbeInfo[];
  readonly perturbed: boolean;
  readonly perturbation: Foreign;
  readonly ringBytes: number;
}

export interface TargetInfo {
  readonly image: Foreign;
  readonly command: readonly Foreign[];
  readonly containerName: Foreign;
  readonly network: Foreign;
  readonly runtime: Foreign;
  /** Whose starts are runs: the one container's, all that a command started, or all on the host. */
  readonly scope: Foreign;
  /** Of several containers in the file, the one that it is about; '' for all in its scope. */
  readonly containerId: Foreign;
}

export interface TraceHeader {
  readonly versionMajor: number;
  readonly versionMinor: number;
  readonly traceId: Foreign;
  readonly ditVersion: Foreign;
  /** The session base: absolute CLOCK_MONOTONIC, ns; a bigint, for 104 days of uptime reach 2^53. */
  readonly startNs: bigint;
  /** The same instant, ns since 1970 UTC. */
  readonly startRealtimeNs: bigint;
  readonly host: HostInfo;
  readonly engine: EngineInfo;
  readonly source: SourceInfo;
  readonly target: TargetInfo;
  readonly redacted: boolean;
  readonly command: readonly Foreign[];
}

export interface ClockSnapshot {
  /** CLOCK_MONOTONIC relative to the session base. */
  readonly trace: TraceTime;
  /** CLOCK_REALTIME minus Header.startRealtimeNs, ns. */
  readonly realtimeOffset: number;
  /** CLOCK_BOOTTIME minus CLOCK_MONOTONIC, ns. */
  readonly boottimeOffset: number;
  readonly uncertaintyNs: number;
}

export interface ApiMark {
  readonly name: Foreign;
  readonly start: TraceTime;
  /** undefined: it had not ended. Equal to start: an instant. */
  readonly end: TraceTime | undefined;
  readonly containerId: Foreign;
  readonly status: number;
  readonly error: Foreign;
  readonly wallClock: boolean;
  readonly detail: ReadonlyMap<Foreign, Foreign>;
}

/** What a recorder knows of a process from the start; any other is followed for what it does. */
export const PROCESS_ROLES = ['client', 'dockerd', 'containerd', 'entrypoint', ''] as const;
export type ProcessRole = (typeof PROCESS_ROLES)[number];

export interface KnownProcess {
  readonly pid: number;
  readonly parentPid: number;
  readonly comm: Foreign;
  readonly arguments: readonly Foreign[];
  readonly start: TraceTime;
  readonly role: ProcessRole;
  readonly tids: readonly number[];
}

export interface LossReport {
  readonly at: TraceTime;
  readonly losses: readonly Loss[];
}

export interface Loss {
  readonly where: Foreign;
  readonly records: number;
}

/** Wherever they were lost. */
export const recordsLost = (losses: readonly Loss[]): number =>
  losses.reduce((sum, { records }) => sum + records, 0);

export interface Diagnostic {
  readonly at: TraceTime;
  readonly code: Foreign;
  readonly message: Foreign;
  readonly remedy: Foreign;
}

/** How a recording ended; '' where the file says something else. */
export const OUTCOMES = ['complete', 'failed', 'interrupted', ''] as const;
type Outcome = (typeof OUTCOMES)[number];

export interface TraceFooter {
  readonly end: TraceTime;
  readonly outcome: Outcome;
  readonly failure: Foreign;
  readonly events: number;
  readonly malformed: number;
  readonly disarmNs: number;
  readonly recorderCpuNs: number;
}

/** What a reader could not read, in the reader's words. */
export interface ReadProblem {
  /** Byte in the file where it begins. */
  readonly offset: number;
  readonly message: Foreign;
}

export interface Recording {
  readonly header: TraceHeader;
  /** In time order. */
  readonly clocks: readonly ClockSnapshot[];
  readonly strings: StringTable;
  /** In the file's order, not sorted. */
  readonly events: EventTable;
  readonly marks: readonly ApiMark[];
  readonly processes: readonly KnownProcess[];
  /** The newest report; counts are totals. */
  readonly loss: LossReport | undefined;
  readonly diagnostics: readonly Diagnostic[];
  /** undefined: the file ends before its end. */
  readonly footer: TraceFooter | undefined;
  readonly problems: readonly ReadProblem[];
  /** Why events or marks of the file may be missing here, as a sentence; '' where all were read. */
  readonly unread: Foreign;
  /** Frames of kinds that this version does not know; skipped, and no problem. */
  readonly unknownFrames: number;
  /** Size of the file. */
  readonly bytes: number;
}
