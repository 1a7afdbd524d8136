/** The first write to files of a lower layer: what overlayfs takes to copy them, by the kernel's own events. */
import { DitError, EXIT } from '../../base/errors.js';
import { NS_PER_MS } from '../../base/time.js';
import {
  COPY_UP_FOLDER,
  COPY_UP_MEGABYTES,
  copyUpLayer,
  measureCopyUps,
} from '../../measure/copy-up.js';
import type { Dimension, Reading } from '../contract/dimension.js';

const groupOf = (megabytes: number): string => `${megabytes}MB`;

export const copyUpDimension: Dimension = {
  name: 'copyup',
  measures:
    'the copy inside the first open for writing of a file of 1, 10 and 100 MB in a lower layer, in the kernel; ' +
    'the file is in the page cache',
  finer: {},
  measurements: ({ iterations }) => [
    {
      name: 'copyup',
      dimension: 'copyup',
      iterations,
      guessMs: 4000,
      gives: COPY_UP_MEGABYTES.map((size) => ({ dimension: 'copyup', group: groupOf(size) })),
    },
  ],
  prepare: async ({ sandbox, image }) => {
    const withFiles = await sandbox.image(image, copyUpLayer());
    return async (_measurement, context): Promise<readonly Reading[]> => {
      // A cold start may have dropped them.
      await context.sandbox.run({
        Image: withFiles,
        Cmd: ['sh', '-c', `cat ${COPY_UP_FOLDER}/* >/dev/null`],
        HostConfig: { NetworkMode: 'none' },
      });
      const { copyUps } = await measureCopyUps(context.record, withFiles);
      const readings = copyUps
        .filter(({ ns }) => Number.isFinite(ns))
        .map(({ megabytes, ns }) => ({
          dimension: 'copyup',
          group: groupOf(megabytes),
          value: ns / NS_PER_MS,
        }));
      if (readings.length === 0) throw unseen();
      return readings;
    };
  },
};

const unseen = (): DitError =>
  new DitError({
    code: 'copy-ups-unseen',
    exitCode: EXIT.unavailable,
    message:
      'no copy-up was seen: the storage is not overlayfs, or events of the kernel are missing',
    remedy: 'see what can be recorded here: dit doctor --sources',
  });
