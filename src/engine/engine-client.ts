/**
 * The engine's API as dit's client uses it: each request becomes a mark, whether it succeeds or not: from when it was
 * written to when its answer had been read, on the trace clock.
 */
import type { Readable } from 'node:stream';
import type Dockerode from 'dockerode';
import type { DitError } from '../base/errors.js';
import { demux, followProgress, type OutputName } from './api/streams.js';
import { engineError, engineRefusal } from './docker.js';
import type { MarkSink, RawMark } from './marks.js';
import { TimedRequest } from './request-times.js';

export interface ContainerExit {
  readonly exitCode: number;
}

export interface PullProgress {
  readonly layers: number;
  readonly layersDone: number;
  readonly bytes: number;
  readonly totalBytes: number;
  readonly status: string;
}

/** A mark's text is cut at this: a message of the engine may hold anything. */
const MAX_TEXT = 4096;

export class EngineClient {
  readonly #docker: Dockerode;
  readonly #mark: MarkSink;

  constructor(docker: Dockerode, mark: MarkSink) {
    this.#docker = docker;
    this.#mark = mark;
  }

  /** @throws DitError image-not-found, registry-unreachable, engine-… */
  async pull(
    image: string,
    onProgress: (progress: PullProgress) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const reference = /:[^/]+$|@/.test(image) ? image : `${image}:latest`;
    await this.#timed('pull', `pulling image '${image}'`, image, { image }, async () => {
      const stream = await this.#docker.pull(reference, { abortSignal: signal });
      await followPull(stream as Readable, onProgress);
    });
  }

  async create(options: Dockerode.ContainerCreateOptions): Promise<Dockerode.Container> {
    const request = new TimedRequest();
    try {
      const container = await request.run(() => this.#docker.createContainer(options));
      this.#mark({
        name: 'create',
        ...request.mark(),
        containerId: container.id,
        status: 201,
      });
      return container;
    } catch (error) {
      throw this.#failed(
        { name: 'create', ...request.mark() },
        error,
        'creating the container',
        options.Image,
      );
    }
  }

  /** Attaches to the output; `onOutput` gets each chunk, the first one also becomes a mark. */
  async attach(
    container: Dockerode.Container,
    onOutput: (stream: OutputName, chunk: Buffer) => void,
  ): Promise<{ ended: Promise<void>; close(): void }> {
    let first = true;
    const take = (name: OutputName, chunk: Buffer): void => {
      if (first) {
        first = false;
        const now = process.hrtime.bigint();
        this.#mark({
          name: 'output',
          startNs: now,
          endNs: now,
          containerId: container.id,
          detail: { stream: name },
        });
      }
      onOutput(name, chunk);
    };
    const stream = (await this.#timed(
      'attach',
      'attaching to the container',
      '',
      {},
      () => container.attach({ stream: true, stdout: true, stderr: true }),
      container.id,
    )) as unknown as Readable;
    return { ended: demux(stream, take), close: () => void stream.destroy() };
  }

  /**
   * The wait is sent before the start, as docker run does, so that no exit is missed. One that is given up by the
   * signal leaves no mark: nothing went wrong with it.
   */
  wait(container: Dockerode.Container, signal: AbortSignal): Promise<ContainerExit> {
    const request = new TimedRequest();
    const send = (): Promise<{ StatusCode: number }> =>
      container.wait({ condition: 'next-exit', abortSignal: signal });
    return request.run(send).then(
      ({ StatusCode }) => {
        this.#mark({
          name: 'wait',
          ...request.mark({ exit_code: String(StatusCode) }),
          containerId: container.id,
          status: 200,
        });
        return { exitCode: StatusCode };
      },
      (error: unknown) => {
        if (signal.aborted) throw engineError(error, 'waiting for the container');
        const asked = { name: 'wait', ...request.mark(), containerId: container.id };
        throw this.#failed(asked, error, 'waiting for the container');
      },
    );
  }

  /**
   * Resolves when the container does not run, at once where it has ended already: sent after the start, because a
   * busy engine may take in the wait for its next exit only after that exit. No mark: it is the same exit.
   */
  async waitStopped(container: Dockerode.Container, signal: AbortSignal): Promise<ContainerExit> {
    const options = { condition: 'not-running', abortSignal: signal } as const;
    const { StatusCode } = (await container.wait(options)) as { StatusCode: number };
    return { exitCode: StatusCode };
  }

  async start(container: Dockerode.Container): Promise<void> {
    await this.#timed(
      'start',
      'starting the container',
      '',
      {},
      () => container.start(),
      container.id,
    );
  }

  /** The engine's own figures of the container: its first process and its root file system. */
  async inspect(container: Dockerode.Container): Promise<Dockerode.ContainerInspectInfo> {
    const request = new TimedRequest();
    try {
      const info = await request.run(() => container.inspect());
      // overlay2's own figure; the type knows only devicemapper's.
      const graph = info.GraphDriver?.Data as unknown as Record<string, string> | null | undefined;
      const rootfs = graph?.MergedDir;
      this.#mark({
        name: 'inspect',
        ...request.mark({
          init_pid: String(info.State.Pid),
          state: info.State.Status,
          name: info.Name,
          ...(rootfs === undefined ? {} : { rootfs }),
        }),
        containerId: container.id,
        status: 200,
      });
      return info;
    } catch (error) {
      const asked = { name: 'inspect', ...request.mark(), containerId: container.id };
      throw this.#failed(asked, error, 'inspecting the container');
    }
  }

  /** Ends and removes the container; one that is gone already is fine. */
  async remove(container: Dockerode.Container): Promise<void> {
    const request = new TimedRequest();
    try {
      await request.run(() => container.remove({ force: true, v: true }));
      this.#mark({
        name: 'remove',
        ...request.mark(),
        containerId: container.id,
        status: 204,
      });
    } catch (error) {
      if (engineRefusal(error).status === 404) return;
      const asked = { name: 'remove', ...request.mark(), containerId: container.id };
      throw this.#failed(asked, error, 'removing the container');
    }
  }

  async #timed<T>(
    name: string,
    doing: string,
    image: string,
    detail: Readonly<Record<string, string>>,
    send: () => Promise<T>,
    containerId?: string,
  ): Promise<T> {
    const request = new TimedRequest();
    try {
      const result = await request.run(send);
      this.#mark({
        name,
        ...request.mark(detail),
        ...(containerId === undefined ? {} : { containerId }),
      });
      return result;
    } catch (error) {
      const asked = {
        name,
        ...request.mark(),
        ...(containerId === undefined ? {} : { containerId }),
      };
      throw this.#failed(asked, error, doing, image);
    }
  }

  /** Marks the failure and returns it; without an answer of the engine's the mark says so in dit's words. */
  #failed(
    asked: Omit<RawMark, 'status' | 'error'>,
    error: unknown,
    doing: string,
    image?: string,
  ): DitError {
    const failure = engineError(error, doing, image);
    const { status, message } = engineRefusal(error);
    const said = status === 0 ? failure.message : message;
    this.#mark({ ...asked, status, error: said.slice(0, MAX_TEXT) });
    return failure;
  }
}

/** What a pull has come to, from what the engine says of each layer. */
async function followPull(
  stream: Readable,
  onProgress: (progress: PullProgress) => void,
): Promise<void> {
  const layers = new Map<string, { current: number; total: number; done: boolean }>();
  await followProgress(stream, ({ id, status, current, total }) => {
    if (id !== undefined && status !== undefined && layers.size < MOST_LAYERS) {
      const layer = layers.get(id) ?? { current: 0, total: 0, done: false };
      if (status === 'Downloading') {
        layer.current = current ?? layer.current;
        layer.total = total ?? layer.total;
      }
      if (status === 'Pull complete' || status === 'Already exists') layer.done = true;
      if (ABOUT_A_LAYER.test(status)) layers.set(id, layer);
    }
    const all = [...layers.values()];
    onProgress({
      layers: all.length,
      layersDone: all.filter(({ done }) => done).length,
      bytes: all.reduce((sum, layer) => sum + layer.current, 0),
      totalBytes: all.reduce((sum, layer) => sum + layer.total, 0),
      status: status ?? '',
    });
  });
}

const MOST_LAYERS = 1024;
const ABOUT_A_LAYER =
  /^(Pulling fs layer|Waiting|Downloading|Verifying|Extracting|Pull complete|Already)/;
