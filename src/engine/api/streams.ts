/** The two kinds of stream that a Docker engine sends: output of containers in frames, and JSON a line each. */
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

export type OutputName = 'stdout' | 'stderr';

const HEADER_BYTES = 8;
const NAMES: readonly (OutputName | undefined)[] = ['stdout', 'stdout', 'stderr'];

/**
 * Takes frames apart as they come: nothing is held but a header, however long a frame claims to be. A stream
 * without frames (a terminal's) is all standard output.
 */
class OutputDemux {
  readonly #onOutput: (name: OutputName, chunk: Buffer) => void;
  #header = Buffer.alloc(0);
  #name: OutputName = 'stdout';
  /** Of the frame under way. */
  #left = 0;
  #isRaw = false;

  constructor(onOutput: (name: OutputName, chunk: Buffer) => void) {
    this.#onOutput = onOutput;
  }

  add(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0) {
      if (this.#isRaw) {
        this.#onOutput('stdout', rest);
        return;
      }
      if (this.#left === 0) {
        const missing = HEADER_BYTES - this.#header.length;
        this.#header = Buffer.concat([this.#header, rest.subarray(0, missing)]);
        rest = rest.subarray(missing);
        if (this.#header.length === HEADER_BYTES) this.#begin();
        continue;
      }
      const piece = rest.subarray(0, this.#left);
      this.#left -= piece.length;
      rest = rest.subarray(piece.length);
      this.#onOutput(this.#name, piece);
    }
  }

  #begin(): void {
    const header = this.#header;
    const name = NAMES[header.readUInt8(0)];
    this.#header = Buffer.alloc(0);
    if (name === undefined || header.readUIntBE(1, 3) !== 0) {
      this.#isRaw = true;
      this.#onOutput('stdout', header);
      return;
    }
    this.#name = name;
    this.#left = header.readUInt32BE(4);
  }
}

/** Hands the frames of a stream over as they come. @returns resolves when it has ended, however */
export function demux(
  stream: Readable,
  onOutput: (name: OutputName, chunk: Buffer) => void,
): Promise<void> {
  const frames = new OutputDemux(onOutput);
  stream.on('data', (chunk: Buffer) => frames.add(chunk));
  return new Promise((resolve) => {
    for (const event of ['end', 'close', 'error']) stream.on(event, () => resolve());
  });
}

/** The longest line of JSON that is taken. */
const MOST_LINE = 1 << 20;

/** Cuts a stream into lines: characters may lie across chunks, and a line is as long as it may be, or not told. */
export class LineCutter {
  readonly #onLine: (line: string) => void;
  readonly #onTooLong: () => void;
  readonly #decoder = new StringDecoder('utf8');
  #line = '';
  /** Of a line that is too long, up to its end. */
  #skips = false;

  /** @param onTooLong called once for each line that is passed over */
  constructor(onLine: (line: string) => void, onTooLong: () => void) {
    this.#onLine = onLine;
    this.#onTooLong = onTooLong;
  }

  add(chunk: Buffer): void {
    const pieces = this.#decoder.write(chunk).split('\n');
    for (const [index, piece] of pieces.entries()) {
      this.#extend(piece);
      if (index === pieces.length - 1) break;
      if (!this.#skips && this.#line !== '') this.#onLine(this.#line);
      this.#line = '';
      this.#skips = false;
    }
  }

  #extend(piece: string): void {
    if (this.#skips) return;
    if (this.#line.length + piece.length <= MOST_LINE) {
      this.#line += piece;
      return;
    }
    this.#line = '';
    this.#skips = true;
    this.#onTooLong();
  }
}

/** Progress of a pull or import; a field is absent if the engine did not send it, or sent it malformed. */
export interface Progress {
  readonly id: string | undefined;
  readonly status: string | undefined;
  readonly current: number | undefined;
  readonly total: number | undefined;
}

/**
 * Follows a pull or an import to its end.
 * @throws Error with the engine's own words and the status 200, which it has answered by then
 */
export async function followProgress(
  stream: Readable,
  onProgress: (progress: Progress) => void = () => {},
): Promise<void> {
  let failure: string | undefined;
  const lines = new LineCutter(
    (line) => {
      const said = parsed(line);
      if (said === undefined) return;
      const error = textOf(said.error) ?? textOf(recordOf(said.errorDetail)?.message);
      failure ??= error;
      const detail = recordOf(said.progressDetail);
      onProgress({
        id: textOf(said.id),
        status: textOf(said.status),
        current: numberOf(detail?.current),
        total: numberOf(detail?.total),
      });
    },
    () => {},
  );
  for await (const chunk of stream) lines.add(chunk as Buffer);
  lines.add(Buffer.from('\n'));
  if (failure !== undefined) throw Object.assign(new Error(failure), { statusCode: 200 });
}

function parsed(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return recordOf(JSON.parse(line));
  } catch {
    // Not what it should be: taken for nothing.
    return undefined;
  }
}

const recordOf = (value: unknown): Readonly<Record<string, unknown>> | undefined =>
  typeof value === 'object' && value !== null
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : undefined;

const numberOf = (value: unknown): number | undefined =>
  Number.isFinite(value) ? (value as number) : undefined;
