/** The startup test: starts recorded on a fresh image, with a cold page cache, and warm. */

import { DitError, EXIT } from '../../base/errors.js';
import { type Foreign, quoting } from '../../base/foreign.js';
import { BUILTIN_IMAGE } from '../../engine/builtin-image.js';
import type { MeasureContext } from '../../measure/context.js';
import { dropPageCache } from '../../measure/files/page-cache.js';
import { makeFreshImage } from '../../measure/fresh-image.js';
import { measureStart } from '../../measure/start.js';
import { type ContainerRun, milestone } from '../../model/trace/trace.js';
import { defineCheck } from '../contract/check.js';
import { type Freshness, judgeStartup, type Start, type StartupFacts } from './judge.js';
import { startupText } from './text.js';

export const startupCheck = defineCheck({
  name: 'startup',
  measure,
  judge: judgeStartup,
  text: startupText,
});

const COLD_STARTS = 3;
const WARM_STARTS = 5;

async function measure(context: MeasureContext): Promise<StartupFacts> {
  const { say, pullNs: pulledNs } = context;
  say('first run of a fresh image');
  const freshImage = pulledNs === undefined ? await makeFreshImage(context) : context.image;
  const first = await recordStart(context, freshImage);
  const colds = await recordCold(context);
  const warm = await recordWarm(context);
  return { pulledNs, first, freshness: freshnessOf(context), ...colds, warm };
}

async function recordCold(
  context: MeasureContext,
): Promise<Pick<StartupFacts, 'cold' | 'notCold'>> {
  const { seesKernel, signal, say } = context;
  const cold: Start[] = [];
  if (!seesKernel) return { cold, notCold: { kind: 'out of reach' } };
  for (let n = 1; n <= COLD_STARTS; n++) {
    signal.throwIfAborted();
    say(`page-cache-cold start ${n} of ${COLD_STARTS}: dropping the caches of the whole machine`);
    try {
      await dropPageCache(signal);
      cold.push(await recordStart(context, context.image));
    } catch (error) {
      if (!(error instanceof DitError && error.code === 'cache-kept')) throw error;
      return { cold, notCold: { kind: 'refused', why: error.message } };
    }
  }
  return { cold, notCold: undefined };
}

async function recordWarm(context: MeasureContext): Promise<Start[]> {
  const { signal, say } = context;
  say('warming up');
  await recordStart(context, context.image);
  const warm: Start[] = [];
  for (let n = 1; n <= WARM_STARTS; n++) {
    signal.throwIfAborted();
    say(`warm start ${n} of ${WARM_STARTS}`);
    warm.push(await recordStart(context, context.image));
  }
  return warm;
}

/** Starts and ends at once: what is measured is the way to the entrypoint. @throws DitError */
async function recordStart(context: MeasureContext, image: string): Promise<Start> {
  const { trace, run } = await context.record({ Image: image, Entrypoint: ['true'], Cmd: [] });
  const measured = measureStart(run);
  if (measured !== undefined) return { ...measured, trace, run };
  const why = run.failure || absence(run);
  throw new DitError({
    code: 'start-incomplete',
    exitCode: EXIT.engine,
    message: quoting`a start of image '${image}' does not reach its entrypoint: ${why}`,
    remedy: `look at a start of it: dit trace run ${image} true`,
  });
}

const absence = (run: ContainerRun): Foreign =>
  milestone(run, 'entrypoint exec') === undefined
    ? (run.absent.find(({ name }) => name === 'entrypoint exec')?.reason ?? 'it is not known why')
    : 'its request was not recorded';

/** Why there is no start right after a pull. */
function freshnessOf({ image, pullNs }: MeasureContext): Freshness {
  if (pullNs !== undefined) return 'pulled image';
  return image === BUILTIN_IMAGE ? 'new image' : 'new layer';
}
