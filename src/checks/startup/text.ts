/** The words of the startup test. */

import { type Foreign, quoting } from '../../base/foreign.js';
import { NS_PER_MS } from '../../base/time.js';
import { middleStart, type StartMeasure } from '../../measure/start.js';
import type { Figure } from '../../model/checks/check.js';
import type { ContainerRun } from '../../model/trace/trace.js';
import { median } from '../../stats/summary.js';
import { findingText } from '../../words/findings/finding-text.js';
import type { CheckText, ReasonText } from '../contract/check.js';
import {
  type Freshness,
  fastestOf,
  middleWarm,
  type NotCold,
  type Start,
  type StartupFacts,
  type StartupFinding,
  type StartupReason,
  seesPhases,
  slowestOf,
  THRESHOLDS,
  type Took,
} from './judge.js';

const percent = (share: number): string => `${Number((share * 100).toFixed(1))} %`;

const { mostSchedulingShare, mostStorageShare, mostUnattributedShare, mostSpread } = THRESHOLDS;

export const startupText: CheckText<StartupFacts, StartupReason, StartupFinding> = {
  shows:
    'how long a container takes from the request to its entrypoint, and where that time goes: in programs, the kernel, or storage',
  thresholds: `fails if a start does not reach its entrypoint; warns if, of the middle warm start, more than ${percent(mostSchedulingShare)} is waiting for a CPU, more than ${percent(mostStorageShare)} is storage or more than ${percent(mostUnattributedShare)} has no explanation, if the slowest warm start takes more than ${mostSpread} times as long as the middle one, or if recording slowed what it measured`,
  reason: reasonText,
  finding: ({ found }) => {
    const { title, remedy } = findingText(found);
    return { title, remedy };
  },
  figures: figuresOf,
  evidence: evidenceOf,
};

function reasonText(reason: StartupReason): ReasonText {
  const took = tookText(reason.took);
  switch (reason.kind) {
    case 'perturbed':
      return {
        reason: quoting`${took}; recording slowed it: ${reason.perturbation}`,
        remedy: 'use eBPF; see what it needs: dit doctor',
      };
    case 'unattributed':
      return {
        reason: `${took}; ${percent(reason.share)} of it has no explanation, more than ${percent(mostUnattributedShare)}`,
        remedy: 'record a start and look: dit trace run, dit trace explain',
      };
    case 'scheduling':
      return {
        reason: `${took}; ${percent(reason.share)} of it was waiting for a CPU, more than ${percent(mostSchedulingShare)}`,
        remedy: 'measure on an idle machine; in production give the engine CPUs of its own',
      };
    case 'storage':
      return {
        reason: `${took}; ${percent(reason.share)} of it was storage, more than ${percent(mostStorageShare)}`,
        remedy: "look at the disk below the engine's data root: iostat -x 1",
      };
    case 'spread':
      return {
        reason: `${took}; the slowest took ${reason.times.toFixed(1)} times as long, more than ${mostSpread}`,
        remedy: 'measure on an idle machine, and more often: dit bench startup',
      };
    case 'typical':
      return { reason: took, remedy: '' };
  }
}

function tookText({ totalNs, to }: Took): string {
  const end = to === 'entrypoint exec' ? "the entrypoint's exec" : to;
  return `${(totalNs / NS_PER_MS).toFixed(1)} ms from the create request to ${end}, warm`;
}

function figuresOf(facts: StartupFacts): Figure[] {
  const { first, cold, warm } = facts;
  const middle = middleWarm(facts);
  const middleCold = middleStart(cold);
  return [
    ...startFigures(facts),
    ...teardownFigures(warm, middle.trace.recording.header.source.name),
    ...phaseFigures('warm start by phase', middle),
    ...(middleCold === undefined ? [] : phaseFigures('cold start by phase', middleCold)),
    ...phaseFigures('first run by phase', first),
    ...shareFigures(middle),
  ];
}

function startFigures(facts: StartupFacts): Figure[] {
  const { pulledNs, first, cold, warm } = facts;
  const middle = middleWarm(facts);
  const recorder = middle.trace.recording.header.source.name;
  const source = quoting`recording by ${recorder}: create request to ${middle.to}`;
  const figure = (
    name: string,
    { totalNs, certainty }: StartMeasure,
    kind?: 'typical' | 'low' | 'high',
  ): Figure => ({
    name,
    value: totalNs / NS_PER_MS,
    unit: 'ms',
    source,
    certainty,
    group: 'start',
    ...(kind === undefined ? {} : { part: { kind, of: 'warm' } }),
  });
  const middleCold = middleStart(cold);
  return [
    ...(pulledNs === undefined ? [] : [pullFigure(pulledNs)]),
    figure('first run', first),
    ...(middleCold === undefined
      ? []
      : [figure(`page cache cold, middle of ${cold.length}`, middleCold)]),
    figure(`warm, middle of ${warm.length}`, middle, 'typical'),
    figure('warm, fastest', fastestOf(warm), 'low'),
    figure('warm, slowest', slowestOf(warm), 'high'),
  ];
}

const pullFigure = (ns: number): Figure => ({
  name: 'pull',
  value: ns / NS_PER_MS,
  unit: 'ms',
  source: "the pull request to the engine's response, dit's clock",
  certainty: 'exact',
  group: 'start',
});

function teardownFigures(warm: readonly Start[], recorder: Foreign): Figure[] {
  const lengths = warm.flatMap(({ teardownNs }) => teardownNs ?? []);
  if (lengths.length === 0) return [];
  return [
    {
      name: `teardown, median of ${lengths.length}`,
      value: median(lengths) / NS_PER_MS,
      unit: 'ms',
      source: quoting`recording by ${recorder}: exit of the container to the response to its removal`,
      certainty: recorder === 'api' ? 'inferred' : 'exact',
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

function evidenceOf(facts: StartupFacts): Foreign[] {
  const { first, freshness, cold, notCold, warm } = facts;
  const middle = middleWarm(facts);
  return [
    `first run: ${FRESH[freshness]}`,
    cold.length > 0
      ? 'cold: sync, then 3 into /proc/sys/vm/drop_caches, which empties the caches of the whole machine'
      : quoting`cold: not measured: ${notColdText(notCold)}`,
    ...milestoneLines(middle.run),
    ...warningLines([first, ...cold, ...warm, middle]),
  ];
}

const FRESH: Readonly<Record<Freshness, string>> = {
  'pulled image': 'the first start of the image that was just pulled',
  'new image':
    'of an image whose layer, with its programs, was just made; as after a pull they are in the page cache',
  'new layer': 'of an image with a new layer on top; the layers below it may have been used before',
};

function notColdText(notCold: NotCold | undefined): Foreign {
  switch (notCold?.kind) {
    case undefined:
      return '';
    case 'out of reach':
      return 'the page cache is not on this machine, or dit may not drop it';
    case 'refused':
      return notCold.why;
  }
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
