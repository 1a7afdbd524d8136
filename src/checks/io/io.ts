/** I/O: what reading, writing and file operations cost on each kind of place, and what a copy-up costs by size. */

import type { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import { quoting } from '../../base/foreign.js';
import type { MeasureContext } from '../../measure/context.js';
import { addCopyUpFiles } from '../../measure/copy-up.js';
import { fioVersion } from '../../measure/files/fio.js';
import {
  METADATA_OPERATIONS,
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
import type { CheckResult, Figure, Unit } from '../../model/checks/check.js';
import { median } from '../../stats/summary.js';
import type { Check } from '../contract/check.js';
import { type CheckPart, joinParts } from '../contract/check-part.js';
import { copyUpPart } from './io-copy-ups.js';
import { ioInContainer } from './io-in-container.js';
import {
  FILE_BYTES,
  FIO_TOLERANCE,
  type FileAt,
  judgeWrites,
  SLOW_OVERLAY,
  writeFigures,
  writeRounds,
} from './io-writes.js';

/** For each kind of random access. */
const RANDOM_LIMITS = { ns: 300e6, operations: 20_000 } as const;
const METADATA_FILES = 200;
const METADATA_NAMES = Array.from({ length: METADATA_FILES }, (_, file) => `f${file}`);
const METADATA_ROUNDS = 3;
/** The largest file that is written to it, and room. */
const TMPFS_BYTES = 512 << 20;

/** A folder a round, each with as many files. */
const LOWER_FOLDER = '/dit-lower';
const OWN_LOOP = "dit's own loop on the host, in the container's root";

export const ioCheck: Check = {
  name: 'io',
  shows:
    'what reading, writing and file operations cost on the overlay, a volume, a bind mount and a tmpfs, and what the first write of a lower file costs',
  thresholds: `pass: all was measured; warn: writing with an fsync at the end is less than ${100 * SLOW_OVERLAY} % as fast on the overlay as on a volume, or dit and fio, where it is installed, differ by more than ${100 * FIO_TOLERANCE} % and in every round; fail: a copy-up of the kernel has another size than the file`,
  run,
};

async function run(context: MeasureContext): Promise<CheckResult> {
  const { sandbox, signal, say, seesKernel } = context;
  say('making an image with lower files of 1, 10 and 100 MB');
  const image = await sandbox.image(context.image, lowerLayer());
  signal.throwIfAborted();
  const at = await openPlaces(context, image, TMPFS_BYTES);
  const measured = await (seesKernel ? measureOnHost : ioInContainer)(context, at);
  await at.container.remove();
  signal.throwIfAborted();
  say('recording copy-ups of 1, 10 and 100 MB');
  const copyUps = await copyUpPart(context, image);
  const joined = joinParts([measured, copyUps]);
  const where = [...at.mounts, quoting`behind the bind mount: ${at.bound}`];
  return { ...joined, evidence: [...where, ...joined.evidence] };
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

async function measureOnHost(context: MeasureContext, at: IoPlaces): Promise<CheckPart> {
  const { signal, say } = context;
  const files = at.places.flatMap(({ name, folder }): FileAt[] =>
    folder === undefined ? [] : [{ place: name, at: { folder, name: 'file' } }],
  );
  const fio = await fioVersion(signal);
  say('sequential writes and reads on overlay, volume, bind mount and tmpfs');
  const writes = await writeRounds(files, fio !== undefined, signal);
  const figures = writeFigures(writes, OWN_LOOP);
  for (const file of files) figures.push(...(await readsOf(file, signal)));
  say('random reads and writes');
  for (const file of files) {
    figures.push(...(await randomOf(file, signal)));
    removeFile(file.at);
  }
  say('creating, looking up, renaming and unlinking files');
  figures.push(...(await metadataOf(context, at)));
  const evidence = fio === undefined ? [] : [`${fio}: fio --rw=write --bs=1M --ioengine=psync`];
  return { figures, evidence, ...judgeWrites(writes, fio) };
}

const figure = (name: string, value: number, unit: Unit, group: string): Figure => ({
  name,
  value,
  unit,
  source: OWN_LOOP,
  certainty: 'exact',
  group,
});

async function readsOf({ place, at }: FileAt, signal: AbortSignal): Promise<Figure[]> {
  // The last write may have been a direct one, which leaves nothing in the page cache.
  await readSequentially(at, false, FILE_BYTES, signal);
  const figures: Figure[] = [];
  for (const direct of [false, true]) {
    const read = await unlessWithoutDirect(direct, () =>
      readSequentially(at, direct, FILE_BYTES, signal),
    );
    if (read === undefined) continue;
    const name = `${place}: read, ${direct ? 'direct' : 'from the page cache'}`;
    const group = `sequential reads, 1 MiB blocks, ${FILE_BYTES >> 20} MiB`;
    figures.push(figure(name, megabytesPerSecond(read), 'MB/s', group));
  }
  return figures;
}

async function randomOf({ place, at }: FileAt, signal: AbortSignal): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const mode of RANDOM_MODES) {
    const done = await unlessWithoutDirect(mode.startsWith('direct'), () =>
      accessRandomly(at, mode, FILE_BYTES, { ...RANDOM_LIMITS, signal }),
    );
    if (done === undefined) continue;
    const group = `random, 4 KiB blocks in ${FILE_BYTES >> 20} MiB`;
    figures.push(figure(`${place}: ${mode}`, operationsPerSecond(done), 'ops/s', group));
  }
  return figures;
}

/** ns a file: a fresh folder on each place, and the folder of a lower layer. */
async function metadataOf(
  { sandbox, signal }: MeasureContext,
  { container, places }: IoPlaces,
): Promise<Figure[]> {
  const taken = new Map<string, number[]>();
  const add = (where: string, times: Awaited<ReturnType<typeof measureFreshFolder>>): void => {
    for (const operation of METADATA_OPERATIONS) {
      const name = `${where}: ${operation} a file`;
      taken.set(name, [...(taken.get(name) ?? []), times[operation] / METADATA_FILES]);
    }
  };
  for (let round = 0; round < METADATA_ROUNDS; round++) {
    for (const { name, folder } of places) {
      if (folder === undefined) continue;
      const times = await measureFreshFolder(folder, `fresh-${round}`, METADATA_FILES, signal);
      add(`${name}, fresh folder`, times);
    }
    const lower = await containerFolder(container, `${LOWER_FOLDER}/${round}`, sandbox);
    const times = await measureLowerFolder(lower, METADATA_NAMES, signal);
    add('overlay, folder of a lower layer', times);
  }
  const group = `metadata: median of ${METADATA_ROUNDS} times ${METADATA_FILES} files`;
  return [...taken].map(([name, values]) => figure(name, median(values), 'ns', group));
}
