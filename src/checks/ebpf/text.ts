/** The words of the ebpf test. */

import { largest, sumOf } from '../../measure/call-counts.js';
import type { Figure } from '../../model/checks/check.js';
import type { Certainty } from '../../model/trace/certainty.js';
import type { CheckText, ReasonText } from '../contract/check.js';
import { COST_BYTES, costOf, type EbpfFacts, type EbpfReason, THRESHOLDS } from './judge.js';

const TOP = 10;

export const ebpfText: CheckText<EbpfFacts, EbpfReason, never> = {
  shows:
    'which syscalls a container makes and how many per second, counted by the kernel itself for each container, and what the counting costs the container',
  thresholds: `fails if the count differs from the known number of calls of either of two containers that run at once; warns if counting costs more than ${THRESHOLDS.mostNsPerCall} ns per call, or if the kernel skipped calls`,
  reason: reasonText,
  finding: (finding) => finding,
  figures: figuresOf,
  evidence: ({ cgroups }) => [
    'counted by tp_btf/sys_enter for the tasks of these cgroups (/proc/PID/cgroup):',
    ...cgroups.map((line, at) => `${at === 0 ? 'busy' : 'quiet'} container: ${line}`),
  ],
};

function reasonText(reason: EbpfReason): ReasonText {
  switch (reason.kind) {
    case 'kernel out of reach':
      return {
        reason: 'BPF programs count on the machine where the containers run, and need root',
        remedy: "run it on the engine's own machine, as root",
      };
    case 'miscounted': {
      const counts = reason.wrong.map(
        ({ container, call, made, counted }) =>
          `${counted} of ${made} calls of ${call} in the ${container} container`,
      );
      return {
        reason: `counted ${counts.join(', ')}`,
        remedy:
          reason.missed > 0
            ? 'use a newer kernel: this one skips a program that is already running on that CPU'
            : 'run it again: something else may have been executed in the containers',
      };
    }
    case 'passed over':
      return {
        reason: `${exactText(reason.nsPerCall)}; the kernel skipped ${reason.missed} calls of the machine, which may be theirs`,
        remedy: 'take the counts as lower bounds',
      };
    case 'dear':
      return {
        reason: `${exactText(reason.nsPerCall)}, more than ${THRESHOLDS.mostNsPerCall}`,
        remedy: 'count only for a short time, and on an idle machine',
      };
    case 'exact':
      return { reason: exactText(reason.nsPerCall), remedy: '' };
  }
}

const exactText = (nsPerCall: number): string =>
  `the count is exact in both containers; counting costs ${nsPerCall.toFixed(0)} ns per call`;

const SOURCE = 'BPF program at sys_enter, counts by cgroup';

function figuresOf(facts: EbpfFacts): Figure[] {
  const { known, mixed, mixedSeconds, missed } = facts;
  const certainty: Certainty = missed > 0 ? 'inferred' : 'exact';
  const counted = { source: SOURCE, certainty };
  const calls = sumOf(mixed);
  return [
    ...known.map(
      ({ container, call, made, counted: value }): Figure => ({
        name: `${container} container, ${call}: ${made} made`,
        value,
        unit: 'count',
        ...counted,
        group: 'known calls of two containers at once',
      }),
    ),
    { name: 'calls of mixed work', value: calls, unit: 'count', ...counted, group: 'mixed work' },
    {
      name: 'rate',
      value: calls / mixedSeconds,
      unit: 'calls/s',
      source: `${SOURCE}, by dit's clock`,
      certainty,
      group: 'mixed work',
    },
    ...largest(mixed, TOP).map(
      ([name, value]): Figure => ({
        name,
        value,
        unit: 'count',
        ...counted,
        group: `mixed work, the ${TOP} most frequent`,
      }),
    ),
    ...costFigures(facts),
  ];
}

function costFigures(facts: EbpfFacts): Figure[] {
  const { withoutMs, countingMs, nsPerCall } = costOf(facts);
  const source = `${COST_BYTES} reads and as many writes of a byte by dd: CPU time of the container's cgroup, median of ${facts.rounds.length} by turns`;
  const cost = (name: string, value: number, unit: Figure['unit']): Figure => ({
    name,
    value,
    unit,
    source,
    certainty: 'exact',
    group: 'cost of counting',
  });
  return [
    cost('CPU time without the probe', withoutMs, 'ms'),
    cost('CPU time while it counts', countingMs, 'ms'),
    cost('more', (100 * (countingMs - withoutMs)) / withoutMs, '%'),
    cost('more per call', nsPerCall, 'ns'),
  ];
}
