/** Everything that checks make in an engine: labelled as dit's, and taken away in reverse order on every way out. */
import type { Readable } from 'node:stream';
import type Dockerode from 'dockerode';
import { DitError, EXIT } from '../../base/errors.js';
import type { Foreign } from '../../base/foreign.js';
import { ENGINE_LIMITS } from '../../engine/api/limits.js';
import { demux, type OutputName } from '../../engine/api/streams.js';
import { ownerLabels } from '../../engine/owner-labels.js';
import { CleanUp } from '../../platform/clean-up.js';
import { within } from '../../platform/deadline.js';
import { RootFiles } from '../../platform/files/root-files.js';

export interface Executed {
  /** undefined: it was ended by the engine before it could exit. */
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a container is to be. */
export interface ContainerOptions
  extends Omit<Dockerode.ContainerCreateOptions, 'Entrypoint' | 'Cmd'> {
  /** All that it executes: an image's own entrypoint would take it for arguments, and is put aside. */
  readonly Cmd: readonly string[];
}

/** A container that runs. */
export interface Running {
  readonly id: string;
  /** Of its first process, in the host's pid namespace; 0 on a remote engine's machine. */
  readonly pid: number;
  /** Runs a command in it to its end. @throws DitError command-endless where it takes longer than any should */
  exec(...command: readonly string[]): Promise<Executed>;
  /**
   * Its files as it sees them, held until it is removed; only where its process is one of this machine's.
   * @throws DitError container-ended, the system's error
   */
  files(): Promise<RootFiles>;
  /** Removes it before the others. */
  remove(): Promise<void>;
}

/** What a container writes is kept up to here. */
const OUTPUT_BYTES = 4 << 20;

export class Sandbox {
  readonly #docker: Dockerode;
  readonly #labels: Record<string, string>;
  readonly #id: string;
  readonly #signal: AbortSignal;
  readonly #cleanUp = new CleanUp();
  #made = 0;

  /**
   * @param docker connected with the same signal: what it is asked breaks off then
   * @param id hex digits that no other sandbox has: names begin with "dit-" and it
   * @param signal once it is aborted nothing is made or executed any more
   */
  constructor(docker: Dockerode, id: string, signal: AbortSignal) {
    this.#docker = docker;
    this.#id = id;
    this.#signal = signal;
    this.#labels = ownerLabels(id);
  }

  /** A name that clashes with nobody's: "dit-3f2a9c-4-web". */
  name(what: string): string {
    return `dit-${this.#id.slice(0, 12)}-${++this.#made}-${what}`;
  }

  /** Created and not started. */
  async create(
    { Cmd, ...options }: ContainerOptions,
    what = 'container',
  ): Promise<Dockerode.Container> {
    this.#signal.throwIfAborted();
    const container = await this.#docker.createContainer({
      name: this.name(what),
      ...options,
      Entrypoint: [...Cmd],
      Cmd: [],
      Labels: { ...options.Labels, ...this.#labels },
    });
    this.#cleanUp.add(`removing container ${container.id.slice(0, 12)}`, () =>
      removeContainer(container),
    );
    return container;
  }

  /**
   * Started; its first process is what `options.Cmd` says, which should stay.
   * @throws DitError container-ended where it did not
   */
  async start(options: ContainerOptions, what = 'container'): Promise<Running> {
    const container = await this.create(options, what);
    this.#signal.throwIfAborted();
    await container.start();
    const { State } = await container.inspect();
    if (!State.Running) throw containerEnded(options.Cmd);
    const pid = State.Pid;
    let root: RootFiles | undefined;
    const letGo = (): void => {
      root?.close();
      root = undefined;
    };
    this.#cleanUp.add('letting go of its files', letGo);
    return {
      id: container.id,
      pid,
      exec: (...command) => this.#inTime(command, (signal) => execute(container, command, signal)),
      files: async () => {
        if (root !== undefined) return root;
        const opened = RootFiles.ofProcess(pid);
        // Another process may have got the number before it was opened, but not while the engine still has it.
        const { State: now } = await container.inspect();
        if (now.Running && now.Pid === pid) {
          root = opened;
          return opened;
        }
        opened.close();
        throw containerEnded(options.Cmd);
      },
      remove: () => {
        letGo();
        return removeContainer(container);
      },
    };
  }

  /** Runs a container to its end. @throws DitError command-endless where it takes longer than any should */
  async run(options: ContainerOptions, what = 'container'): Promise<Executed> {
    const container = await this.create(
      { ...options, AttachStdout: true, AttachStderr: true },
      what,
    );
    const ended = await this.#inTime(options.Cmd, (signal) => runToEnd(container, signal));
    await removeContainer(container);
    return ended;
  }

  /** Under the limit of commands, and until the signal. */
  #inTime<T>(command: readonly string[], work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const limitMs = ENGINE_LIMITS.commandMs;
    const late = (): DitError => commandEndless(command, limitMs);
    return within({ limitMs, late, signals: [this.#signal] }, work);
  }

  async volume(): Promise<string> {
    this.#signal.throwIfAborted();
    const name = this.name('volume');
    await this.#docker.createVolume({ Name: name, Labels: this.#labels });
    const volume = this.#docker.getVolume(name);
    this.#cleanUp.add(`removing volume ${name}`, () => gone(volume.remove({ force: true })));
    return name;
  }

  /** @param subnet of 198.18.0.0/15 */
  async network(subnet: string): Promise<Dockerode.Network> {
    this.#signal.throwIfAborted();
    const network = await this.#docker.createNetwork({
      Name: this.name('network'),
      Labels: this.#labels,
      IPAM: { Driver: 'default', Config: [{ Subnet: subnet }] },
    });
    this.#cleanUp.add(`removing network ${network.id.slice(0, 12)}`, () => gone(network.remove()));
    return network;
  }

  /**
   * An image with one layer on top of another's, from a tar of that layer.
   * @returns its name
   */
  async image(base: string, layer: NodeJS.ReadableStream): Promise<string> {
    const name = `${this.name('image')}:1`;
    const container = await this.create({ Image: base, Cmd: ['true'] }, 'layer');
    await container.putArchive(layer, { path: '/' });
    const [repo, tag] = name.split(':');
    await container.commit({
      repo,
      tag,
      changes: Object.entries(this.#labels).map(label).join('\n'),
    });
    await removeContainer(container);
    const image = this.#docker.getImage(name);
    this.#cleanUp.add(`removing image ${name}`, () => gone(image.remove({ force: true })));
    return name;
  }

  /** For what is not in the engine: files, mounts, processes. */
  undo(what: string, step: () => Promise<void> | void): void {
    this.#cleanUp.add(what, step);
  }

  /** Takes everything away; returns what could not be, in words. May be called again. */
  close(): Promise<Foreign[]> {
    return this.#cleanUp.run();
  }
}

