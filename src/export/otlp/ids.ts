/** Ids of a start's trace and spans: the same recording always has the same, so that two exports are one trace. */
import { type Foreign, raw } from '../../base/foreign.js';
import type { ContainerId } from '../../base/ids.js';

const OFFSET = 0xcbf29ce484222325n;
const PRIME = 0x100000001b3n;

/** FNV-1a over UTF-16 units: short keys into 64 bits, evenly enough for the few thousand of a trace. */
function hash(text: string, from = OFFSET): bigint {
  let value = from;
  for (let index = 0; index < text.length; index++) {
    value = BigInt.asUintN(64, (value ^ BigInt(text.charCodeAt(index))) * PRIME);
  }
  return value;
}

function bytesOf(...words: readonly bigint[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(words.length * 8));
  // All zeros are no id.
  for (const [index, word] of words.entries()) view.setBigUint64(index * 8, word || 1n);
  return new Uint8Array(view.buffer);
}

export interface StartIds {
  readonly trace: Uint8Array;
  /** @param key unique within the start */
  span(key: string): Uint8Array;
}

export function startIds(recording: Foreign, container: ContainerId): StartIds {
  const start = hash(`${raw(recording)}/${container}/`);
  return {
    trace: bytesOf(hash('trace 0', start), hash('trace 1', start)),
    span: (key) => bytesOf(hash(key, start)),
  };
}
