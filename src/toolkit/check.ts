/** The contract of the ten toolkit tests: what each is given, and what it must do. */

import type Dockerode from 'dockerode';
import type { Foreign } from '../base/foreign.js';
import type { CheckName, CheckResult } from '../model/check.js';
import type { EngineInfo } from '../model/recording.js';
import type { ContainerRun, Trace } from '../model/trace.js';
import type { Sandbox } from './sandbox.js';

/** One recorded start. */
export interface RecordedStart {
  readonly trace: Trace;
  readonly run: ContainerRun;
  readonly exitCode: number | undefined;
  readonly output: string;
}

export interface CheckContext {
  readonly docker: Dockerode;
  readonly engine: EngineInfo;
  /** On this machine, as root: the kernel's files and namespaces of containers can be read. */
  readonly seesKernel: boolean;
  /** The image to use: busybox with sh, unless the user named another. */
  readonly image: string;
  /** How long its pull took, where it was just pulled and nothing was started from it yet. */
  readonly pullNs: number | undefined;
  /** Makes what a check needs in the engine, labelled; takes all of it away again. */
  readonly sandbox: Sandbox;
  /**
   * Records one start with the best source there is.
   * @throws DitError where nothing can be recorded
   */
  readonly record: (create: Dockerode.ContainerCreateOptions) => Promise<RecordedStart>;
  readonly signal: AbortSignal;
  /** One line of progress. */
  readonly say: (line: string) => void;
}

export interface Check {
  readonly name: CheckName;
  /** In a sentence. */
  readonly shows: string;
  /** What decides between pass, warn and fail, in words. */
  readonly thresholds: string;
  /** @throws DitError; the runner makes a failed check of it, or a skipped one where a capability is missing (exit 3) */
  readonly run: (context: CheckContext) => Promise<CheckResult>;
}

/** A check that cannot be done here. */
export const skipped = (reason: Foreign, remedy: Foreign): CheckResult => ({
  verdict: 'skipped',
  reason,
  remedy,
  figures: [],
  findings: [],
  evidence: [],
});
