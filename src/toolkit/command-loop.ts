/** A shell in a container that takes commands over its input: nothing but the commands runs in the container. */
import { PassThrough } from 'node:stream';
import { DitError, EXIT } from '../base/errors.js';
import type { CheckContext } from './check.js';
import type { ContainerOptions } from './sandbox.js';

const DONE = 'dit-command-done';
const LOOP = `while IFS= read -r line; do eval "$line" 2>&1; echo "${DONE} $?"; done`;
const LIMIT_MS = 120_000;
/** What a command writes is kept up to here. */
const OUTPUT_BYTES = 1 << 20;

export class CommandLoop {
  readonly id: string;
  /** In the host's pid namespace. */
  readonly pid: number;
  readonly #stream: NodeJS.ReadWriteStream;
  readonly #signal: AbortSignal;
  #output = '';
  #arrived: () => void = () => {};
  #ended = false;

  private constructor(
    id: string,
    pid: number,
    { docker, signal }: CheckContext,
    stream: NodeJS.ReadWriteStream,
  ) {
    this.id = id;
    this.pid = pid;
    this.#signal = signal;
    this.#stream = stream;
    const output = new PassThrough();
    output.setEncoding('utf8').on('data', (text: string) => {
      this.#output = (this.#output + text).slice(-OUTPUT_BYTES);
      this.#arrived();
    });
    docker.modem.demuxStream(stream, output, output);
    for (const event of ['end', 'close', 'error']) {
      stream.on(event, () => {
        this.#ended = true;
        this.#arrived();
      });
    }
  }

  /** Started without a network; the sandbox removes it. */
  static async open(context: CheckContext, what: string): Promise<CommandLoop> {
    const options: ContainerOptions = {
      Image: context.image,
      Cmd: ['sh', '-c', LOOP],
      OpenStdin: true,
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
      HostConfig: { NetworkMode: 'none' },
    };
    const container = await context.sandbox.create(options, what);
    const stream = await container.attach({
      stream: true,
      stdin: true,
      stdout: true,
      stderr: true,
      hijack: true,
    });
    await container.start();
    const { State } = await container.inspect();
    return new CommandLoop(container.id, State.Pid, context, stream);
  }

  /**
   * Runs one line to its end.
   * @returns what it wrote, both streams
   * @throws DitError command-failed
   */
  async run(command: string): Promise<string> {
    this.#output = '';
    this.#stream.write(`${command}\n`);
    const limit = AbortSignal.any([this.#signal, AbortSignal.timeout(LIMIT_MS)]);
    for (;;) {
      const done = new RegExp(`(^|\\n)${DONE} (\\d+)\\n$`).exec(this.#output);
      if (done !== null) {
        const said = this.#output.slice(0, done.index);
        if (done[2] === '0') return said;
        throw failed(command, `it exits with ${done[2]}: ${said}`);
      }
      this.#signal.throwIfAborted();
      if (this.#ended) throw failed(command, `the container ended: ${this.#output}`);
      if (limit.aborted) throw failed(command, `it takes longer than ${LIMIT_MS / 1000} s`);
      await new Promise<void>((resolve) => {
        this.#arrived = resolve;
        limit.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }
}

const failed = (command: string, why: string): DitError =>
  new DitError({
    code: 'command-failed',
    exitCode: EXIT.engine,
    message: `"${command}" does not run in a container: ${why}`,
    remedy: 'use an image with sh, dd and find; without --image dit uses one of its own',
  });
