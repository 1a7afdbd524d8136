/** The start of a container, from the request to its entrypoint: first, with a cold page cache, and warm. */

import { DitError, EXIT } from '../../base/errors.js';
import { type Foreign, quoting } from '../../base/foreign.js';
import { NS_PER_MS } from '../../base/time.js';
import { BUILTIN_IMAGE } from '../../engine/builtin-image.js';
import type { MeasureContext } from '../../measure/context.js';
import { dropPageCache } from '../../measure/files/page-cache.js';
import { makeFreshImage } from '../../measure/fresh-image.js';
import { measureStart, middleStart, type StartMeasure } from '../../measure/start.js';
import type { CheckFinding, CheckResult, Figure, Verdict } from '../../model/checks/check.js';
import { type ContainerRun, milestone, type Trace } from '../../model/trace/trace.js';
import { median } from '../../stats/summary.js';
import type { Check } from '../contract/check.js';

const COLD_STARTS = 3;
const WARM_STARTS = 5;

/**
 * An idle machine of two CPUs shows 20 to 33 %: an engine has more threads than that. More means that others
 * compete, and that the figures tell of them.
 */
const MAX_SCHEDULING_SHARE = 0.4;
/** The rules cover every syscall of a start: more that no rule knows hides where the time goes. */
const MAX_UNATTRIBUTED_SHARE = 0.01;
/** A warm start reads nothing: 4 to 9 % is the root's mount and a few syncs. More is a slow or busy disk. */
const MAX_STORAGE_SHARE = 0.4;
/** Warm starts that differ by more than this have no typical length. */
const MAX_SPREAD = 3;

export interface Start extends StartMeasure {
  readonly trace: Trace;
  readonly run: ContainerRun;
}

export const startupCheck: Check = {
  name: 'startup',
  shows:
    'how long a container takes from the request to its entrypoint, and where that time goes: in programs, the kernel, or storage',
  thresholds: `fails when a start does not reach its entrypoint; warns when, of the middle warm start, more than ${percent(MAX_SCHEDULING_SHARE)} is waiting for a CPU, more than ${percent(MAX_STORAGE_SHARE)} is storage or more than ${percent(MAX_UNATTRIBUTED_SHARE)} has no explanation, when the slowest warm start takes ${MAX_SPREAD} times the middle one, or when recording slowed what it measured`,
  run: checkStartup,
};

async function checkStartup(context: MeasureContext): Promise<CheckResult> {
  const { signal, say, pullNs: pulled } = context;
  say('first run of a fresh image');
  const freshImage = pulled === undefined ? await makeFreshImage(context) : context.image;
  const first = await recordStart(context, freshImage);

  const cold: Start[] = [];
  let notCold = context.seesKernel
    ? ''
    : 'the page cache is not on this machine, or not dit’s to drop';
  for (let n = 1; n <= COLD_STARTS && notCold === ''; n++) {
    signal.throwIfAborted();
    say(`page-cache-cold start ${n} of ${COLD_STARTS}: dropping the caches of the whole machine`);
    try {
      await dropPageCache(signal);
      cold.push(await recordStart(context, context.image));
    } catch (error) {
      if (!(error instanceof DitError && error.code === 'cache-kept')) throw error;
      notCold = error.message;
    }
  }

  say('warming up');
  await recordStart(context, context.image);
  const warm: Start[] = [];
  for (let n = 1; n <= WARM_STARTS; n++) {
    signal.throwIfAborted();
    say(`warm start ${n} of ${WARM_STARTS}`);
    warm.push(await recordStart(context, context.image));
  }
  return startupResult({ pulled, first, cold, notCold, warm, fresh: freshOf(context) });
}

export interface Starts {
  /** Of the pull, ns; undefined: the image was there. */
  readonly pulled: number | undefined;
  readonly first: Start;
  /** What the first run is the first of, in words. */
  readonly fresh: string;
  readonly cold: readonly Start[];
  /** Why there are none of them; ''. */
  readonly notCold: string;
  /** At least one. */
  readonly warm: readonly Start[];
}

