/** Memory of 1, 3 and 10 identical containers: what each maps, what they take together, and who is charged. */
import { BYTES_PER_MB } from '../../base/count.js';
import { DitError, EXIT } from '../../base/errors.js';
import type { MeasureContext } from '../../measure/context.js';
import { measureContainers } from '../../measure/memory.js';
import type { Dimension, Reading } from '../contract/dimension.js';

const COUNTS: readonly number[] = [1, 3, 10];
const CHARGED = 'memory-charged';

export const memoryDimension: Dimension = {
  name: 'memory',
  measures:
    'MB of 10^6 bytes, of containers that sleep. per-container: mean of what each maps (RSS); total: what they take ' +
    'together, pages that they share counted once (PSS). memory-charged: what their cgroups are charged, all, and ' +
    'for files; pages that several map, clean',
  finer: { [CHARGED]: { unit: 'MB', better: 'lower' } },
  measurements: ({ iterations }) =>
    COUNTS.map((count) => ({
      name: `memory/${count}`,
      dimension: 'memory',
      iterations,
      guessMs: 1000 + 500 * count,
      gives: [
        { dimension: 'memory', group: `${count}/per-container` },
        { dimension: 'memory', group: `${count}/total` },
        ...['usage', 'file-cache', 'shared-clean'].map((what) => ({
          dimension: CHARGED,
          group: `${count}/${what}`,
        })),
      ],
    })),
  prepare: async ({ seesKernel }) => {
    if (!seesKernel) throw outOfReach();
    return async (measurement, context): Promise<readonly Reading[]> => {
      const count = Number(measurement.slice('memory/'.length));
      const pids = await startAll(count, context);
      const { processes, usage, cache } = measureContainers(pids);
      const reading = (dimension: string, what: string, bytes: number): Reading => ({
        dimension,
        group: `${count}/${what}`,
        value: bytes / BYTES_PER_MB,
      });
      return [
        reading('memory', 'per-container', processes.rss / count),
        reading('memory', 'total', processes.pss),
        reading(CHARGED, 'usage', usage),
        reading(CHARGED, 'file-cache', cache),
        reading(CHARGED, 'shared-clean', processes.sharedClean),
      ];
    };
  },
};

async function startAll(count: number, { sandbox, image, signal }: MeasureContext) {
  const pids: number[] = [];
  for (let i = 0; i < count; i++) {
    signal.throwIfAborted();
    const { pid } = await sandbox.start({
      Image: image,
      Cmd: ['sleep', '600'],
      HostConfig: { NetworkMode: 'none' },
    });
    pids.push(pid);
  }
  return pids;
}

const outOfReach = (): DitError =>
  new DitError({
    code: 'processes-unseen',
    exitCode: EXIT.unavailable,
    message: "the containers' processes are out of reach: dit is not root on the engine's machine",
    remedy: 'run it there as root: sudo dit bench',
  });
