/**
 * The files that a command reads because they were named to it. They are remembered, so that no output of the same
 * command, by whatever name or link, replaces one of them.
 */
import { closeSync, constants, fstatSync, readFileSync, type Stats } from 'node:fs';
import { openPlace } from './held-folder.js';
import { findPlace } from './safe-path.js';

const inputs = new Set<string>();

/** The number of a file that is gone is given to another. */
const identity = ({ dev, ino, birthtimeMs }: Stats): string => `${dev}:${ino}:${birthtimeMs}`;

export const isInput = (stat: Stats): boolean => inputs.has(identity(stat));

/** A regular file, open for reading. @throws NotAFileError, the system's error */
export function openInput(path: string): number {
  const found = findPlace(path);
  const place = found.folder === undefined ? found.place : placeIn(found);
  try {
    const file = openPlace(place, constants.O_RDONLY, path);
    inputs.add(identity(fstatSync(file)));
    return file;
  } finally {
    closeSync(place);
  }
}

function placeIn({
  folder,
  name,
}: Extract<ReturnType<typeof findPlace>, { name: string }>): number {
  try {
    return folder.place(name);
  } finally {
    folder.close();
  }
}

export interface InputLimit {
  readonly bytes: number;
  /** What is thrown for a file of so many bytes. */
  readonly refusal: (size: number) => Error;
}

/** The whole of a regular file. @throws as `openInput`, and the limit's refusal, before anything is read */
export function readInput(path: string, limit: InputLimit): Buffer {
  const file = openInput(path);
  try {
    const { size } = fstatSync(file);
    if (size > limit.bytes) throw limit.refusal(size);
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}
