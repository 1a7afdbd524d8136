/** Starts of a container, recorded: warm, with a cold page cache, and the first of a new image. */

import { DitError, EXIT } from '../../base/errors.js';
import { quoting } from '../../base/foreign.js';
import { NS_PER_MS } from '../../base/time.js';
import type { MeasureContext } from '../../measure/context.js';
import { dropPageCache } from '../../measure/files/page-cache.js';
import { makeFreshImage } from '../../measure/fresh-image.js';
import { namespaceCalls } from '../../measure/namespaces.js';
import { measureStart } from '../../measure/start.js';
import { PHASES } from '../../model/trace/totals.js';
import { type Dimension, imageLabel, type Measure, type Reading } from '../contract/dimension.js';
import type { MeasurementPlan } from '../contract/plan.js';
import type { BenchSettings } from '../contract/settings.js';

const PHASE_TIMES = 'startup-phases';
const TEARDOWN = 'teardown';
const NAMESPACES = 'startup-namespaces';

type Mode = 'warm' | 'cold' | 'first';

export const startupDimension: Dimension = {
  name: 'startup',
  measures:
    "from the create request to the entrypoint's exec, recorded. warm: the image was started a moment ago; " +
    "cold: the machine's page cache was dropped; first: the image was made a moment ago, as after a pull. " +
    'Also: its phases, the time in which the runtime makes namespaces, and the teardown after the exit',
  finer: {
    [PHASE_TIMES]: { unit: 'ms', better: 'lower' },
    [NAMESPACES]: { unit: 'ms', better: 'lower' },
    [TEARDOWN]: { unit: 'ms', better: 'lower' },
  },
  measurements: (settings) => [
    plan('warm', settings, settings.iterations, 2500),
    plan('cold', settings, settings.coldStarts, 6000),
    plan('first', settings, settings.coldStarts, 3000),
  ],
  prepare: async (_context, settings) => (measurement, context) =>
    measure(measurement, context, imageLabel(settings)),
};

function plan(
  mode: Mode,
  settings: BenchSettings,
  iterations: number,
  guessMs: number,
): MeasurementPlan {
  const group = `${imageLabel(settings)}/${mode}`;
  return {
    name: `startup/${mode}`,
    dimension: 'startup',
    iterations,
    guessMs,
    gives: [
      { dimension: 'startup', group },
      ...PHASES.map((phase) => ({ dimension: PHASE_TIMES, group: `${group}/${phase}` })),
      { dimension: NAMESPACES, group },
      { dimension: TEARDOWN, group },
    ],
  };
}

const measure = async (
  measurement: string,
  context: MeasureContext,
  label: string,
): ReturnType<Measure> => {
  const { image, seesKernel } = context;
  const start = (of: string) =>
    context.record({ Image: of, Entrypoint: ['true'], Cmd: [], HostConfig: {} });
  const warmUp = () => context.sandbox.run({ Image: image, Cmd: ['true'] });
  const mode = measurement.slice('startup/'.length) as Mode;
  const group = `${label}/${mode}`;
  switch (mode) {
    case 'warm':
      await warmUp();
      return readingsOf(await start(image), group);
    case 'first':
      return readingsOf(await start(await makeFreshImage(context)), group);
    case 'cold': {
      if (!seesKernel) throw cacheOutOfReach();
      await dropPageCache(context.signal);
      const readings = readingsOf(await start(image), group);
      // What is measured next shall not pay for the programs that were dropped.
      await warmUp();
      return readings;
    }
  }
};

function readingsOf(
  { trace, run }: Awaited<ReturnType<MeasureContext['record']>>,
  group: string,
): Reading[] {
  const start = measureStart(run);
  if (start === undefined) {
    throw new DitError({
      code: 'start-incomplete',
      exitCode: EXIT.engine,
      message: quoting`a start does not reach its entrypoint: ${run.failure || 'it is not known why'}`,
      remedy: 'record a start and see why: dit trace run',
    });
  }
  const { totalNs, to, phases, teardownNs } = start;
  const reading = (dimension: string, name: string, ns: number): Reading => ({
    dimension,
    group: name,
    value: ns / NS_PER_MS,
  });
  // The engine's responses show neither phases nor namespaces.
  const seesInside = to !== 'start answered';
  return [
    reading('startup', group, totalNs),
    ...(seesInside
      ? phases.map(({ phase, ns }) => reading(PHASE_TIMES, `${group}/${phase}`, ns))
      : []),
    ...(seesInside
      ? [reading(NAMESPACES, group, sum(namespaceCalls(trace, run).map(({ ns }) => ns)))]
      : []),
    ...(teardownNs === undefined ? [] : [reading(TEARDOWN, group, teardownNs)]),
  ];
}

const sum = (values: readonly number[]): number => values.reduce((total, each) => total + each, 0);

const cacheOutOfReach = (): DitError =>
  new DitError({
    code: 'cache-kept',
    exitCode: EXIT.unavailable,
    message: 'the page cache is not on this machine, or this user may not drop it',
    remedy: "run it as root on the engine's machine",
  });
