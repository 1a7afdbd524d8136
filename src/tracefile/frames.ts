/**
 * Cuts a trace file into its frames, and finds the next whole one behind bytes that are none.
 */
import type { ByteSource } from './byte-source.js';
import { FRAMES_FIELD } from './schema.js';
import { WIRE, WireReader } from './wire.js';

export interface Frame {
  readonly type: 'frame';
  /** Where the frame begins in the file, and where the next one does. */
  readonly offset: number;
  readonly end: number;
  /** Field number of its body in the proto's Frame; 0: it has none. */
  readonly field: number;
  /** The body's message; a view that is stale once the next frame is asked for. */
  readonly body: Uint8Array;
}

/** Bytes that are no frame. */
export interface Gap {
  readonly type: 'gap';
  readonly offset: number;
  readonly end: number;
  /** What is wrong with them, as a sentence without its subject: "ends inside a frame …". */
  readonly reason: string;
  /** The file ends before the frame that begins here does. */
  readonly truncated: boolean;
}

/** A larger frame is not read: a writer's frames stay far below. */
const MAX_FRAME_BYTES = 64 << 20;
const NO_FRAME = 'these bytes are not a frame';
const FRAME_TAG = FRAMES_FIELD * 8 + WIRE.bytes;
/** A tag of one byte, a length of ten at most. */
const PREFIX_BYTES = 11;

export function* decodeFrames(source: ByteSource): Generator<Frame | Gap, void> {
  const search = new FrameSearch(source);
  let offset = 0;
  while (offset < source.size) {
    const frame = readFrame(source, offset);
    if (frame.type === 'frame') {
      offset = frame.end;
      yield frame;
      continue;
    }
    // A damaged body inside an intact envelope: its end is where the next frame begins.
    const trusted = frame.end < source.size && search.beginsAt(frame.end, 1);
    const end = trusted ? frame.end : search.next(offset + 1);
    const found = !trusted && end < source.size;
    yield found ? { ...frame, end, reason: NO_FRAME, truncated: false } : { ...frame, end };
    offset = end;
  }
}

interface Envelope {
  /** Where the frame's content begins and ends. */
  readonly start: number;
  readonly end: number;
}

function readEnvelope(source: ByteSource, offset: number): Envelope | undefined {
  const prefix = source.read(offset, PREFIX_BYTES);
  if (prefix[0] !== FRAME_TAG) return undefined;
  const length = readVarint(prefix, 1);
  if (length === undefined) return undefined;
  const start = offset + length.end;
  return { start, end: start + length.value };
}

function readVarint(bytes: Uint8Array, start: number): { value: number; end: number } | undefined {
  let value = 0;
  let scale = 1;
  for (let i = start; i < Math.min(bytes.length, start + 10); i++) {
    const byte = bytes[i] as number;
    value += (byte & 127) * scale;
    if (byte < 128) return { value, end: i + 1 };
    scale *= 128;
  }
  return undefined;
}

function readFrame(source: ByteSource, offset: number): Frame | Gap {
  const gap = (end: number, reason: string, truncated = false): Gap => {
    return { type: 'gap', offset, end, reason, truncated };
  };
  const envelope = readEnvelope(source, offset);
  if (envelope === undefined) {
    const cut = source.size - offset < PREFIX_BYTES && source.read(offset, 1)[0] === FRAME_TAG;
    return gap(source.size, cut ? 'the file ends inside a frame' : NO_FRAME, cut);
  }
  const { start, end } = envelope;
  if (end > source.size) {
    const missing = end - source.size;
    return gap(source.size, `the file ends inside a frame, ${missing} bytes short`, true);
  }
  if (end - start > MAX_FRAME_BYTES) {
    return gap(end, `a frame of ${end - start} bytes is larger than any that dit writes`);
  }
  const content = source.read(start, end - start);
  if (content.length < end - start) {
    return gap(source.size, 'the file became shorter while it was read', true);
  }
  try {
    return { type: 'frame', offset, end, ...readBody(content) };
  } catch {
    // What is damaged, and how, the next whole frame decides.
    return gap(end, 'a frame is damaged');
  }
}

/** Of several bodies the last counts, as in any oneof. */
function readBody(content: Uint8Array): { field: number; body: Uint8Array } {
  const reader = new WireReader(content);
  let field = 0;
  let body = content.subarray(0, 0);
  while (!reader.done) {
    const tag = reader.varint();
    if (tag % 8 !== WIRE.bytes) {
      reader.skip(tag % 8);
      continue;
    }
    const end = reader.lengthDelimited();
    field = Math.floor(tag / 8);
    body = content.subarray(reader.position, end);
    reader.position = end;
  }
  return { field, body };
}

/**
 * Looks for frames among damaged bytes. One envelope that fits its body is met by chance once in a few
 * million bytes, and a frame read out of an event chunk would misname every string after it: so several
 * must follow one another.
 */
class FrameSearch {
  readonly #source: ByteSource;
  /** Bounds the time spent on a file made to look like frames everywhere. */
  #candidates = 100_000;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  /** The first offset from `from` on where frames begin, or the end of the file. */
  next(from: number): number {
    const { size } = this.#source;
    for (let block = from; block < size; block += SEARCH_BYTES) {
      // A copy: the candidates are looked at through the same window.
      const bytes = this.#source.read(block, SEARCH_BYTES).slice();
      for (let at = bytes.indexOf(FRAME_TAG); at >= 0; at = bytes.indexOf(FRAME_TAG, at + 1)) {
        if (this.#candidates-- <= 0) return size;
        if (this.beginsAt(block + at, CHAIN)) return block + at;
      }
    }
    return size;
  }

  /** Whether `chain` frames follow one another here; one fewer (but two) will do where the file ends. */
  beginsAt(offset: number, chain: number): boolean {
    let position = offset;
    for (let count = 0; count < chain; count++) {
      if (position === this.#source.size) return count >= 2;
      const end = this.#endOfFrame(position);
      if (end === undefined) return false;
      position = end;
    }
    return true;
  }

  /** The end of a frame that holds exactly one body of its own length, as dit writes them. */
  #endOfFrame(offset: number): number | undefined {
    const envelope = readEnvelope(this.#source, offset);
    if (envelope === undefined || envelope.end > this.#source.size) return undefined;
    const prefix = this.#source.read(envelope.start, PREFIX_BYTES);
    const tag = prefix[0] ?? 0;
    const length = readVarint(prefix, 1);
    if (tag % 8 !== WIRE.bytes || tag < 8 || tag > 127 || length === undefined) return undefined;
    return envelope.start + length.end + length.value === envelope.end ? envelope.end : undefined;
  }
}

const CHAIN = 3;
const SEARCH_BYTES = 64 << 10;
