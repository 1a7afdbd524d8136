/** A small benchmark that was not measured: a head of a journal, and lines to follow it. */

import { makePlan } from '../../src/bench/contract/plan.js';
import { newSettings } from '../../src/bench/contract/settings.js';
import { type JournalHead, journalHead, type StepLine } from '../../src/bench/journal.js';

export const HEAD: JournalHead = journalHead({
  settings: newSettings(
    { dimensions: ['startup', 'network'], iterations: 2, seed: 3, platform: 'lab' },
    { seed: 0, platform: '' },
  ),
  environment: { host: { kernel: '6.1' }, engine: { version: '28.5' } },
  measurements: [
    {
      name: 'startup/warm',
      dimension: 'startup',
      iterations: 2,
      guessMs: 1000,
      gives: [
        { dimension: 'startup', group: 'busybox/warm' },
        { dimension: 'teardown', group: 'busybox/warm' },
      ],
    },
    {
      name: 'network/host',
      dimension: 'network',
      iterations: 2,
      guessMs: 4000,
      gives: [{ dimension: 'network', group: 'host' }],
    },
  ],
  facts: {
    startup: { unit: 'ms', better: 'lower' },
    teardown: { unit: 'ms', better: 'lower' },
    network: { unit: 'ms', better: 'lower' },
  },
  started: '2026-01-01T00:00:00.000Z',
});

export const PLAN = makePlan(HEAD.measurements, HEAD.settings.seed);

/** @param place in the plan */
export function measuredStep(place: number, value = place + 0.5): StepLine {
  const { measurement, iteration } = PLAN[place] as (typeof PLAN)[number];
  const gives = HEAD.measurements.find(({ name }) => name === measurement)?.gives ?? [];
  return {
    place,
    measurement,
    iteration,
    at: 1_767_225_600_000 + 1000 * place,
    ms: 900,
    readings: gives.map((given) => ({ ...given, value })),
  };
}

export function failedStep(place: number, failure: string): StepLine {
  return { ...measuredStep(place), readings: [], failure };
}
