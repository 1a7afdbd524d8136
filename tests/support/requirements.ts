/** What a test needs of the machine; a skip says why, and DIT_REQUIRE makes it a failure. */
import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { DitError } from '../../src/base/errors.js';
import { needEbpf } from '../../src/capture/ebpf/ebpf-source.js';
import { isStatic } from '../../src/engine/builtin-image.js';
import { installedDockerd } from '../../src/engine/private/launch.js';
import { packagePath } from '../../src/platform/package-files.js';
import { installedChromium } from './chromium.js';
import { testEngines } from './test-engines.js';

/** Figures of people's machines, beside the checkout of those who have them. */
export const STUDY = packagePath('../shared/data/study-2026');

type Requirement =
  | 'linux'
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
  | 'go'
  | 'protoc'
  | 'busybox'
  | 'study';

const LACKS: Record<Requirement, () => string | undefined> = {
  linux: () => (process.platform === 'linux' ? undefined : 'Linux is needed'),
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
  protoc: () => program('protoc'),
  busybox: () =>
    ['/usr/bin/busybox', '/bin/busybox'].some(
      (path) => existsSync(path) && isStatic(readFileSync(path)),
    )
      ? undefined
      : 'a static busybox is needed: sudo scripts/set-up',
  study: () => (existsSync(STUDY) ? undefined : `the study's data are not at '${STUDY}'`),
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

/**
 * For describe.skipIf(lacks('root', 'docker')), the only condition that tests are skipped on: true when it must be. The
 * reason goes to the file $DIT_SKIPS, with the test file that asks; scripts/test prints it.
 */
export function lacks(...needed: readonly Requirement[]): boolean {
  const required = (process.env.DIT_REQUIRE ?? '').split(',');
  for (const requirement of needed) {
    const reason = LACKS[requirement]();
    if (reason === undefined) continue;
    if (required.includes(requirement)) throw new Error(`DIT_REQUIRE=${requirement}: ${reason}`);
    const file = /\/(tests\/[\w/.-]+\.test\.ts)/.exec(new Error().stack ?? '')?.[1] ?? 'tests';
    if (process.env.DIT_SKIPS)
      appendFileSync(process.env.DIT_SKIPS, `${JSON.stringify({ file, requirement, reason })}\n`);
    else console.warn(`skipped: ${reason}`);
    return true;
  }
  return false;
}
