/** What a container that wants more than its quota gets of the CPU, by the kernel's accounts. */
import { DitError, EXIT } from '../../base/errors.js';
import { measureQuota } from '../../measure/cpu.js';
import type { Dimension } from '../contract/dimension.js';

const LIMITS: readonly number[] = [0.1, 0.5, 1, 1.5];
const INTERVAL_MS = 1000;
const THROTTLED = 'cpu-throttled-periods';

const percent = (share: number): string => `${Math.round(share * 100)}%`;

export const cpuDimension: Dimension = {
  name: 'cpu',
  measures:
    `CPU time that a container used in ${INTERVAL_MS} ms, by its cgroup, in % of one CPU; it wants more than its ` +
    'quota. cpu-throttled-periods: periods in which the quota was used up; fewer than all: the machine was short of CPU',
  finer: { [THROTTLED]: { unit: '%', better: 'neither' } },
  measurements: ({ iterations }) =>
    LIMITS.map((limit) => ({
      name: `cpu/${percent(limit)}`,
      dimension: 'cpu',
      iterations,
      guessMs: 2500,
      gives: [
        { dimension: 'cpu', group: percent(limit) },
        { dimension: THROTTLED, group: percent(limit) },
      ],
    })),
  prepare: async ({ docker }) => {
    const { NCPU } = (await docker.info()) as { NCPU: number };
    return async (measurement, { sandbox, image, seesKernel, signal }) => {
      const limit = LIMITS.find((each) => measurement === `cpu/${percent(each)}`) as number;
      if (limit >= NCPU) throw tooFewCpus(limit, NCPU);
      const measured = await measureQuota(docker, sandbox, {
        image,
        limit,
        intervalMs: INTERVAL_MS,
        seesKernel,
        signal,
      });
      const { share, periods, throttledPeriods } = measured;
      const group = percent(limit);
      return [
        { dimension: 'cpu', group, value: share * 100 },
        ...(periods > 0
          ? [{ dimension: THROTTLED, group, value: (100 * throttledPeriods) / periods }]
          : []),
      ];
    };
  },
};

const tooFewCpus = (limit: number, cpuCount: number): DitError =>
  new DitError({
    code: 'cpus-too-few',
    exitCode: EXIT.unavailable,
    message: `a limit of ${limit} CPUs limits nothing on a machine of ${cpuCount}`,
    remedy: 'measure it on a machine with more CPUs',
  });
