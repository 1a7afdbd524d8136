/** The io test: reads, writes and file operations on each kind of place, and the first writes of lower files. */

import type { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import { DitError, EXIT } from '../../base/errors.js';
import type { MeasureContext } from '../../measure/context.js';
import { addCopyUpFiles, measureCopyUps } from '../../measure/copy-up.js';
import { fioVersion } from '../../measure/files/fio.js';
import {
  METADATA_OPERATIONS,
  type MetadataTimes,
  measureFreshFolder,
  measureLowerFolder,
} from '../../measure/files/metadata.js';
import { containerFolder, type IoPlaces, openPlaces } from '../../measure/files/places.js';
import {
  accessRandomly,
  megabytesPerSecond,
  operationsPerSecond,
  RANDOM_MODES,
  readSequentially,
  removeFile,
  unlessWithoutDirect,
} from '../../measure/files/writes.js';
import { defineCheck } from '../contract/check.js';
import { writeInContainer } from './in-container.js';
import {
  type DdAccess,
  type HostAccess,
  type IoFacts,
  judgeIo,
  type MetadataSeries,
  type RandomRate,
  type ReadRate,
} from './judge.js';
import { METADATA_FILES, METADATA_ROUNDS } from './sizes.js';
import { ioText } from './text.js';
import { FILE_BYTES, type FileAt, writeRounds } from './write-rounds.js';

export const ioCheck = defineCheck({ name: 'io', measure, judge: judgeIo, text: ioText });

/** For each kind of random access. */
const RANDOM_LIMITS = { ns: 300e6, operations: 20_000 } as const;
const METADATA_NAMES = Array.from({ length: METADATA_FILES }, (_, file) => `f${file}`);
/** The largest file that is written to it, and room. */
const TMPFS_BYTES = 512 << 20;

/** A folder a round, each with as many files. */
const LOWER_FOLDER = '/dit-lower';

async function measure(context: MeasureContext): Promise<IoFacts> {
  const { sandbox, signal, say, seesKernel } = context;
  say('making an image with lower files of 1, 10 and 100 MB');
  const image = await sandbox.image(context.image, lowerLayer());
  signal.throwIfAborted();
  const at = await openPlaces(context, image, TMPFS_BYTES);
  const access: HostAccess | DdAccess = seesKernel
    ? await accessOnHost(context, at)
    : { by: 'container', writes: await writeInContainer(context, at) };
  await at.container.remove();
  signal.throwIfAborted();
  say('recording copy-ups of 1, 10 and 100 MB');
  const copyUps = await copyUpsOrWhyNot(context, image);
  return { mounts: at.mounts, bound: at.bound, access, copyUps };
}

function lowerLayer(): Readable {
  const archive = pack();
  for (let round = 0; round < METADATA_ROUNDS; round++) {
    for (const name of METADATA_NAMES) {
      archive.entry({ name: `${LOWER_FOLDER.slice(1)}/${round}/${name}` }, 'a');
    }
  }
  addCopyUpFiles(archive).then(
    () => archive.finalize(),
    (error) => archive.destroy(error as Error),
  );
  return archive as unknown as Readable;
}

async function accessOnHost(context: MeasureContext, at: IoPlaces): Promise<HostAccess> {
  const { signal, say } = context;
  const files = at.places.flatMap(({ name, folder }): FileAt[] =>
    folder === undefined ? [] : [{ place: name, at: { folder, name: 'file' } }],
  );
  const fio = await fioVersion(signal);
  say('sequential writes and reads on overlay, volume, bind mount and tmpfs');
  const writes = await writeRounds(files, fio !== undefined, signal);
  const reads: ReadRate[] = [];
  for (const file of files) reads.push(...(await readsOf(file, signal)));
  say('random reads and writes');
  const random: RandomRate[] = [];
  for (const file of files) {
    random.push(...(await randomOf(file, signal)));
    removeFile(file.at);
  }
  say('creating, looking up, renaming and unlinking files');
  const metadata = await metadataOf(context, at);
  return { by: 'host', writes, reads, random, metadata, fio };
}

async function readsOf({ place, at }: FileAt, signal: AbortSignal): Promise<ReadRate[]> {
  // The last write may have been a direct one, which leaves nothing in the page cache.
  await readSequentially(at, false, FILE_BYTES, signal);
  const rates: ReadRate[] = [];
  for (const direct of [false, true]) {
    const read = await unlessWithoutDirect(direct, () =>
      readSequentially(at, direct, FILE_BYTES, signal),
    );
    if (read !== undefined) rates.push({ place, direct, mbPerS: megabytesPerSecond(read) });
  }
  return rates;
}

async function randomOf({ place, at }: FileAt, signal: AbortSignal): Promise<RandomRate[]> {
  const rates: RandomRate[] = [];
  for (const mode of RANDOM_MODES) {
    const done = await unlessWithoutDirect(mode.startsWith('direct'), () =>
      accessRandomly(at, mode, FILE_BYTES, { ...RANDOM_LIMITS, signal }),
    );
    if (done !== undefined) rates.push({ place, mode, operationsPerS: operationsPerSecond(done) });
  }
  return rates;
}

type TimedFolder = Pick<MetadataSeries, 'place' | 'folder'> & { readonly rounds: MetadataTimes[] };

/** A fresh folder on each place, and the folder of a lower layer, by turns. */
async function metadataOf(
  { sandbox, signal }: MeasureContext,
  { container, places }: IoPlaces,
): Promise<MetadataSeries[]> {
  const fresh = places.flatMap(({ name: place, folder: held }) =>
    held === undefined
      ? []
      : [{ place, folder: 'fresh' as const, held, rounds: [] as MetadataTimes[] }],
  );
  const lower: TimedFolder = { place: 'overlay', folder: 'of a lower layer', rounds: [] };
  for (let round = 0; round < METADATA_ROUNDS; round++) {
    for (const { held, rounds } of fresh) {
      rounds.push(await measureFreshFolder(held, `fresh-${round}`, METADATA_FILES, signal));
    }
    const held = await containerFolder(container, `${LOWER_FOLDER}/${round}`, sandbox);
    lower.rounds.push(await measureLowerFolder(held, METADATA_NAMES, signal));
  }
  return [...fresh, lower].flatMap(seriesOf);
}

const seriesOf = ({ place, folder, rounds }: TimedFolder): MetadataSeries[] =>
  METADATA_OPERATIONS.map((operation) => ({
    place,
    folder,
    operation,
    ns: rounds.map((times) => times[operation] / METADATA_FILES),
  }));

/** @param image with the layer of `measureCopyUps` */
async function copyUpsOrWhyNot(
  context: MeasureContext,
  image: string,
): Promise<IoFacts['copyUps']> {
  try {
    return await measureCopyUps(context.record, image);
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof DitError) || error.exitCode !== EXIT.unavailable) throw error;
    return { why: error.message, remedy: error.remedy ?? '' };
  }
}
