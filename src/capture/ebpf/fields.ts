/** Fields of a record of the BPF programs, by their offsets in wire.ts. What lies beyond the record's end is empty. */
import { PATH_NAMES, SIZE } from './wire.js';

const TWO_32 = 2 ** 32;
const utf8 = new TextDecoder('utf-8', { fatal: false });

/** Beyond 2^53 the last bits are lost. */
export function u64(view: DataView, offset: number): number {
  return view.getUint32(offset + 4, true) * TWO_32 + view.getUint32(offset, true);
}

export function s64(view: DataView, offset: number): number {
  return view.getInt32(offset + 4, true) * TWO_32 + view.getUint32(offset, true);
}

/** Makes u64 of absolute ns to ns since the session base: exact, whatever the host's uptime. */
export class BaseTime {
  readonly #low: number;
  readonly #high: number;

  constructor(baseNs: bigint) {
    this.#low = Number(baseNs & 0xffffffffn);
    this.#high = Number(baseNs >> 32n);
  }

  read(view: DataView, offset: number): number {
    return (
      (view.getUint32(offset + 4, true) - this.#high) * TWO_32 +
      (view.getUint32(offset, true) - this.#low)
    );
  }
}

/** The text from `at` to its NUL or `end`, and where the next one begins. */
export function cString(view: DataView, at: number, end: number): [text: string, after: number] {
  // Fewer texts than the record claims: its buffer may end here.
  if (at >= end) return ['', end];
  let stop = at;
  while (stop < end && view.getUint8(stop) !== 0) stop++;
  const bytes = new Uint8Array(view.buffer, view.byteOffset + at, stop - at);
  return [utf8.decode(bytes), stop + 1];
}

/** The texts from `at` to `end`, one behind the other. */
export function cStrings(view: DataView, at: number, end: number): string[] {
  const texts: string[] = [];
  for (let next = at; next < end; ) {
    const [text, after] = cString(view, next, end);
    texts.push(text);
    next = after;
  }
  return texts;
}

/** Where `bytes` of text from `at` end, as far as the record goes. */
export const endOf = (view: DataView, at: number, bytes: number): number =>
  Math.min(view.byteLength, at + bytes);

/** A thread's name. */
export function comm(view: DataView, offset: number): string {
  return cString(view, offset, offset + SIZE.comm)[0];
}

/** A path of which a record has the last components, leaf first: "/etc/passwd", of a deep one "a/b/c/leaf". */
export function pathOf(leafFirst: readonly string[]): string {
  return (leafFirst.length < PATH_NAMES ? '/' : '') + leafFirst.toReversed().join('/');
}
