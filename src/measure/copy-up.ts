/** Copy-up by size: lower files whose first write is recorded, and the kernel's own events of it. */

import { basename } from 'node:path';
import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import { BYTES_PER_MB } from '../base/count.js';
import { type Foreign, raw } from '../base/foreign.js';
import type { Certainty } from '../model/trace/certainty.js';
import type { CopyUp } from '../model/trace/trace.js';
import type { MeasureContext } from './context.js';

/** MB of 10^6 bytes. */
export const COPY_UP_MEGABYTES: readonly number[] = [1, 10, 100];

/** In a layer of an image. */
export const COPY_UP_FOLDER = '/dit-copy-up';

const nameOf = (megabytes: number): string => `${megabytes}MB`;
const bytesOf = (megabytes: number): number => megabytes * BYTES_PER_MB;

/** Puts a file of each size into a layer; not zeros, which some file systems keep as holes. */
export async function addCopyUpFiles(
  archive: ReturnType<typeof pack>,
  sizes: readonly number[] = COPY_UP_MEGABYTES,
): Promise<void> {
  for (const megabytes of sizes) {
    const size = bytesOf(megabytes);
    await new Promise<void>((resolve, reject) => {
      const entry = archive.entry(
        { name: `${COPY_UP_FOLDER.slice(1)}/${nameOf(megabytes)}`, size },
        (error) => (error == null ? resolve() : reject(error)),
      );
      Readable.from(blocksOf(size)).pipe(entry);
    });
  }
}

function* blocksOf(bytes: number): Generator<Buffer> {
  const block = Buffer.alloc(1 << 20, 'dit: a file of a lower layer\n');
  for (let left = bytes; left > 0; left -= block.length) {
    yield left < block.length ? block.subarray(0, left) : block;
  }
}

/** The image's layer with nothing but these files. */
export function copyUpLayer(sizes: readonly number[] = COPY_UP_MEGABYTES): Readable {
  const archive = pack();
  addCopyUpFiles(archive, sizes).then(
    () => archive.finalize(),
    (error) => archive.destroy(error as Error),
  );
  return archive as unknown as Readable;
}

export interface MeasuredCopyUp {
  readonly megabytes: number;
  readonly fileBytes: number;
  /** What the kernel copied; undefined: no event of this file was recorded. */
  readonly copiedBytes: number | undefined;
  /** Of the copy, or of the whole open where it is inferred; NaN without an event. */
  readonly ns: number;
  readonly certainty: Certainty;
  /** The syscall that caused it: "openat". */
  readonly trigger: Foreign;
}

export type CopyUpSource = 'ovl_copy_up_one' | 'writeback_dirty_folio';

export interface MeasuredCopyUps {
  readonly copyUps: readonly MeasuredCopyUp[];
  /** What saw them: overlayfs's own function, or file data dirtied inside the open, which they are inferred from. */
  readonly source: CopyUpSource;
}

/**
 * Records one start of the image; its command opens each file for appending, and writes a byte.
 * @param image with `copyUpLayer(sizes)`; its pages are in the page cache if it was just made
 * @throws DitError where nothing can be recorded
 */
export async function measureCopyUps(
  record: MeasureContext['record'],
  image: string,
  sizes: readonly number[] = COPY_UP_MEGABYTES,
): Promise<MeasuredCopyUps> {
  const script = sizes.map((size) => `printf x >>${COPY_UP_FOLDER}/${nameOf(size)}`).join(' && ');
  const { run } = await record({
    Image: image,
    User: '0',
    Entrypoint: ['sh', '-c', script],
    Cmd: [],
    HostConfig: { NetworkMode: 'none' },
  });
  return matchCopyUps(run.copyUps, sizes);
}

/** Pure: the events of a run, by the names of the files. */
export function matchCopyUps(events: readonly CopyUp[], sizes: readonly number[]): MeasuredCopyUps {
  const copyUps = sizes.map((megabytes): MeasuredCopyUp => {
    const event = events.find(
      ({ path, bytes }) => bytes > 0 && basename(raw(path)) === nameOf(megabytes),
    );
    return {
      megabytes,
      fileBytes: bytesOf(megabytes),
      copiedBytes: event?.bytes,
      ns: event?.duration ?? Number.NaN,
      certainty: event?.certainty ?? 'inferred',
      trigger: event?.trigger ?? '',
    };
  });
  const exact = copyUps.some(({ certainty }) => certainty === 'exact');
  return { copyUps, source: exact ? 'ovl_copy_up_one' : 'writeback_dirty_folio' };
}
