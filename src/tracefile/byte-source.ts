/** Where a reader's bytes come from: memory, or a file read through a window so that its size costs none. */
import { readSync } from 'node:fs';

export interface ByteSource {
  readonly size: number;
  /** The bytes [offset, offset + length), fewer at the end; a view that the next read() invalidates. */
  read(offset: number, length: number): Uint8Array;
}

export const bytesInMemory = (bytes: Uint8Array): ByteSource => ({
  size: bytes.length,
  read: (offset, length) => bytes.subarray(offset, offset + length),
});

const WINDOW_BYTES = 1 << 20;

/** A regular file of `size` bytes; the descriptor stays the caller's. */
export function bytesOfFile(fd: number, size: number): ByteSource {
  let window = new Uint8Array(WINDOW_BYTES);
  let start = 0;
  let held = 0;

  const fill = (offset: number, length: number): void => {
    if (length > window.length) window = new Uint8Array(Math.max(length, window.length * 2));
    start = offset;
    held = 0;
    while (held < length) {
      const count = readSync(fd, window, held, window.length - held, offset + held);
      if (count === 0) return;
      held += count;
    }
  };

  return {
    size,
    read(offset, length) {
      const wanted = Math.max(0, Math.min(length, size - offset));
      if (offset < start || offset + wanted > start + held) fill(offset, wanted);
      return window.subarray(offset - start, offset - start + Math.min(wanted, held));
    },
  };
}
