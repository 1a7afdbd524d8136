/** The words of the cpu test. */

import { percent } from '../../base/count.js';
import { quoting } from '../../base/foreign.js';
import type { QuotaMeasurement, WeightMeasurement } from '../../measure/cpu.js';
import type { CpuSource } from '../../measure/cpu-share.js';
import type { Figure } from '../../model/checks/check.js';
import type { CheckFindingText, CheckText, ReasonText } from '../contract/check.js';
import {
  type CpuFacts,
  type CpuFinding,
  type CpuProblem,
  type CpuReason,
  pointsOff,
  type QuotaKept,
  ratio,
  THRESHOLDS,
  WEIGHTS,
  type WeightsKept,
} from './judge.js';

const { mostPoints, usedUpShare, weightsWarn, weightsFail } = THRESHOLDS;

export const cpuText: CheckText<CpuFacts, CpuReason, CpuFinding> = {
  shows: 'how much CPU containers get: by quota, by weight where they compete, by CPU set',
  thresholds:
    `fail: a share of more than ${mostPoints} percentage point over its quota, or as much under it although the quota was used up in ${percent(usedUpShare)} of the periods; ` +
    `a share between two competing containers that is ${percent(weightsFail)} off their weights; a process that may run on other CPUs than its set; ` +
    `warn: a share under its quota because the machine had no CPU left, twice; a share ${percent(weightsWarn)} off the weights`,
  reason: reasonText,
  finding: findingText,
  figures: ({ quotas, weights }) => [...quotas.flatMap(quotaFigures), ...weightFigures(weights)],
  evidence: ({ quotas, weights }) => [
    ...quotas.flatMap(({ limit, evidence }) => evidence.map((line) => `${limit} CPUs: ${line}`)),
    ...weights.evidence,
  ],
};

function reasonText(reason: CpuReason): ReasonText {
  if (reason.kind === 'problem') {
    const { worst, others } = reason;
    const { reason: what, remedy } = problemText(worst);
    return { reason: quoting`${what}${others === 0 ? '' : `; and ${others} more`}`, remedy };
  }
  const { limits, worstPoints } = reason;
  return {
    reason: `the shares at ${limits.join(', ')} CPUs are within ${worstPoints.toFixed(2)} points of their quotas; ${weightsText(reason)}; the CPU set is kept`,
    remedy: '',
  };
}

const AGAIN = 'run it again while the machine does less: dit test cpu';

function problemText(problem: CpuProblem): ReasonText {
  switch (problem.kind) {
    case 'starved':
      return {
        reason: `${gotText(problem)}, and used its quota up in only ${problem.throttledPeriods} of ${problem.periods} periods: the machine had no more CPU to give`,
        remedy: AGAIN,
      };
    case 'quota missed': {
      const points = pointsOff(problem);
      return {
        reason: `${gotText(problem)}: ${Math.abs(points).toFixed(1)} points ${points > 0 ? 'more' : 'less'} than its quota`,
        remedy:
          "compare cpu.max or cpu.cfs_quota_us of the container's cgroup with what was asked for",
      };
    }
    case 'weights off':
      return {
        reason: `${weightsText(problem)}, which is ${percent(problem.off)} off`,
        remedy: AGAIN,
      };
    case 'other CPUs':
      return {
        reason: `a container with the CPU set ${problem.cpu} may run on the CPUs ${problem.allowed}`,
        remedy: 'check that the cpuset controller is on: cat /proc/cgroups',
      };
  }
}

const gotText = ({ limit, share }: QuotaKept): string =>
  `at ${limit} CPUs a container gets ${percent(share, 1)} of one`;

const weightsText = ({ weights, shares }: WeightsKept): string =>
  `two containers of weights ${weights.join(':')} share one CPU ${percent(shares[0], 1)} to ${percent(shares[1], 1)}, ${ratio(shares).toFixed(2)}:1`;

function findingText(finding: CpuFinding): CheckFindingText {
  switch (finding.id) {
    case 'too-few-cpus':
      return {
        title: `a quota of ${finding.limits.join(' and ')} CPUs limits nothing on a machine of ${finding.cpuCount}: left out`,
        remedy: 'run it on a machine with more CPUs',
      };
    case 'weights-translated':
      return {
        title: `the runtime made of --cpu-shares ${WEIGHTS.join(':')} the kernel's weights ${finding.weights.join(':')}`,
        remedy: 'choose shares by the weights that the kernel gets: cat cpu.weight',
      };
  }
}

const SOURCES: Readonly<Record<CpuSource, string>> = {
  'cgroup v1': "cpuacct.usage and cpu.stat of the container's cgroup",
  'cgroup v2': "cpu.stat of the container's cgroup",
  'engine statistics': "the engine's statistics of the container",
};

function quotaFigures(measured: QuotaMeasurement): Figure[] {
  const { limit, share, periods, throttledPeriods, throttledNs, certainty } = measured;
  const source = SOURCES[measured.source];
  const common = { source, certainty, group: `quota of ${limit} CPUs` };
  return [
    { ...common, name: 'share of one CPU', value: share * 100, unit: '%' },
    { ...common, name: 'deviation, percentage points', value: pointsOff(measured), unit: '%' },
    { ...common, name: 'periods', value: periods, unit: 'count' },
    { ...common, name: 'throttled periods', value: throttledPeriods, unit: 'count' },
    { ...common, name: 'throttled time, all CPUs', value: throttledNs, unit: 'ns' },
  ];
}

function weightFigures({ weights, shares, source, certainty }: WeightMeasurement): Figure[] {
  const common = {
    source: SOURCES[source],
    certainty,
    unit: '%' as const,
    group: 'competing for one CPU',
  };
  return weights.map((weight, index) => ({
    ...common,
    name: `share at weight ${weight}`,
    value: (shares[index] ?? 0) * 100,
  }));
}
