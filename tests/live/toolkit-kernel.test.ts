/** startup, syscalls, namespaces and ebpf on real engines, where the truth is known; and what they leave behind. */

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { raw } from '../../src/base/foreign.js';
import { CHECKS } from '../../src/checks/all-checks.js';
import { runCheck } from '../../src/checks/run-checks.js';
import type { PreparedChecks } from '../../src/cli/common/check-context.js';
import type { CheckName, CheckReport, Figure } from '../../src/model/checks/check.js';
import { readMounts } from '../../src/platform/mounts.js';
import { engineThings } from '../support/engine-things.js';
import { type LiveEngine, liveEngines } from '../support/live-engines.js';
import { lacks } from '../support/requirements.js';
import { prepareSilently } from '../support/silent-checks.js';

const LIMIT_MS = 300_000;

/** What a check could leave on the machine and in the engine. */
async function machine(engine: LiveEngine): Promise<unknown> {
  const docker = engine.docker();
  const { DockerRootDir } = await docker.info();
  return {
    ...(await engineThings(docker)),
    mounts: readMounts().filter(({ target }) => target.startsWith(DockerRootDir as string)),
    queues: readFileSync('/proc/sysvipc/msg', 'utf8').split('\n').length,
  };
}

describe
  .skipIf(lacks('root', 'docker', 'ebpf'))
  .each(liveEngines('live-kernel').map((engine) => ({ engine })))(
  'kernel checks on $engine.name',
  { timeout: LIMIT_MS },
  ({ engine }) => {
    let prepared: PreparedChecks;
    let before: unknown;

    beforeAll(async () => {
      await engine.open();
      prepared = await prepareSilently(engine);
      before = await machine(engine);
    }, LIMIT_MS);

    afterAll(async () => {
      await prepared?.close();
      await engine.close();
    }, LIMIT_MS);

    const run = async (name: CheckName): Promise<CheckReport> => {
      const { report, leftBehind } = await runCheck(await CHECKS[name](), prepared.context);
      expect(leftBehind).toEqual([]);
      if (report === undefined) throw new Error('it was interrupted');
      expect(['pass', 'warn'], raw(report.reason)).toContain(report.verdict);
      return report;
    };
    const group = ({ figures }: CheckReport, name: string): Figure[] =>
      figures.filter((figure) => figure.group === name);
    const value = (figures: readonly Figure[], name: RegExp): number =>
      figures.find((figure) => name.test(raw(figure.name)))?.value ?? Number.NaN;

    test('startup: three kinds of start, phases that add up, the teardown apart', async () => {
      const report = await run('startup');
      const starts = group(report, 'start');
      for (const kind of [/^first run$/, /^page cache cold/, /^warm, middle/]) {
        expect(value(starts, kind)).toBeGreaterThan(0);
      }
      for (const [phases, whole] of [
        ['warm start by phase', /^warm, middle/],
        ['cold start by phase', /^page cache cold/],
        ['first run by phase', /^first run$/],
      ] as const) {
        const sum = group(report, phases).reduce((total, figure) => total + figure.value, 0);
        expect(sum).toBeCloseTo(value(starts, whole), 6);
      }
      expect(group(report, 'teardown')).toHaveLength(1);
      expect(report.evidence.join('\n')).toMatch(/entrypoint exec: exec .*true/);
    });

    test('syscalls: what a trace of the command line does not see', async () => {
      const report = await run('syscalls');
      for (const { value: calls } of group(report, 'below the client')) {
        expect(calls).toBeGreaterThan(0);
      }
      const all = value(group(report, 'a start'), /^calls of a start/);
      const byActor = group(report, 'calls by actor');
      expect(byActor.reduce((sum, figure) => sum + figure.value, 0)).toBe(all);
      expect(byActor.map(({ name }) => name)).toEqual(
        expect.arrayContaining(['client', 'dockerd', 'shim', 'runc create', 'init']),
      );
      const tree = report.evidence.join('\n');
      expect(tree).toMatch(/init, entrypoint\): made .*ipc, mnt, net, pid, uts/);
      expect(tree).toMatch(/pivot_root\(.*\) = 0/);
    });

    // The kernel may be busy with others' namespaces: one more try, not a wider bound.
    test('namespaces: proved from inside, and dear as in a real start', { retry: 1 }, async () => {
      const report = await run('namespaces');
      const seen = report.evidence.join('\n');
      for (const kind of ['pid', 'uts', 'mnt', 'net', 'ipc']) {
        expect(seen).toMatch(new RegExp(`^${kind}: ${kind}:\\[\\d+\\], the host's ${kind}:`, 'm'));
      }
      expect(seen).toMatch(/message queue \d+ was made on the host: seen there, not seen inside/);
      expect(seen).toMatch(/NSpid: \d+ (\d+ )*1$/m);
      const alone = group(report, 'making a namespace, in the kernel');
      for (const kind of [/^mnt$/, /^uts$/, /^ipc$/, /^pid$/, /^net$/, /^user$/]) {
        expect(value(alone, kind)).toBeGreaterThan(0);
      }
      // Dozens of structures, /proc and sysctl entries against a name: known of every kernel.
      expect(value(alone, /^net$/)).toBeGreaterThan(value(alone, /^uts$/));
      const [start, same] = group(report, 'namespaces of a start').map((figure) => figure.value);
      const ratio = (start as number) / (same as number);
      expect(Math.max(ratio, 1 / ratio), raw(report.reason)).toBeLessThanOrEqual(2);
    });

    test('ebpf: every call of two containers at once, each for itself', async () => {
      const report = await run('ebpf');
      const known = group(report, 'known calls of two containers at once');
      expect(known.map(({ name, value: counted }) => [name, counted])).toEqual([
        ['busy container, read: 3000 made', 3000],
        ['busy container, write: 3000 made', 3000],
        ['quiet container, read: 1000 made', 1000],
        ['quiet container, write: 1000 made', 1000],
      ]);
      const mixed = group(report, 'mixed work, the 10 most frequent');
      expect(mixed.map(({ name }) => name)).toEqual(
        expect.arrayContaining(['getdents64', 'openat', 'close']),
      );
      expect(value(group(report, 'mixed work'), /^rate$/)).toBeGreaterThan(0);
    });

    test('the machine is as it was', async () => {
      expect(await machine(engine)).toEqual(before);
    });
  },
);
