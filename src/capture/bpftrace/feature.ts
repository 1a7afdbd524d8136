/** Whether the bpftrace source works here: tried, for no other answer counts. */
import { machine } from 'node:os';
import type { Feature } from '../../model/checks/feature.js';
import { StringInterner } from '../../model/recording/strings.js';
import { examine } from '../../platform/examine.js';
import { needBpftrace, startBpftrace } from './bpftrace-source.js';
import { findBpftrace } from './find-bpftrace.js';

const TRIAL_RING_BYTES = 1 << 20;

/** Attaches every probe of the recorder for a moment. Takes some seconds. */
export function bpftraceFeature(): Promise<Feature> {
  return examine({ id: 'bpftrace', title: 'bpftrace', required: false, find: tryBpftrace });
}

async function tryBpftrace(): Promise<{ available: boolean; evidence: string }> {
  await needBpftrace();
  const { versionText } = await findBpftrace();
  const begin = performance.now();
  const source = await startBpftrace({
    machine: machine(),
    baseNs: process.hrtime.bigint(),
    strings: new StringInterner(),
    redact: true,
    ringBytes: TRIAL_RING_BYTES,
    participants: [],
  });
  const armedMs = performance.now() - begin;
  const { disarmNs } = await source.stop();
  return {
    available: true,
    evidence:
      `${versionText}: ${source.info.probes.length} probes attached in ${(armedMs / 1000).toFixed(1)} s, ` +
      `detached in ${(disarmNs / 1e9).toFixed(1)} s`,
  };
}
