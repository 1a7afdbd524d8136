/** The engine, the image and the recorder that checks work with, and what has to be taken away after them. */
import { join } from 'node:path';
import type Dockerode from 'dockerode';
import { analyse } from '../../analysis/analyse.js';
import { DitError, EXIT } from '../../base/errors.js';
import { escapeText } from '../../base/escape.js';
import { runContainer } from '../../capture/recorder/run-container.js';
import type { SourceKind } from '../../capture/sources.js';
import { BUILTIN_IMAGE, ensureBuiltinImage } from '../../engine/builtin-image.js';
import { connectDocker, engineError } from '../../engine/docker.js';
import { hasImage, readEngineInfo } from '../../engine/info.js';
import { pullImage } from '../../engine/pull-image.js';
import { removeLentImage } from '../../engine/remove-image.js';
import type { MeasureContext, RecordedStart } from '../../measure/context.js';
import { removeOrphanedThings } from '../../measure/sandbox/orphans.js';
import { removeOwnFolder } from '../../platform/files/own-folder.js';
import { makeTemporaryFolder } from '../../platform/files/temporary.js';
import { removeFile } from '../../platform/files/whole-file.js';
import { readHostInfo } from '../../platform/host-info.js';
import { packageVersion } from '../../platform/package-files.js';
import { readTraceFile } from '../../tracefile/reader.js';
import { TraceFileWriter } from '../../tracefile/writer.js';
import { chooseEngine, type EngineOptions } from './choose-engine.js';
import { chooseSources } from './choose-sources.js';
import type { CommandContext } from './context.js';
import { reportLeftImage } from './start-recorder.js';

export interface CheckOptions extends EngineOptions {
  readonly image?: string;
  /** The image, where the engine has it not; it goes again with the checks. */
  readonly pull?: true;
}

export interface PreparedChecks {
  readonly context: Omit<MeasureContext, 'sandbox'>;
  /** Takes away what was put into somebody else's engine, and the recordings. */
  close(): Promise<void>;
}

/** Events of a start of a second or two. */
const RING_BYTES = 64 << 20;

/** @throws DitError where there is no engine, or not the image */
export async function prepareChecks(
  options: CheckOptions,
  command: CommandContext,
): Promise<PreparedChecks> {
  const { signal, stderr } = command;
  const say = (line: string): Promise<void> => stderr.line(`dit: ${line}`);
  const { endpoint, privateEngine } = await chooseEngine(
    { ...options, remoteWill: true },
    command,
    say,
  );
  const docker = await connectDocker(endpoint, signal);
  const image = options.image ?? BUILTIN_IMAGE;
  const [engine, found] = await Promise.all([
    readEngineInfo(endpoint, privateEngine, signal),
    hasImage(endpoint, image, signal),
    removeOrphanedThings(docker),
  ]);
  let pullNs: number | undefined;
  if (!found && options.image === undefined) {
    await ensureBuiltinImage(docker).catch((error: unknown) => {
      throw engineError(error, 'loading the built-in image');
    });
  } else if (!found) {
    if (options.pull !== true) throw imageMissing(image);
    await say(`pulling ${escapeText(image)}`);
    pullNs = await pullImage(docker, image, signal);
  }
  const folder = makeTemporaryFolder('test');
  const local = endpoint.kind === 'local';
  let sources: Promise<readonly SourceKind[]> | undefined;
  const recorded = async (create: Dockerode.ContainerCreateOptions): Promise<RecordedStart> => {
    sources ??= chooseSources({ source: 'auto' }, say, ({ seesKernel }) => seesKernel).then(
      ({ candidates }) => candidates,
    );
    if (!local) throw remote(endpoint.url);
    const candidates = await sources;
    const path = join(folder, 'start.dit');
    return record(path, { docker, engine, image, signal, candidates, create });
  };
  return {
    context: {
      docker,
      engine,
      seesKernel: local && process.getuid?.() === 0,
      image,
      pullNs,
      record: recorded,
      signal,
      say: (line) => void say(line),
    },
    close: async () => {
      removeOwnFolder(folder);
      // What dit puts into an engine goes with the checks; its own image stays in its own engine.
      if (found || (privateEngine && options.image === undefined)) return;
      await reportLeftImage(await removeLentImage(docker, image), image, stderr);
    },
  };
}

interface StartToRecord {
  readonly docker: Dockerode;
  readonly engine: MeasureContext['engine'];
  readonly image: string;
  readonly signal: AbortSignal;
  readonly candidates: readonly SourceKind[];
  readonly create: Dockerode.ContainerCreateOptions;
}

async function record(path: string, start: StartToRecord): Promise<RecordedStart> {
  const { docker, engine, image, signal, candidates, create } = start;
  const output: Buffer[] = [];
  const writer = new TraceFileWriter(path);
  try {
    const result = await runContainer({
      docker: async () => docker,
      imageIsHere: true,
      engine,
      host: readHostInfo(),
      target: {
        image: create.Image ?? image,
        command: create.Cmd ?? [],
        containerName: '',
        network: create.HostConfig?.NetworkMode ?? '',
        runtime: create.HostConfig?.Runtime ?? '',
        scope: '',
        containerId: '',
      },
      create: { Image: image, ...create },
      sources: candidates,
      refusals: [],
      onRefusal: () => {},
      writer,
      ditVersion: packageVersion(),
      command: ['dit', 'test'],
      redact: false,
      ringBytes: RING_BYTES,
      until: 'removed',
      signal,
      onPull: () => {},
      onOutput: (_stream, chunk) => output.push(chunk),
    });
    writer.close();
    if (result.failure !== undefined) throw result.failure;
    const trace = analyse(readTraceFile(path));
    const [run] = trace.runs;
    if (run === undefined) throw new Error('the recording holds no start');
    const text = Buffer.concat(output).toString('utf8');
    return { trace, run, exitCode: result.exitCode, output: text };
  } finally {
    writer.close();
    removeFile(path);
  }
}

const imageMissing = (image: string): DitError =>
  new DitError({
    code: 'image-not-found',
    exitCode: EXIT.engine,
    message: `the engine has no image '${image}'`,
    remedy: `docker pull ${image} (dit test takes --pull), or leave --image out: dit has an image of its own`,
  });

const remote = (url: string): DitError =>
  new DitError({
    code: 'engine-remote',
    exitCode: EXIT.unavailable,
    message: `the engine at '${url}' runs on another machine: its kernel cannot be recorded from here`,
    remedy: 'run dit test on that machine',
  });
