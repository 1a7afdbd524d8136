/** What a live test needs of the machine; a skip says why, and DIT_REQUIRE makes it a failure. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { DitError } from '../../src/base/errors.js';
import { installedDockerd } from '../../src/platform/engine-launch.js';
import { needEbpf } from '../../src/sources/ebpf/ebpf-source.js';
import { installedChromium } from './chromium.js';
import { testEngines } from './test-engines.js';

type Requirement =
  | 'root'
  | 'docker'
  | 'engines'
  | 'ebpf'
  | 'compiler'
  | 'strace'
  | 'bpftrace'
  | 'chromium'
  | 'fio'
  | 'qemu'
  | 'go';

const LACKS: Record<Requirement, () => string | undefined> = {
  root: () => (process.getuid?.() === 0 ? undefined : 'root is needed: sudo scripts/test'),
  docker: () =>
    installedDockerd() === undefined ? 'dockerd is needed: sudo scripts/set-up engine' : undefined,
  engines: () =>
    testEngines().length === 0
      ? 'engines of several releases are needed: sudo scripts/test'
      : undefined,
  ebpf: whyNoEbpf,
  strace: () => program('strace'),
  fio: () => program('fio'),
  bpftrace: () => program('bpftrace'),
  chromium: () =>
    installedChromium() === undefined ? 'Chromium is needed: sudo scripts/set-up tests' : undefined,
  compiler: () =>
    spawnSync('cc', ['--version']).error === undefined
      ? undefined
      : 'a C compiler is needed: sudo scripts/set-up',
  go: () =>
    spawnSync('go', ['version']).error === undefined
      ? undefined
      : 'Go is needed, whose pprof reads profiles: sudo scripts/set-up tests',
  qemu: () =>
    spawnSync('qemu-system-x86_64', ['--version']).error === undefined
      ? undefined
      : 'QEMU is needed, which scripts/kernels installs: sudo scripts/kernels 6.12',
};

function program(name: string): string | undefined {
  const { error } = spawnSync(name, ['--version']);
  return error === undefined ? undefined : `${name} is needed: sudo scripts/set-up tests`;
}

function whyNoEbpf(): string | undefined {
  if (!existsSync('/sys/kernel/btf/vmlinux')) return 'a kernel with BTF is needed';
  try {
    needEbpf();
    return undefined;
  } catch (error) {
    if (!(error instanceof DitError)) throw error;
    return `${error.message}: ${error.remedy}`;
  }
}

/** For describe.skipIf(lacks('root', 'docker')): true when a test must be skipped. */
export function lacks(...needed: readonly Requirement[]): boolean {
  const required = (process.env.DIT_REQUIRE ?? '').split(',');
  for (const requirement of needed) {
    const reason = LACKS[requirement]();
    if (reason === undefined) continue;
    if (required.includes(requirement)) throw new Error(`DIT_REQUIRE=${requirement}: ${reason}`);
    console.warn(`skipped: ${reason}`);
    return true;
  }
  return false;
}
