/** What the container writes, line by line, escaped and marked as its own. */
import { StringDecoder } from 'node:string_decoder';
import { escapeText } from '../../base/escape.js';
import type { Output } from './output.js';

/** A line longer than this is shown in pieces. */
const MAX_LINE = 4096;

export class ContainerOutput {
  readonly #output: Output;
  readonly #quiet: boolean;
  readonly #decoder = new StringDecoder('utf8');
  #line = '';

  constructor(output: Output, quiet: boolean) {
    this.#output = output;
    this.#quiet = quiet;
  }

  add(chunk: Buffer): void {
    if (this.#quiet) return;
    this.#line += this.#decoder.write(chunk);
    const lines = this.#line.split('\n');
    this.#line = lines.pop() ?? '';
    for (const line of lines) this.#put(line.replace(/\r$/, ''));
    while (this.#line.length > MAX_LINE) {
      this.#put(this.#line.slice(0, MAX_LINE));
      this.#line = this.#line.slice(MAX_LINE);
    }
  }

  end(): void {
    this.#line += this.#decoder.end();
    if (this.#line !== '') this.#put(this.#line);
    this.#line = '';
  }

  #put(line: string): void {
    void this.#output.line(`│ ${escapeText(line)}`);
  }
}