/** Pure. */
export function startupResult(starts: Starts): CheckResult {
  const { pulled, first, cold, warm } = starts;
  const middle = middleStart(warm) as Start;
  const { header } = middle.trace.recording;
  const source = quoting`recording by ${header.source.name}: create request to ${middle.to}`;
  const ms = (
    name: string,
    start: StartMeasure,
    group: string,
    kind?: 'typical' | 'low' | 'high',
  ): Figure => ({
    name,
    value: start.totalNs / NS_PER_MS,
    unit: 'ms',
    source,
    certainty: start.certainty,
    group,
    ...(kind === undefined ? {} : { part: { kind, of: 'warm' } }),
  });
  const slowest = warm.reduce((a, b) => (b.totalNs > a.totalNs ? b : a));
  const fastest = warm.reduce((a, b) => (b.totalNs < a.totalNs ? b : a));
  const middleCold = middleStart(cold);
  const figures: Figure[] = [
    ...(pulled === undefined ? [] : [pullFigure(pulled)]),
    ms('first run', first, 'start'),
    ...(middleCold === undefined
      ? []
      : [ms(`page cache cold, middle of ${cold.length}`, middleCold, 'start')]),
    ms(`warm, middle of ${warm.length}`, middle, 'start', 'typical'),
    ms('warm, fastest', fastest, 'start', 'low'),
    ms('warm, slowest', slowest, 'start', 'high'),
    ...teardownFigures(warm, header.source.name),
    ...phaseFigures('warm start by phase', middle),
    ...(middleCold === undefined ? [] : phaseFigures('cold start by phase', middleCold)),
    ...phaseFigures('first run by phase', first),
    ...shareFigures(middle),
  ];
  return {
    ...judgeStarts(middle, slowest.totalNs),
    figures,
    findings: middle.run.findings.map((finding): CheckFinding => {
      const { id, title, advice, ns } = finding;
      return { severity: ns > middle.totalNs / 4 ? 'medium' : 'low', id, title, remedy: advice };
    }),
    evidence: [
      `first run: ${starts.fresh}`,
      cold.length > 0
        ? 'cold: sync, then 3 into /proc/sys/vm/drop_caches, which empties the caches of the whole machine'
        : `cold: not measured: ${starts.notCold}`,
      ...milestoneLines(middle.run),
      ...warningLines([first, ...cold, ...warm, middle]),
    ],
  };
}

/** The API alone sees no phases. */
const seesPhases = ({ to }: StartMeasure): boolean => to !== 'start answered';

