/** What measurements are given: an engine, where to make things in it, and a recorder. */

import type Dockerode from 'dockerode';
import type { EngineInfo } from '../model/recording/recording.js';
import type { ContainerRun, Trace } from '../model/trace/trace.js';
import type { Sandbox } from './sandbox/sandbox.js';

/** One recorded start. */
export interface RecordedStart {
  readonly trace: Trace;
  readonly run: ContainerRun;
  readonly exitCode: number | undefined;
  readonly output: string;
}

export interface MeasureContext {
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