/** Nothing can be read of a container that was to stay, and is gone. */
export const containerEnded = (command: readonly string[]): DitError =>
  new DitError({
    code: 'container-ended',
    exitCode: EXIT.engine,
    message: `a container that executes "${command.join(' ')}" ended at once`,
    remedy:
      'use an image with sh and the usual small programs, or leave out --image: busybox is used then',
  });

const label = ([name, value]: [string, string]): string => `LABEL ${name}=${value}`;

async function removeContainer(container: Dockerode.Container): Promise<void> {
  await gone(container.remove({ force: true, v: true }));
}

/** That it is gone already, or is just going, is what was wanted. */
async function gone(removal: Promise<unknown>): Promise<void> {
  try {
    await removal;
  } catch (error) {
    const status = (error as { statusCode?: number }).statusCode;
    if (status !== 404 && status !== 409) throw error;
  }
}

const commandEndless = (command: readonly string[], limitMs: number): DitError =>
  new DitError({
    code: 'command-endless',
    exitCode: EXIT.engine,
    message: `"${command.join(' ')}" in a container does not end within ${limitMs / 1000} s`,
    remedy: "check the engine's health and the load of the machine: docker info, uptime",
  });

async function runToEnd(container: Dockerode.Container, signal: AbortSignal): Promise<Executed> {
  const stream = await container.attach({ stream: true, stdout: true, stderr: true });
  const output = collect(stream as unknown as Readable, signal);
  const ended = container.wait({ abortSignal: signal }) as Promise<{ StatusCode: number }>;
  // Awaited below, unless the start fails: then that is the news.
  ended.catch(() => {});
  signal.throwIfAborted();
  await container.start();
  const { StatusCode } = await ended;
  return { exitCode: StatusCode, ...(await output) };
}

async function execute(
  container: Dockerode.Container,
  command: readonly string[],
  signal: AbortSignal,
): Promise<Executed> {
  signal.throwIfAborted();
  const exec = await container.exec({
    Cmd: [...command],
    AttachStdout: true,
    AttachStderr: true,
  });
  signal.throwIfAborted();
  const output = await collect((await exec.start({})) as unknown as Readable, signal);
  signal.throwIfAborted();
  const { ExitCode } = await exec.inspect();
  return { exitCode: ExitCode ?? undefined, ...output };
}

/** What a stream of output holds, to its end or until the signal. */
async function collect(
  stream: Readable,
  signal: AbortSignal,
): Promise<{ stdout: string; stderr: string }> {
  const chunks: Record<OutputName, Buffer[]> = { stdout: [], stderr: [] };
  let left = OUTPUT_BYTES;
  const stop = (): void => {
    stream.destroy();
  };
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  await demux(stream, (name, chunk) => {
    const kept = chunk.subarray(0, left);
    left -= kept.length;
    if (kept.length > 0) chunks[name].push(kept);
  });
  signal.removeEventListener('abort', stop);
  const text = (name: OutputName): string => Buffer.concat(chunks[name]).toString('utf8');
  return { stdout: text('stdout'), stderr: text('stderr') };
}