function judgeStarts(
  middle: Start,
  slowestNs: number,
): { verdict: Verdict; reason: Foreign; remedy: string } {
  const took = `${(middle.totalNs / NS_PER_MS).toFixed(1)} ms from the create request to ${middle.to === 'entrypoint exec' ? "the entrypoint's exec" : middle.to}, warm`;
  const share = (ns: number): number => ns / middle.totalNs;
  const of = (phase: string): number =>
    share(middle.phases.find((each) => each.phase === phase)?.ns ?? 0);
  const warn = (reason: Foreign, remedy: string) => ({
    verdict: 'warn' as const,
    reason: quoting`${took}; ${reason}`,
    remedy,
  });
  const { perturbed, perturbation } = middle.trace.recording.header.source;
  if (perturbed) {
    return warn(
      quoting`recording slowed it: ${perturbation}`,
      'use eBPF; see what it needs: dit doctor',
    );
  }
  if (seesPhases(middle)) {
    if (of('unattributed') > MAX_UNATTRIBUTED_SHARE) {
      return warn(
        `${percent(of('unattributed'))} of it has no explanation, more than ${percent(MAX_UNATTRIBUTED_SHARE)}`,
        'record a start and look: dit trace run, dit trace explain',
      );
    }
    if (share(middle.schedulingDelayNs) > MAX_SCHEDULING_SHARE) {
      return warn(
        `${percent(share(middle.schedulingDelayNs))} of it was waiting for a CPU, more than ${percent(MAX_SCHEDULING_SHARE)}`,
        'measure on an idle machine; in production give the engine CPUs of its own',
      );
    }
    if (of('storage') > MAX_STORAGE_SHARE) {
      return warn(
        `${percent(of('storage'))} of it was storage, more than ${percent(MAX_STORAGE_SHARE)}`,
        "look at the disk below the engine's data root: iostat -x 1",
      );
    }
  }
  if (slowestNs > MAX_SPREAD * middle.totalNs) {
    return warn(
      `the slowest took ${(slowestNs / middle.totalNs).toFixed(1)} times as long, more than ${MAX_SPREAD}`,
      'measure on an idle machine, and more often: dit bench startup',
    );
  }
  return { verdict: 'pass', reason: took, remedy: '' };
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(1))} %`;
}

const pullFigure = (ns: number): Figure => ({
  name: 'pull',
  value: ns / NS_PER_MS,
  unit: 'ms',
  source: "the pull request to the engine's answer, dit's clock",
  certainty: 'exact',
  group: 'start',
});

function teardownFigures(warm: readonly Start[], source: Foreign): Figure[] {
  const lengths = warm.flatMap(({ teardownNs }) => teardownNs ?? []);
  if (lengths.length === 0) return [];
  return [
    {
      name: `teardown, median of ${lengths.length}`,
      value: median(lengths) / NS_PER_MS,
      unit: 'ms',
      source: quoting`recording by ${source}: exit of the container to the answer to its removal`,
      certainty: source === 'api' ? 'inferred' : 'exact',
      group: 'teardown',
    },
  ];
}

function phaseFigures(group: string, start: Start): Figure[] {
  if (!seesPhases(start)) return [];
  return start.phases.map(({ phase, ns, certainty }) => ({
    name: phase,
    value: ns / NS_PER_MS,
    unit: 'ms',
    source: 'critical path of the recording',
    certainty,
    group,
    part: { kind: 'phase', phase },
  }));
}

function shareFigures(start: Start): Figure[] {
  if (!seesPhases(start)) return [];
  return [
    { name: 'waiting for a CPU', ns: start.schedulingDelayNs },
    { name: 'inferred, not measured whole', ns: start.inferredNs },
  ].map(({ name, ns }) => ({
    name,
    value: (100 * ns) / start.totalNs,
    unit: '%',
    source: 'critical path of the recording',
    certainty: 'exact',
    group: 'shares of the warm start',
  }));
}

function milestoneLines(run: ContainerRun): Foreign[] {
  const from = run.window?.start ?? 0;
  return run.milestones.map(
    ({ name, time, certainty, evidence }) =>
      quoting`${((time - from) / NS_PER_MS).toFixed(3).padStart(9)} ms  ${name}: ${evidence.text}${certainty === 'inferred' ? ' (inferred)' : ''}`,
  );
}

/** One of each kind: a share that is inferred differs from start to start. */
function warningLines(starts: readonly Start[]): Foreign[] {
  const byCode = new Map(
    starts.flatMap(({ trace }) => trace.warnings).map((each) => [each.code, each]),
  );
  return [...byCode.values()].map(({ message }) => quoting`warning: ${message}`);
}

/** Starts and ends at once: what is measured is the way to the entrypoint. @throws DitError */
async function recordStart(context: MeasureContext, image: string): Promise<Start> {
  const { trace, run } = await context.record({ Image: image, Entrypoint: ['true'], Cmd: [] });
  const measure = measureStart(run);
  if (measure !== undefined) return { ...measure, trace, run };
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

/** Why there is no start right after a pull, in words. */
function freshOf({ image, pullNs }: MeasureContext): string {
  if (pullNs !== undefined) return 'the first start of the image that was just pulled';
  return image === BUILTIN_IMAGE
    ? 'of an image whose layer, with its programs, was just made; as after a pull they are in the page cache'
    : 'of an image with a new layer on top; the layers below it may have been used before';
}
