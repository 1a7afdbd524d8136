/** Sequential writes by system calls of known size, on each kind of place that a container's files may lie. */
import { openPlaces, PLACES, type PlaceName } from '../../measure/files/places.js';
import {
  type FileIn,
  isWithoutDirect,
  megabytesPerSecond,
  removeFile,
  type Transfer,
  type WriteMode,
  writeSequentially,
} from '../../measure/files/writes.js';
import type { Dimension, Reading } from '../contract/dimension.js';
import { MODE_NAMES, needFiles, writeBack } from './files.js';

const FILE_BYTES = 64 << 20;
const TMPFS_BYTES = 2 * FILE_BYTES;

const MODES: readonly WriteMode[] = ['fsync', 'buffered', 'direct'];

/** The fsync is part of what the study compares: without it, it is the page cache's speed. */
const groupOf = (place: PlaceName, mode: WriteMode): string =>
  mode === 'fsync' ? MODE_NAMES[place] : `${MODE_NAMES[place]}-${mode}`;

export const writeDimension: Dimension = {
  name: 'write',
  measures:
    '64 MiB in blocks of 1 MiB into a new file, MB of 10^6 bytes; overlayfs, volume, bind, tmpfs: with an fsync at ' +
    'the end; -buffered: into the page cache; -direct: past it',
  finer: {},
  measurements: ({ iterations }) =>
    PLACES.map((place) => ({
      name: `write/${place}`,
      dimension: 'write',
      iterations,
      guessMs: 3000,
      gives: MODES.map((mode) => ({ dimension: 'write', group: groupOf(place, mode) })),
    })),
  prepare: async (lasting) => {
    needFiles(lasting);
    return async (measurement, context): Promise<readonly Reading[]> => {
      const { places } = await openPlaces(context, context.image, TMPFS_BYTES);
      const place = places.find(({ name }) => measurement === `write/${name}`);
      if (place?.folder === undefined) return [];
      const file: FileIn = { folder: place.folder, name: 'dit-write' };
      const readings: Reading[] = [];
      for (const mode of MODES) {
        await writeBack(context.signal);
        const transfer = await tryWriting(file, mode, context.signal);
        removeFile(file);
        if (transfer === undefined) continue;
        const value = megabytesPerSecond(transfer);
        readings.push({ dimension: 'write', group: groupOf(place.name, mode), value });
      }
      return readings;
    };
  },
};

/** Undefined where the file system takes no direct writes. */
async function tryWriting(
  file: FileIn,
  mode: WriteMode,
  signal: AbortSignal,
): Promise<Transfer | undefined> {
  try {
    return await writeSequentially(file, mode, FILE_BYTES, signal);
  } catch (error) {
    if (mode === 'direct' && isWithoutDirect(error)) return undefined;
    throw error;
  }
}
