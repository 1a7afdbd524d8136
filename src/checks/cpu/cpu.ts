/** The cpu test: whether quotas, weights and CPU sets hold containers to what they were given. */
import { quoting } from '../../base/foreign.js';
import type { MeasureContext } from '../../measure/context.js';
import {
  allowedCpus,
  cpusOf,
  measureQuota,
  measureWeights,
  type QuotaMeasurement,
  type WeightMeasurement,
} from '../../measure/cpu.js';
import type { CheckFinding, CheckResult, Figure } from '../../model/checks/check.js';
import type { Check } from '../contract/check.js';

export const cpuCheck: Check = {
  name: 'cpu',
  shows: 'how much CPU containers get: by quota, by weight where they compete, by CPU set',
  thresholds:
    'fail: a share of more than 1 percentage point over its quota, or as much under it although the quota was used up in 95 % of the periods; ' +
    'a share between two competing containers that is 30 % off their weights; a process that may run on other CPUs than its set; ' +
    'warn: a share under its quota because the machine had no CPU left, twice; a share 10 % off the weights',
  run,
};

/** CPUs. */
const LIMITS = [0.1, 0.5, 1, 1.5];
const WEIGHTS = [1024, 512] as const;
const INTERVAL_MS = 5000;
const POINTS = 1;

async function run(context: MeasureContext): Promise<CheckResult> {
  const { docker, sandbox, image, seesKernel, signal, say } = context;
  const { NCPU } = (await docker.info()) as { NCPU: number };
  const common = { image, intervalMs: INTERVAL_MS, seesKernel, signal };
  const quotas: QuotaMeasurement[] = [];
  // Once it was short of CPU twice, trying twice again for more CPUs is in vain.
  let tries = 2;
  // A container that cannot want more than its quota shows nothing of it.
  for (const limit of LIMITS.filter((each) => each < NCPU)) {
    let measured: QuotaMeasurement | undefined;
    for (let left = tries; left > 0; left--) {
      signal.throwIfAborted();
      say(`a quota of ${limit} CPUs, ${INTERVAL_MS / 1000} s`);
      measured = await measureQuota(docker, sandbox, { ...common, limit });
      if (judgeQuota(measured).verdict === 'pass') break;
      if (left === 1 && measured.starved) tries = 1;
    }
    if (measured !== undefined) quotas.push(measured);
  }
  signal.throwIfAborted();
  say(`two containers of weights ${WEIGHTS.join(':')} on one CPU, ${INTERVAL_MS / 1000} s`);
  const cpu = await lastCpu(context);
  const weights = await measureWeights(docker, sandbox, { ...common, asked: WEIGHTS, cpu });
  return resultOf({ quotas, weights, cpu, cpuCount: NCPU });
}

/** Of those that containers here may use. */
async function lastCpu({ sandbox, image }: MeasureContext): Promise<number> {
  const container = await sandbox.start({
    Image: image,
    Cmd: ['sleep', '300'],
    HostConfig: { NetworkMode: 'none' },
  });
  const allowed = cpusOf(await allowedCpus(container));
  await container.remove();
  return allowed.at(-1) ?? 0;
}

type Judgement = Pick<CheckResult, 'verdict' | 'reason' | 'remedy'>;

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
/** Percentage points of one CPU. */
const deviation = ({ share, limit }: QuotaMeasurement): number => (share - limit) * 100;

export function judgeQuota(measured: QuotaMeasurement): Judgement {
  const { limit, share, starved, periods, throttledPeriods } = measured;
  const points = deviation(measured);
  const got = `at ${limit} CPUs a container gets ${percent(share)} of one`;
  if (Math.abs(points) <= POINTS) return { verdict: 'pass', reason: got, remedy: '' };
  if (points < 0 && starved) {
    return {
      verdict: 'warn',
      reason: `${got}, and used its quota up in only ${throttledPeriods} of ${periods} periods: the machine had no more CPU to give`,
      remedy: 'run it again while the machine does less: dit test cpu',
    };
  }
  return {
    verdict: 'fail',
    reason: `${got}: ${Math.abs(points).toFixed(1)} points ${points > 0 ? 'more' : 'less'} than its quota`,
    remedy: "compare cpu.max or cpu.cfs_quota_us of the container's cgroup with what was asked for",
  };
}

