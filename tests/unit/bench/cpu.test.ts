import type Dockerode from 'dockerode';
import { expect, test } from 'vitest';
import { newSettings } from '../../../src/bench/contract/settings.js';
import { cpuDimension } from '../../../src/bench/measure/cpu.js';
import type { MeasureContext } from '../../../src/measure/context.js';

test.each([
  [1, ['cpu/100%', 'cpu/150%']],
  [2, []],
])("limits that an engine's machine of %i CPUs has not more of are left out", async (NCPU, left) => {
  const docker = { info: async () => ({ NCPU }) } as unknown as Dockerode;
  const sandbox = {
    start: () => Promise.reject(new Error('it is measured')),
  };
  const context = { docker, sandbox } as unknown as MeasureContext;
  const settings = newSettings({}, { seed: 0, platform: '' });
  const measure = await cpuDimension.prepare(context, settings);
  const refused: string[] = [];
  for (const { name } of cpuDimension.measurements(settings)) {
    await measure(name, context).catch((error: { code?: string }) => {
      if (error.code === 'cpus-too-few') refused.push(name);
    });
  }
  expect(refused).toEqual(left);
});
