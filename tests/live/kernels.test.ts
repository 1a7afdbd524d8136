/** scripts/kernels on one kernel: everything that must hold in a guest holds, and nothing of it reaches this machine. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../support/dit.js';
import { lacks } from '../support/requirements.js';

const SERIES = process.env.DIT_TEST_KERNEL ?? '6.12';
/** Emulated, on a machine that may be busy, and maybe fetched first. */
const LIMIT_MS = 1_800_000;
const GUEST_LIMIT_S = 1_500;
const RECORDING_CHECKS = ['probes', 'events', 'milestones', 'critical path', 'copy-ups'];
/** Without types of modules there is no fentry. */
const WAYS = SERIES === '5.10' ? ['kprobe', 'inferred'] : ['fentry', 'kprobe'];

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function kernels(...args: readonly string[]): Promise<Ended> {
  // As somebody would who has set nothing: what this run of the tests requires is not the guest's business.
  const { DIT_REQUIRE: _, ...env } = process.env;
  const child = spawn(join(ROOT, 'scripts/kernels'), args, {
    env: { ...env, DIT_KERNELS_LIMIT: String(GUEST_LIMIT_S) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, ...texts }));
  });
}

test.skipIf(lacks('root'))('an unknown kernel is refused before anything is fetched', async () => {
  const { code, stderr } = await kernels('4.4');
  expect(code).toBe(2);
  expect(stderr).toContain("unknown kernel series '4.4'");
});

describe.skipIf(lacks('root', 'docker', 'ebpf', 'qemu'))(
  `Linux ${SERIES} in QEMU`,
  { timeout: LIMIT_MS },
  () => {
    test('a command runs in the project, and what it does stays in the guest', async () => {
      const trace = 'node_modules/.written-in-a-guest';
      const script = `uname -r; pwd; touch ${trace} && ls ${trace}; touch /usr/x; exit 7`;
      const { code, stdout, stderr } = await kernels(SERIES, '--', 'sh', '-c', script);
      expect(code, stderr).toBe(7);
      const [release, folder, written, refused] = stdout.split('\n');
      expect(release).toMatch(new RegExp(`^${SERIES.replace('.', '\\.')}\\.`));
      expect(`${folder}/`).toBe(ROOT);
      expect(written).toBe(trace);
      expect(refused).toContain('Read-only file system');
      expect(existsSync(join(ROOT, trace))).toBe(false);
    });

    test('the guest lives while its kernel replaces its own code, and its last words are told', async () => {
      // Ends a guest within a second where the emulator may run what was replaced.
      const toggle = 'for on in 1 0; do echo $on >/proc/sys/kernel/sched_schedstats; done';
      const busy = '(while :; do cat /proc/uptime >/dev/null; done) &';
      const script = `${busy} for i in $(seq 100); do ${toggle}; done; echo lives; echo c >/proc/sysrq-trigger`;
      const { code, stdout, stderr } = await kernels(SERIES, '--', 'bash', '-c', script);
      expect(stdout, stderr).toBe('lives\n');
      expect(code).toBe(125);
      expect(stderr).toContain('the guest ended before its command did');
      expect(stderr).toContain('sysrq triggered crash');
    });

    test('the native tests and real recordings hold', async () => {
      const { code, stdout, stderr } = await kernels(SERIES);
      const lines = stdout.split('\n').filter((line) => /^\S+ +(ok|FAIL) /.test(line));
      const failed = lines.filter((line) => !line.startsWith(`${SERIES} `) || / FAIL /.test(line));
      expect(failed, stderr).toEqual([]);
      for (const check of [
        'native tests',
        'engine',
        'netem',
        'toolkit',
        ...WAYS.flatMap((way) => [way, ...RECORDING_CHECKS.map((each) => `${way}: ${each}`)]),
      ]) {
        expect(lines.filter((line) => line.includes(` ok    ${check} `))).toHaveLength(1);
      }
      expect(code).toBe(0);
    });
  },
);
