/** A shell in a container that takes commands over its input: nothing but the commands runs in the container. */
import type { Duplex } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { DitError, EXIT } from '../base/errors.js';
import { ENGINE_LIMITS } from '../engine/api/limits.js';
import { demux } from '../engine/api/streams.js';
import { Deadline } from '../platform/deadline.js';
import type { MeasureContext } from './context.js';
import type { ContainerOptions } from './sandbox/sandbox.js';

const DONE = 'dit-command-done';
const LOOP = `while IFS= read -r line; do eval "$line" 2>&1; echo "${DONE} $?"; done`;
/** What a command writes is kept up to here. */
const OUTPUT_BYTES = 1 << 20;

export class CommandLoop {
  readonly id: string;
  /** In the host's pid namespace. */
  readonly pid: number;
  readonly #stream: Duplex;
  readonly #signal: AbortSignal;
  #output = '';
  #arrived: () => void = () => {};
  #ended = false;

  private constructor(id: string, pid: number, { signal }: MeasureContext, stream: Duplex) {
    this.id = id;
    this.pid = pid;
    this.#signal = signal;
    this.#stream = stream;
    const decoder = new StringDecoder('utf8');
    const ended = demux(stream, (_name, chunk) => {
      this.#output = (this.#output + decoder.write(chunk)).slice(-OUTPUT_BYTES);
      this.#arrived();
    });
    void ended.then(() => {
      this.#ended = true;
      this.#arrived();
    });
  }

  /** Started without a network; the sandbox removes it. */
  static async open(context: MeasureContext, what: string): Promise<CommandLoop> {
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
    context.signal.throwIfAborted();
    await container.start();
    const { State } = await container.inspect();
    return new CommandLoop(container.id, State.Pid, context, stream as unknown as Duplex);
  }

  /**
   * Runs one line to its end.
   * @returns what it wrote, both streams
   * @throws DitError command-failed
   */
  async run(command: string): Promise<string> {
    this.#output = '';
    const limitMs = ENGINE_LIMITS.commandMs;
    const deadline = new Deadline({
      limitMs,
      late: () => failed(command, `it takes longer than ${limitMs / 1000} s`),
      signals: [this.#signal],
    });
    const { signal } = deadline;
    const wake = (): void => this.#arrived();
    signal.addEventListener('abort', wake, { once: true });
    try {
      this.#stream.write(`${command}\n`);
      for (;;) {
        const done = END.exec(this.#output.slice(-END_CHARACTERS));
        if (done !== null) {
          const said = this.#output.slice(0, this.#output.lastIndexOf(DONE)).replace(/\n$/, '');
          if (done[1] === '0') return said;
          throw failed(command, `it exits with ${done[1]}: ${said}`);
        }
        signal.throwIfAborted();
        if (this.#ended) throw failed(command, `the container ended: ${this.#output}`);
        await new Promise<void>((resolve) => {
          this.#arrived = resolve;
        });
      }
    } finally {
      deadline.close();
    }
  }
}

const END = new RegExp(`(?:^|\\n)${DONE} (\\d{1,3})\\n$`);
/** The end of a command's output is looked for in so much of it: all of it with every chunk would be quadratic. */
const END_CHARACTERS = DONE.length + 8;

const failed = (command: string, why: string): DitError =>
  new DitError({
    code: 'command-failed',
    exitCode: EXIT.engine,
    message: `"${command}" does not run in a container: ${why}`,
    remedy: 'use an image with sh, dd and find; without --image dit uses one of its own',
  });
