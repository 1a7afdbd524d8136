/** Sequential writes on every place in turn, by dit's own loop and by fio. */

import { fioWrite } from '../../measure/files/fio.js';
import type { PlaceName } from '../../measure/files/places.js';
import {
  type FileIn,
  megabytesPerSecond,
  unlessWithoutDirect,
  WRITE_MODES,
  type WriteMode,
  writeSequentially,
} from '../../measure/files/writes.js';
import type { WriteSeries } from './judge.js';
import { FILE_MEBIBYTES } from './sizes.js';

export const FILE_BYTES = FILE_MEBIBYTES << 20;

/** Of all writes; a slow disk gets fewer. */
const MOST_ROUNDS = 5;
const ENOUGH_MS = 10_000;

/** Where fio writes the same: the two places that are compared. What stays in the page cache tells nothing more. */
const FIO_PLACES: readonly PlaceName[] = ['overlay', 'volume'];
const FIO_MODES: readonly WriteMode[] = ['fsync', 'direct'];

export interface FileAt {
  readonly place: PlaceName;
  readonly at: FileIn;
}

/**
 * Places, modes and programs take turns: a disk that slows down does so for all. The files stay.
 * @param withFio whether fio is here
 */
export async function writeRounds(
  files: readonly FileAt[],
  withFio: boolean,
  signal: AbortSignal,
): Promise<WriteSeries[]> {
  const all = files.flatMap(({ place, at }) =>
    WRITE_MODES.map((mode) => ({ place, mode, at, own: [] as number[], fio: [] as number[] })),
  );
  const begin = performance.now();
  for (let round = 0; round < MOST_ROUNDS; round++) {
    for (const { place, mode, at, own, fio } of all) {
      const written = await unlessWithoutDirect(mode === 'direct', () =>
        writeSequentially(at, mode, FILE_BYTES, signal),
      );
      if (written === undefined) continue;
      own.push(megabytesPerSecond(written));
      if (!withFio || !FIO_PLACES.includes(place) || !FIO_MODES.includes(mode)) continue;
      fio.push(megabytesPerSecond(await fioWrite(at, mode, FILE_BYTES, signal)));
    }
    if (performance.now() - begin > ENOUGH_MS) break;
  }
  return all.map(({ at: _, ...series }) => series);
}
