/** Making, looking up, renaming and unlinking 500 small files, in new folders and in one of a lower layer. */
import { pack } from 'tar-stream';
import { NS_PER_MS } from '../../base/time.js';
import type { MeasureContext } from '../../measure/context.js';
import {
  METADATA_OPERATIONS,
  type MetadataTimes,
  measureFreshFolder,
  measureLowerFolder,
} from '../../measure/files/metadata.js';
import { containerFolder, openPlaces, PLACES } from '../../measure/files/places.js';
import type { Dimension, Reading } from '../contract/dimension.js';
import { MODE_NAMES, needFiles, writeBack } from './files.js';

const FILES = 500;
const OPERATIONS = 'metadata-operations';
/** Small: nothing is written but names. */
const TMPFS_BYTES = 16 << 20;
const LOWER = 'overlayfs-lower';
const LOWER_FOLDER = 'dit-lower';
const LOWER_NAMES: readonly string[] = Array.from({ length: FILES }, (_, index) => `f${index}`);

const MODES: readonly string[] = [...PLACES.map((place) => MODE_NAMES[place]), LOWER];

export const metadataDimension: Dimension = {
  name: 'metadata',
  measures:
    '500 empty files made (open and close) in a new folder, by system calls, no process for each; overlayfs-lower: ' +
    'in a folder of a lower layer. metadata-operations: the same of stat, rename and unlink; of overlayfs-lower the ' +
    'files are those of the layer',
  finer: { [OPERATIONS]: { unit: 'ms', better: 'lower' } },
  measurements: ({ iterations }) =>
    MODES.map((mode) => ({
      name: `metadata/${mode}`,
      dimension: 'metadata',
      iterations,
      guessMs: 1500,
      gives: [
        { dimension: 'metadata', group: `${mode}/${FILES}` },
        ...METADATA_OPERATIONS.filter((operation) => operation !== 'create').map((operation) => ({
          dimension: OPERATIONS,
          group: `${mode}/${operation}`,
        })),
      ],
    })),
  prepare: async (lasting) => {
    needFiles(lasting);
    const { sandbox, image } = lasting;
    const withFiles = await sandbox.image(image, lowerLayer());
    return async (measurement, context) => {
      const mode = measurement.slice('metadata/'.length);
      return readingsOf(
        mode,
        mode === LOWER ? await onLower(context, withFiles) : await onFresh(context, mode),
      );
    };
  },
};

async function onFresh(context: MeasureContext, mode: string): Promise<MetadataTimes> {
  const { places } = await openPlaces(context, context.image, TMPFS_BYTES);
  const folder = places.find(({ name }) => MODE_NAMES[name] === mode)?.folder;
  if (folder === undefined) throw new Error(`no folder for ${mode}`);
  await writeBack(context.signal);
  return measureFreshFolder(folder, 'dit-metadata', FILES, context.signal);
}

async function onLower({ sandbox, signal }: MeasureContext, image: string): Promise<MetadataTimes> {
  const container = await sandbox.start({
    Image: image,
    Cmd: ['sleep', '600'],
    HostConfig: { NetworkMode: 'none' },
  });
  await writeBack(signal);
  const folder = await containerFolder(container, `/${LOWER_FOLDER}`, sandbox);
  return measureLowerFolder(folder, LOWER_NAMES, signal);
}

/** Files of a few bytes: an empty one costs nothing to copy up. */
function lowerLayer(): NodeJS.ReadableStream {
  const layer = pack();
  for (const name of LOWER_NAMES) {
    layer.entry({ name: `${LOWER_FOLDER}/${name}`, mtime: new Date(0) }, 'dit\n');
  }
  layer.finalize();
  return layer as unknown as NodeJS.ReadableStream;
}

const readingsOf = (mode: string, times: MetadataTimes): Reading[] =>
  METADATA_OPERATIONS.map((operation) => ({
    ...(operation === 'create'
      ? { dimension: 'metadata', group: `${mode}/${FILES}` }
      : { dimension: OPERATIONS, group: `${mode}/${operation}` }),
    value: times[operation] / NS_PER_MS,
  }));
