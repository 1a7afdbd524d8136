/**
 * Protobuf's wire format: varints, length-delimited fields, and packed columns of numbers. By hand,
 * because a column codec over typed arrays is ten times as fast as a general one, and starts at once.
 */
import type { ColumnData } from '../model/recording/event-table.js';

export const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** Bytes that are not what the schema says; the reader turns it into a problem of the file. */
export class MalformedError extends Error {}

/** A varint of 64 bits takes at most so many bytes. */
const MAX_VARINT_BYTES = 10;
const MAX_LENGTH_BYTES = 5;
const TWO_31 = 2 ** 31;
const TWO_52 = 2 ** 52;
const U64 = (1n << 64n) - 1n;

/** Writes `value` (0 to 2^64, an integer) as a varint at `at`; returns the position after it. */
function putVarint(bytes: Uint8Array, at: number, value: number): number {
  let position = at;
  let rest = value;
  while (rest >= TWO_31) {
    bytes[position++] = (rest % 128) | 128;
    rest = Math.floor(rest / 128);
  }
  let small = rest | 0;
  while (small > 127) {
    bytes[position++] = (small & 127) | 128;
    small >>>= 7;
  }
  bytes[position++] = small;
  return position;
}

function putBigVarint(bytes: Uint8Array, at: number, value: bigint): number {
  let position = at;
  let rest = value & U64;
  while (rest > 127n) {
    bytes[position++] = Number(rest & 127n) | 128;
    rest >>= 7n;
  }
  bytes[position++] = Number(rest);
  return position;
}

/** The largest doubles in 64 bits, and in 63. */
const LARGEST_UNSIGNED = 2 ** 64 - 2 ** 11;
const LARGEST_SIGNED = 2 ** 63 - 2 ** 10;

/** Only a bug in a source makes a value that does not fit; it must not end a recording, so it is clamped. */
const unsigned = (value: number): number =>
  value > 0 ? Math.min(Math.trunc(value), LARGEST_UNSIGNED) : 0;

function putZigzag(bytes: Uint8Array, at: number, value: number): number {
  const whole = Math.trunc(value);
  if (whole >= 0) return putVarint(bytes, at, Math.min(whole, LARGEST_SIGNED) * 2);
  if (whole > -TWO_52) return putVarint(bytes, at, whole * -2 - 1);
  if (Number.isNaN(whole)) return putVarint(bytes, at, 0);
  // Beyond this, 2 * |value| - 1 is no longer a double, and losing its lowest bit would lose the sign.
  return putBigVarint(bytes, at, BigInt(Math.max(whole, -LARGEST_SIGNED)) * -2n - 1n);
}

const textEncoder = new TextEncoder();

