/** The cpu test: quotas, weights and CPU sets, each measured on containers that want more than they were given. */

import type { MeasureContext } from '../../measure/context.js';
import {
  allowedCpus,
  measureQuota,
  measureWeights,
  type QuotaMeasurement,
} from '../../measure/cpu.js';
import { cpusOf } from '../../measure/cpu-share.js';
import { defineCheck } from '../contract/check.js';
import { type CpuFacts, judgeCpu, LIMITS, quotaProblem, WEIGHTS } from './judge.js';
import { cpuText } from './text.js';

export const cpuCheck = defineCheck({ name: 'cpu', measure, judge: judgeCpu, text: cpuText });

const INTERVAL_MS = 5000;

async function measure(context: MeasureContext): Promise<CpuFacts> {
  const { docker, sandbox, image, seesKernel, signal, say } = context;
  const { NCPU: cpuCount } = (await docker.info()) as { NCPU: number };
  const quotas = await measureQuotas(context, cpuCount);
  signal.throwIfAborted();
  say(`two containers of weights ${WEIGHTS.join(':')} on one CPU, ${INTERVAL_MS / 1000} s`);
  const cpu = await lastCpu(context);
  const common = { image, intervalMs: INTERVAL_MS, seesKernel, signal };
  const weights = await measureWeights(docker, sandbox, { ...common, asked: WEIGHTS, cpu });
  return { quotas, weights, cpu, cpuCount };
}

async function measureQuotas(
  { docker, sandbox, image, seesKernel, signal, say }: MeasureContext,
  cpuCount: number,
): Promise<QuotaMeasurement[]> {
  const quotas: QuotaMeasurement[] = [];
  // Once it was short of CPU twice, trying twice again for more CPUs is in vain.
  let tries = 2;
  // A container that cannot want more than its quota shows nothing of it.
  for (const limit of LIMITS.filter((each) => each < cpuCount)) {
    let measured: QuotaMeasurement | undefined;
    for (let left = tries; left > 0; left--) {
      signal.throwIfAborted();
      say(`a quota of ${limit} CPUs, ${INTERVAL_MS / 1000} s`);
      const options = { image, intervalMs: INTERVAL_MS, seesKernel, signal, limit };
      measured = await measureQuota(docker, sandbox, options);
      if (quotaProblem(measured).length === 0) break;
      if (left === 1 && measured.starved) tries = 1;
    }
    if (measured !== undefined) quotas.push(measured);
  }
  return quotas;
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
