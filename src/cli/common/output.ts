/** A stream that people or programs read: colour and width where it is a terminal, its early end, and its failure. */

import type { WriteStream } from 'node:tty';
import { DitError, EXIT, messageOf, systemErrorCode } from '../../base/errors.js';
import { quoting } from '../../base/foreign.js';

type Env = Readonly<Record<string, string | undefined>>;

const DEFAULT_WIDTH = 80;
const MIN_WIDTH = 40;
const MAX_WIDTH = 1000;

export class Output {
  readonly #stream: NodeJS.WriteStream;
  readonly #env: Env;
  readonly #onFailure: (cause: unknown) => void;
  #closed = false;

  /** @param onFailure called once when it cannot be written: the disk is full, the terminal is gone */
  constructor(stream: NodeJS.WriteStream, env: Env, onFailure: (cause: unknown) => void) {
    this.#stream = stream;
    this.#env = env;
    this.#onFailure = onFailure;
    stream.on('error', (error) => this.#close(error));
  }

  /** Nothing that is written arrives any more; whoever has much to write stops. */
  get closed(): boolean {
    return this.#closed;
  }

  get isTerminal(): boolean {
    return this.#stream.isTTY === true;
  }

  /** Columns: $COLUMNS, else the terminal's, else 80. */
  get width(): number {
    return this.widthElse(DEFAULT_WIDTH);
  }

  /** The same, with `columns` where there is no terminal: of lines that are kept in a file. */
  widthElse(columns: number): number {
    const asked = Number(this.#env.COLUMNS);
    const { columns: own } = this.#stream as Partial<WriteStream>;
    const chosen = Number.isInteger(asked) && asked > 0 ? asked : own || columns;
    return Math.min(Math.max(chosen, MIN_WIDTH), MAX_WIDTH);
  }

  /** https://no-color.org, then FORCE_COLOR, then whether this is a terminal that can. */
  get colour(): boolean {
    const { NO_COLOR, FORCE_COLOR, TERM } = this.#env;
    if (NO_COLOR) return false;
    if (FORCE_COLOR !== undefined) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
    return this.isTerminal && TERM !== 'dumb';
  }

  /** Resolves when the text is on its way: a fast writer waits for a slow reader. */
  write(text: string | Uint8Array): Promise<void> {
    if (this.#closed || text.length === 0) return Promise.resolve();
    return new Promise((resolve) =>
      this.#stream.write(text, (error) => {
        // It comes as an event too, but later than whoever waits here goes on.
        if (error) this.#close(error);
        resolve();
      }),
    );
  }

  line(text = ''): Promise<void> {
    return this.write(`${text}\n`);
  }

  #close(error: unknown): void {
    if (this.#closed) return;
    this.#closed = true;
    // The reader may go away at any time (`dit trace events | head`): no failure, there is no more to do.
    if (systemErrorCode(error) !== 'EPIPE') this.#onFailure(error);
  }
}

/** @param name "standard output" */
export const outputFailed = (name: string, cause: unknown): DitError =>
  new DitError({
    code: 'output-failed',
    exitCode: EXIT.usage,
    message: quoting`${name} cannot be written: ${messageOf(cause)}`,
    remedy: 'make room there, or send it elsewhere',
    cause,
  });
