/**
 * Reading and writing of one file with system calls of dit's own: bytes are counted, time is CLOCK_MONOTONIC around
 * the calls. Files in containers are reached through a folder that is held, so the file system is the container's and
 * the process, with its cgroup, is dit's.
 */
import { randomFillSync } from 'node:crypto';
import { closeSync, constants, fsyncSync, readSync, writeSync } from 'node:fs';
import { BYTES_PER_MB } from '../../base/count.js';
import { systemErrorCode } from '../../base/errors.js';
import { NS_PER_S } from '../../base/time.js';
import type { HeldFolder } from '../../platform/files/held-folder.js';
import { randomFrom } from '../../stats/random.js';
import { timeSteps } from './timed-steps.js';

/**
 * buffered: what the page cache takes; fsync: the same, and one fsync at the end that is part of the time;
 * direct: O_DIRECT, past the page cache.
 */
export const WRITE_MODES = ['buffered', 'fsync', 'direct'] as const;
export type WriteMode = (typeof WRITE_MODES)[number];

/** A file by its name in a folder whose owner may change all that is in it meanwhile. */
export interface FileIn {
  readonly folder: HeldFolder;
  readonly name: string;
}

/** Waits until its blocks are free: else the next file's fsync is charged with it, a third of the time of 64 MiB on a fast disk. */
export function removeFile({ folder, name }: FileIn): void {
  if (folder.statOf(name) === undefined) return;
  folder.unlink(name);
  folder.sync();
}

export const SEQUENTIAL_BLOCK_BYTES = 1 << 20;
const RANDOM_BLOCK_BYTES = 4096;

export interface Transfer {
  readonly bytes: number;
  readonly ns: number;
  readonly operations: number;
}

/** 10^6 bytes a second. */
export const megabytesPerSecond = ({ bytes, ns }: Transfer): number =>
  bytes / BYTES_PER_MB / (ns / NS_PER_S);

export const operationsPerSecond = ({ operations, ns }: Transfer): number =>
  operations / (ns / NS_PER_S);

/** What Node has of it, and its types do not tell. */
interface WithWebAssembly {
  readonly WebAssembly: {
    readonly Memory: new (size: { readonly initial: number }) => { readonly buffer: ArrayBuffer };
  };
}

const WASM_PAGE_BYTES = 65_536;

/** Memory of WebAssembly begins at a page, which O_DIRECT asks for. Random, for disks that compress. */
function alignedBuffer(bytes: number): Uint8Array {
  const { Memory } = (globalThis as unknown as WithWebAssembly).WebAssembly;
  const { buffer } = new Memory({ initial: Math.ceil(bytes / WASM_PAGE_BYTES) });
  return randomFillSync(new Uint8Array(buffer, 0, bytes));
}

/**
 * Writes a new file from its beginning to its end, in blocks of 1 MiB; the file stays.
 * @param bytes a multiple of the block
 */
export async function writeSequentially(
  at: FileIn,
  mode: WriteMode,
  bytes: number,
  signal: AbortSignal,
): Promise<Transfer> {
  const buffer = alignedBuffer(SEQUENTIAL_BLOCK_BYTES);
  removeFile(at);
  const file = at.folder.create(at.name, constants.O_WRONLY | directFlag(mode === 'direct'));
  try {
    const steps = bytes / SEQUENTIAL_BLOCK_BYTES;
    const written = await timeSteps(() => writeWhole(file, buffer, null), { steps, signal });
    const sync =
      mode === 'fsync' ? await timeSteps(() => fsyncSync(file), { steps: 1, signal }) : none;
    return { bytes, ns: written.ns + sync.ns, operations: steps };
  } finally {
    closeSync(file);
  }
}

const none = { ns: 0 } as const;

/** Reads what a write left, from beginning to end. Without `direct` it comes from the page cache. */
export async function readSequentially(
  at: FileIn,
  direct: boolean,
  bytes: number,
  signal: AbortSignal,
): Promise<Transfer> {
  const buffer = alignedBuffer(SEQUENTIAL_BLOCK_BYTES);
  const file = at.folder.file(at.name, constants.O_RDONLY | directFlag(direct));
  try {
    const steps = bytes / SEQUENTIAL_BLOCK_BYTES;
    const { ns } = await timeSteps(() => readWhole(file, buffer, null), { steps, signal });
    return { bytes, ns, operations: steps };
  } finally {
    closeSync(file);
  }
}

/** With the last, an fsync follows each write, as databases do it. */
export const RANDOM_MODES = [
  'read',
  'direct read',
  'write',
  'direct write',
  'write and fsync',
] as const;
export type RandomMode = (typeof RANDOM_MODES)[number];

/** Blocks of 4 KiB at random places of a file that is there, for some time; the same places each time. */
export async function accessRandomly(
  at: FileIn,
  mode: RandomMode,
  fileBytes: number,
  limits: { readonly operations: number; readonly ns: number; readonly signal: AbortSignal },
): Promise<Transfer> {
  const buffer = alignedBuffer(RANDOM_BLOCK_BYTES);
  const random = randomFrom(1);
  const blocks = Math.floor(fileBytes / RANDOM_BLOCK_BYTES);
  const place = (): number => Math.floor(random() * blocks) * RANDOM_BLOCK_BYTES;
  const reads = mode.endsWith('read');
  const flags = reads ? constants.O_RDONLY : constants.O_WRONLY;
  const file = at.folder.file(at.name, flags | directFlag(mode.startsWith('direct')));
  const step = reads
    ? () => readWhole(file, buffer, place())
    : mode === 'write and fsync'
      ? () => {
          writeWhole(file, buffer, place());
          fsyncSync(file);
        }
      : () => writeWhole(file, buffer, place());
  try {
    const { operations, ns: mostNs, signal } = limits;
    const { steps, ns } = await timeSteps(step, { steps: operations, ns: mostNs, signal });
    return { bytes: steps * RANDOM_BLOCK_BYTES, ns, operations: steps };
  } finally {
    closeSync(file);
  }
}

/** tmpfs before Linux 6.6 and some other file systems cannot go past the page cache. */
export const isWithoutDirect = (error: unknown): boolean => systemErrorCode(error) === 'EINVAL';

/**
 * @returns undefined where the page cache was to be passed by, and cannot
 */
export async function unlessWithoutDirect(
  direct: boolean,
  work: () => Promise<Transfer>,
): Promise<Transfer | undefined> {
  try {
    return await work();
  } catch (error) {
    if (direct && isWithoutDirect(error)) return undefined;
    throw error;
  }
}

const directFlag = (direct: boolean): number => (direct ? constants.O_DIRECT : 0);

function writeWhole(file: number, buffer: Uint8Array, position: number | null): void {
  const written = writeSync(file, buffer, 0, buffer.length, position);
  if (written !== buffer.length) throw new Error(`${written} of ${buffer.length} bytes written`);
}

function readWhole(file: number, buffer: Uint8Array, position: number | null): void {
  const read = readSync(file, buffer, 0, buffer.length, position);
  if (read !== buffer.length) throw new Error(`${read} of ${buffer.length} bytes read`);
}
