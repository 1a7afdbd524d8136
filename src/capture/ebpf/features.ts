/** What the ebpf source needs beyond the kernel's version: addon, BPF object, and programs that attach. */

import { statSync } from 'node:fs';
import { machine } from 'node:os';
import { type Foreign, firstLine, joinForeign, quoting } from '../../base/foreign.js';
import type { Feature } from '../../model/checks/feature.js';
import { StringInterner } from '../../model/recording/strings.js';
import { loadAddon } from '../../platform/addon.js';
import { examine } from '../../platform/examine.js';
import { packagePath } from '../../platform/package-files.js';
import { needInitialPidNamespace } from '../../platform/processes/pid-namespace.js';
import { EbpfSource } from './ebpf-source.js';

const OBJECT = 'bpf/build/recorder.bpf.o';
const TRIAL_RING_BYTES = 1 << 20;

/** Loads and attaches every program for a moment: no other answer counts. */
export async function ebpfFeatures(): Promise<Feature[]> {
  const addon = await examine({
    id: 'addon',
    title: 'native addon',
    required: true,
    find: () => ({ available: true, evidence: `loads, libbpf ${loadAddon().libbpfVersion}` }),
  });
  const object = await examine({
    id: 'bpf-object',
    title: 'BPF programs',
    required: true,
    find: () => {
      const stat = statSync(packagePath(OBJECT), { throwIfNoEntry: false });
      return {
        available: stat !== undefined,
        evidence:
          stat === undefined ? `${OBJECT} has not been built` : `${OBJECT}, ${stat.size} bytes`,
        remedy: 'npm run build:bpf (needs clang, llvm and libbpf-dev), or run scripts/set-up',
      };
    },
  });
  const pids = await examine({
    id: 'pid-namespace',
    title: 'pid namespace',
    required: true,
    find: () => {
      needInitialPidNamespace();
      return { available: true, evidence: 'the initial one' };
    },
  });
  const probes = await examine({
    id: 'tp_btf',
    title: 'BTF tracepoints',
    required: true,
    find: tryProbes,
  });
  return [addon, object, pids, probes];
}

async function tryProbes(): Promise<{ available: boolean; evidence: Foreign; remedy: string }> {
  const begin = performance.now();
  const source = EbpfSource.start({
    machine: machine(),
    baseNs: process.hrtime.bigint(),
    strings: new StringInterner(),
    redact: true,
    ringBytes: TRIAL_RING_BYTES,
    participants: [],
  });
  const armedMs = performance.now() - begin;
  await source.stop();
  const refused = source.info.probes.filter(({ attached }) => !attached);
  const names = refused.map(
    ({ attachPoint, refusal }) => quoting`${attachPoint}: ${firstLine(refusal)}`,
  );
  const attached = source.info.probes.length - refused.length;
  return {
    available: true,
    evidence: quoting`${attached} of ${source.info.probes.length} programs attached in ${armedMs.toFixed(0)} ms${
      names.length === 0 ? '' : quoting`; refused: ${joinForeign(names, ', ')}`
    }`,
    remedy: '',
  };
}
