/** A private engine for a benchmark, and recorded starts on it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Dockerode from 'dockerode';
import { analyse } from '../../src/analysis/analyse.js';
import { type RunResult, runContainer } from '../../src/capture/recorder/run-container.js';
import { SOURCES, type SourceName } from '../../src/capture/sources.js';
import { ensureBuiltinImage } from '../../src/engine/builtin-image.js';
import { connectDocker } from '../../src/engine/docker.js';
import { readEngineInfo } from '../../src/engine/info.js';
import {
  type EngineHandle,
  type EngineOptions,
  startEngine,
  stopEngine,
} from '../../src/engine/private/private-engine.js';
import type { EngineInfo } from '../../src/model/recording/recording.js';
import type { ContainerRun } from '../../src/model/trace/trace.js';
import { readHostInfo } from '../../src/platform/host-info.js';
import { readTraceFile } from '../../src/tracefile/reader.js';
import { TraceFileWriter } from '../../src/tracefile/writer.js';

export interface RecordedStart {
  readonly path: string;
  readonly result: RunResult;
  readonly run: ContainerRun;
}

export interface BenchEngine {
  readonly handle: EngineHandle;
  readonly docker: Dockerode;
  readonly info: EngineInfo;
  readonly image: string;
  /** A start of `true` with these options, recorded and analysed; throws if it failed. */
  record(create?: Dockerode.ContainerCreateOptions): Promise<RecordedStart>;
}

/** Runs `work` on an engine of its own, and takes it away on every path out. */
export async function withBenchEngine(
  options: EngineOptions & {
    readonly name: string /** Where the traces stay; else they go. */;
    readonly keep?: string | undefined;
    /** 'ebpf' when absent. */
    readonly source?: SourceName;
  },
  work: (engine: BenchEngine) => Promise<void>,
): Promise<void> {
  const folder = options.keep ?? mkdtempSync(join(tmpdir(), 'dit-bench-'));
  try {
    const handle = await startEngine(options);
    const endpoint = {
      url: handle.endpoint,
      origin: 'private engine',
      kind: 'local',
      socketPath: handle.socketPath,
    } as const;
    const docker = await connectDocker(endpoint, undefined);
    const { image } = await ensureBuiltinImage(docker);
    const info = await readEngineInfo(endpoint, true);
    let files = 0;
    await work({
      handle,
      docker,
      info,
      image,
      record: async (create = {}) => {
        const path = join(folder, `${files++}.dit`);
        const writer = new TraceFileWriter(path);
        const result = await runContainer({
          docker: async () => docker,
          imageIsHere: true,
          engine: info,
          host: readHostInfo(),
          target: {
            image,
            command: ['true'],
            containerName: '',
            network: '',
            runtime: '',
            scope: '',
            containerId: '',
          },
          create: {
            Image: image,
            Cmd: ['true'],
            ...create,
            HostConfig: { NetworkMode: 'none', ...create.HostConfig },
          },
          sources: SOURCES.filter(({ name }) => name === (options.source ?? 'ebpf')),
          refusals: [],
          onRefusal: () => {},
          writer,
          ditVersion: 'bench',
          command: [],
          redact: false,
          ringBytes: 64 << 20,
          until: 'removed',
          signal: new AbortController().signal,
          onPull: () => {},
          onOutput: () => {},
        });
        writer.close();
        if (result.failure !== undefined) throw result.failure;
        const run = analyse(readTraceFile(path)).runs[0];
        if (run?.window === undefined) throw new Error('the start was not recorded whole');
        return { path, result, run };
      },
    });
  } finally {
    if (options.keep === undefined) rmSync(folder, { recursive: true, force: true });
    await stopEngine({ name: options.name, purge: true });
  }
}