/** A growing buffer. Nested messages are written in place: begin() … end() puts the length before them. */
export class WireWriter {
  #bytes = new Uint8Array(1 << 16);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  clear(): void {
    this.#length = 0;
  }

  /** What was written since clear(); a view that the next write invalidates. */
  written(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.written());
    this.#bytes = grown;
  }

  tag(field: number, wireType: number): void {
    this.varint(field * 8 + wireType);
  }

  varint(value: number): void {
    this.#reserve(MAX_VARINT_BYTES);
    this.#length = putVarint(this.#bytes, this.#length, unsigned(value));
  }

  zigzag(value: number): void {
    this.#reserve(MAX_VARINT_BYTES);
    this.#length = putZigzag(this.#bytes, this.#length, value);
  }

  bigVarint(value: bigint): void {
    this.#reserve(MAX_VARINT_BYTES);
    this.#length = putBigVarint(this.#bytes, this.#length, value);
  }

  double(value: number): void {
    this.#reserve(8);
    new DataView(this.#bytes.buffer).setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  /** A string or bytes field; an unpaired surrogate becomes U+FFFD. */
  text(field: number, value: string): void {
    const start = this.begin(field);
    this.#reserve(value.length * 3);
    this.#length += textEncoder.encodeInto(value, this.#bytes.subarray(this.#length)).written;
    this.end(start);
  }

  /** Begins a nested message; its content follows, then end() with what this returned. */
  begin(field: number): number {
    this.tag(field, WIRE.bytes);
    this.#reserve(MAX_LENGTH_BYTES);
    this.#length += MAX_LENGTH_BYTES;
    return this.#length;
  }

  /** Puts the length before the content, which moves to where the length ends. */
  end(content: number): void {
    const size = this.#length - content;
    const moved = putVarint(this.#bytes, content - MAX_LENGTH_BYTES, size);
    this.#bytes.copyWithin(moved, content, this.#length);
    this.#length = moved + size;
  }

  /** A packed column: `values[from..to)`, as varints or zigzag varints. */
  packed(field: number, values: ColumnData, from: number, to: number, signed: boolean): void {
    const start = this.begin(field);
    this.#reserve((to - from) * MAX_VARINT_BYTES);
    const bytes = this.#bytes;
    let position = this.#length;
    if (signed) {
      for (let i = from; i < to; i++) {
        const value = values[i] as number;
        if (value >= -64 && value < 64) bytes[position++] = (value << 1) ^ (value >> 31);
        else position = putZigzag(bytes, position, value);
      }
    } else {
      for (let i = from; i < to; i++) {
        const value = values[i] as number;
        if (value >= 0 && value < 128) bytes[position++] = value;
        else position = putVarint(bytes, position, unsigned(value));
      }
    }
    this.#length = position;
    this.end(start);
  }
}

/** Reads fields between two positions of a buffer; throws MalformedError, never past the end. */
export class WireReader {
  readonly bytes: Uint8Array;
  readonly end: number;
  position: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.position = start;
    this.end = end;
  }

  get done(): boolean {
    return this.position >= this.end;
  }

  /** A varint as a double: beyond 2^53 the last bits are lost. */
  varint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < MAX_VARINT_BYTES && this.position < this.end; i++) {
      const byte = this.bytes[this.position++] as number;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      scale *= 128;
    }
    throw new MalformedError('a number does not end');
  }

  bigVarint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n && this.position < this.end; shift += 7n) {
      const byte = this.bytes[this.position++] as number;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value & U64;
    }
    throw new MalformedError('a number does not end');
  }

  double(): number {
    const at = this.position;
    this.#advance(8);
    return new DataView(this.bytes.buffer, this.bytes.byteOffset + at, 8).getFloat64(0, true);
  }

  /** The end of the length-delimited value that begins here; the position is then at its content. */
  lengthDelimited(): number {
    const length = this.varint();
    const end = this.position + length;
    if (end > this.end)
      throw new MalformedError(`a field claims ${length} bytes, more than there are`);
    return end;
  }

  /** @param most bytes that are decoded; the others are skipped */
  text(most: number): string {
    const end = this.lengthDelimited();
    const start = this.position;
    this.position = end;
    const length = Math.min(end - start, most);
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset + start, length).toString('utf8');
  }

  skip(wireType: number): void {
    if (wireType === WIRE.varint) this.varint();
    else if (wireType === WIRE.bytes) this.position = this.lengthDelimited();
    else if (wireType === WIRE.fixed64) this.#advance(8);
    else if (wireType === WIRE.fixed32) this.#advance(4);
    else throw new MalformedError(`a field has the unknown wire type ${wireType}`);
  }

  #advance(count: number): void {
    if (this.position + count > this.end) throw new MalformedError('a field is cut short');
    this.position += count;
  }
}

/** How many varints lie in [start, end); throws where the last one, or any, does not end. */
export function countVarints(bytes: Uint8Array, start: number, end: number): number {
  let count = 0;
  let run = 0;
  for (let i = start; i < end; i++) {
    if ((bytes[i] as number) < 128) {
      count++;
      run = 0;
    } else if (++run >= MAX_VARINT_BYTES) throw new MalformedError('a number is too long');
  }
  if (run > 0) throw new MalformedError('a number does not end');
  return count;
}

/** Decodes the varints in [start, end), checked by countVarints(), to `out` from `at`; returns the next index. */
export function unpack(
  bytes: Uint8Array,
  start: number,
  end: number,
  out: ColumnData,
  at: number,
  signed: boolean,
): number {
  let position = start;
  let index = at;
  while (position < end) {
    let byte = bytes[position++] as number;
    let low = byte & 127;
    if (byte > 127) {
      byte = bytes[position++] as number;
      low |= (byte & 127) << 7;
      if (byte > 127) {
        byte = bytes[position++] as number;
        low |= (byte & 127) << 14;
        if (byte > 127) {
          byte = bytes[position++] as number;
          low |= (byte & 127) << 21;
        }
      }
    }
    // `low` holds 28 bits; the rest is added as a double, after zigzag's sign bit is off, so that a
    // value whose double is exact stays exact.
    let value = signed ? low >>> 1 : low;
    let scale = signed ? 2 ** 27 : 2 ** 28;
    while (byte > 127) {
      byte = bytes[position++] as number;
      value += (byte & 127) * scale;
      scale *= 128;
    }
    out[index++] = signed && (low & 1) === 1 ? -value - 1 : value;
  }
  return index;
}
