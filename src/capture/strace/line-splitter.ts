/** Pieces of strace's output to whole lines, one character a byte. Pure. */

/** The longest line that is read: paths of 4 KiB and 256 arguments of as many bytes fit in, escaped. */
export const MAX_LINE_BYTES = 512 << 10;

const NEWLINE = 0x0a;

export interface LineSink {
  line(text: string): void;
  /** One was too long. */
  dropped(): void;
}

export class LineSplitter {
  readonly #limit: number;
  #rest = '';
  #tooLong = false;

  constructor(limit = MAX_LINE_BYTES) {
    this.#limit = limit;
  }

  feed(piece: Uint8Array, sink: LineSink): void {
    const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    let from = 0;
    for (;;) {
      const newline = bytes.indexOf(NEWLINE, from);
      const end = newline < 0 ? bytes.length : newline;
      this.#append(bytes, from, end);
      if (newline < 0) return;
      this.#finishLine(sink);
      from = newline + 1;
    }
  }

  /** The log has ended. An unfinished line is a call during which strace was killed: strace writes part by part. */
  end(sink: LineSink): void {
    if (this.#rest !== '') this.#rest += ' <unfinished ...>';
    if (this.#rest !== '' || this.#tooLong) this.#finishLine(sink);
  }

  #append(bytes: Buffer, from: number, end: number): void {
    if (this.#tooLong) return;
    if (this.#rest.length + end - from > this.#limit) {
      this.#tooLong = true;
      this.#rest = '';
      return;
    }
    this.#rest += bytes.toString('latin1', from, end);
  }

  #finishLine(sink: LineSink): void {
    if (this.#tooLong) sink.dropped();
    else sink.line(this.#rest);
    this.#rest = '';
    this.#tooLong = false;
  }
}