export function judgeWeights({ weights, shares }: WeightMeasurement): Judgement {
  const off = Math.abs(ratio(shares) / ratio(weights) - 1);
  const reason = `two containers of weights ${weights.join(':')} share one CPU ${percent(shares[0])} to ${percent(shares[1])}, ${ratio(shares).toFixed(2)}:1`;
  if (off <= 0.1) return { verdict: 'pass', reason, remedy: '' };
  return {
    verdict: off > 0.3 ? 'fail' : 'warn',
    reason: `${reason}, which is ${(off * 100).toFixed(0)} % off`,
    remedy: 'run it again while the machine does less: dit test cpu',
  };
}

const ratio = ([first, second]: readonly [number, number]): number => first / second;

export function judgeCpus(cpus: readonly string[], cpu: number): Judgement {
  const others = cpus.filter((list) => list !== '' && list !== String(cpu));
  if (others.length === 0)
    return { verdict: 'pass', reason: `a CPU set of ${cpu} is kept`, remedy: '' };
  return {
    verdict: 'fail',
    reason: `a container with the CPU set ${cpu} may run on the CPUs ${others[0]}`,
    remedy: 'is the cpuset controller on? cat /proc/cgroups',
  };
}

interface Measured {
  readonly quotas: readonly QuotaMeasurement[];
  readonly weights: WeightMeasurement;
  readonly cpu: number;
  readonly cpuCount: number;
}

function resultOf({ quotas, weights, cpu, cpuCount }: Measured): CheckResult {
  const judged = [...quotas.map(judgeQuota), judgeWeights(weights), judgeCpus(weights.cpus, cpu)];
  const bad = worstOf(judged);
  const worst = Math.max(...quotas.map((each) => Math.abs(deviation(each))));
  const good: Judgement = {
    verdict: 'pass',
    reason: quoting`the shares at ${quotas.map(({ limit }) => limit).join(', ')} CPUs are within ${worst.toFixed(2)} points of their quotas; ${judgeWeights(weights).reason}; the CPU set is kept`,
    remedy: '',
  };
  return {
    ...(bad ?? good),
    figures: [...quotas.flatMap(quotaFigures), ...weightFigures(weights)],
    findings: [...leftOut(cpuCount), ...translated(weights)],
    evidence: [
      ...quotas.flatMap(({ limit, evidence }) => evidence.map((line) => `${limit} CPUs: ${line}`)),
      ...weights.evidence,
    ],
  };
}

/** undefined: all pass. */
function worstOf(judged: readonly Judgement[]): Judgement | undefined {
  const bad = judged.filter(({ verdict }) => verdict !== 'pass');
  const worst = bad.find(({ verdict }) => verdict === 'fail') ?? bad[0];
  if (worst === undefined || bad.length === 1) return worst;
  return { ...worst, reason: quoting`${worst.reason}; and ${bad.length - 1} more` };
}

function quotaFigures(measured: QuotaMeasurement): Figure[] {
  const { limit, share, periods, throttledPeriods, throttledNs, source, certainty } = measured;
  const common = { source, certainty, group: `quota of ${limit} CPUs` };
  return [
    { ...common, name: 'share of one CPU', value: share * 100, unit: '%' },
    { ...common, name: 'deviation, percentage points', value: deviation(measured), unit: '%' },
    { ...common, name: 'periods', value: periods, unit: 'count' },
    { ...common, name: 'throttled periods', value: throttledPeriods, unit: 'count' },
    { ...common, name: 'throttled time, all CPUs', value: throttledNs, unit: 'ns' },
  ];
}

function weightFigures({ weights, shares, source, certainty }: WeightMeasurement): Figure[] {
  const common = { source, certainty, unit: '%' as const, group: 'competing for one CPU' };
  return weights.map((weight, index) => ({
    ...common,
    name: `share at weight ${weight}`,
    value: (shares[index] ?? 0) * 100,
  }));
}

function leftOut(cpuCount: number): CheckFinding[] {
  const limits = LIMITS.filter((limit) => limit >= cpuCount);
  if (limits.length === 0) return [];
  return [
    {
      severity: 'info',
      id: 'too-few-cpus',
      title: `a quota of ${limits.join(' and ')} CPUs limits nothing on a machine of ${cpuCount}: left out`,
      remedy: 'run it on a machine with more CPUs',
    },
  ];
}

/** Runtimes write weights of cgroup version 2 by formulas of their own. */
function translated({ weights }: WeightMeasurement): CheckFinding[] {
  if (Math.abs(ratio(weights) / ratio(WEIGHTS) - 1) < 0.05) return [];
  return [
    {
      severity: 'info',
      id: 'weights-translated',
      title: `the runtime made of --cpu-shares ${WEIGHTS.join(':')} the kernel's weights ${weights.join(':')}`,
      remedy: 'choose shares by what the kernel is told: cat cpu.weight',
    },
  ];
}
