/** overlay, io and memory on real engines, where the truth is known; and what they leave behind. */

import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { raw } from '../../src/base/foreign.js';
import { CHECKS } from '../../src/checks/all-checks.js';
import { type CheckRun, runCheck } from '../../src/checks/run-checks.js';
import type { PreparedChecks } from '../../src/cli/common/check-context.js';
import { rootMount } from '../../src/container/mounts/overlay-mount.js';
import { readUpper } from '../../src/container/mounts/upper-entries.js';
import { processMemory, sumOfMemory } from '../../src/container/process/process-memory.js';
import { BUILTIN_IMAGE } from '../../src/engine/builtin-image.js';
import { measureContainers } from '../../src/measure/memory.js';
import { runScript } from '../../src/measure/sandbox/container-script.js';
import { type Running, Sandbox } from '../../src/measure/sandbox/sandbox.js';
import type { CheckName, CheckReport } from '../../src/model/checks/check.js';
import { HeldFolder } from '../../src/platform/files/held-folder.js';
import { engineThings } from '../support/engine-things.js';
import { type LiveEngine, liveEngines } from '../support/live-engines.js';
import { lacks } from '../support/requirements.js';
import { prepareSilently } from '../support/silent-checks.js';

const LIMIT_MS = 300_000;
/** Where others who write meanwhile may spoil what is measured: a disk is quiet sooner or later. */
const AGAIN = { retry: 2 };
const STAYS = { Image: BUILTIN_IMAGE, Cmd: ['sleep', '600'], HostConfig: { NetworkMode: 'none' } };

/** What a check could leave in the engine and beside it. */
async function traces(engine: LiveEngine): Promise<unknown> {
  return {
    ...(await engineThings(engine.docker())),
    folders: readdirSync('/var/tmp').filter((name) => name.startsWith('dit-io-')),
  };
}

describe
  .skipIf(lacks('root', 'docker', 'ebpf', 'fio'))
  .each(liveEngines('live-storage').map((engine) => ({ engine })))(
  'storage checks on $engine.name',
  { timeout: LIMIT_MS },
  ({ engine }) => {
    let prepared: PreparedChecks;
    let before: unknown;
    const { signal } = new AbortController();

    beforeAll(async () => {
      await engine.open();
      prepared = await prepareSilently(engine);
      before = await traces(engine);
    }, LIMIT_MS);

    afterAll(async () => {
      await prepared?.close();
      await engine.close();
    }, LIMIT_MS);

    const check = async (
      name: CheckName,
      context: Partial<PreparedChecks['context']> = {},
    ): Promise<CheckRun> => runCheck(await CHECKS[name](), { ...prepared.context, ...context });
    const run = async (
      name: CheckName,
      context: Partial<PreparedChecks['context']> = {},
    ): Promise<CheckReport> => {
      const { report, leftBehind } = await check(name, context);
      expect(leftBehind).toEqual([]);
      expect(await traces(engine)).toEqual(before);
      if (report === undefined) throw new Error('it was interrupted');
      return report;
    };
    const value = ({ figures }: CheckReport, name: RegExp, group = /^/): number =>
      figures.find((figure) => name.test(raw(figure.name)) && group.test(raw(figure.group ?? '')))
        ?.value ?? Number.NaN;
    const inSandbox = async (work: (sandbox: Sandbox) => Promise<void>): Promise<void> => {
      const sandbox = new Sandbox(
        engine.docker(),
        'abcdef0123456789'.repeat(2),
        new AbortController().signal,
      );
      try {
        await work(sandbox);
      } finally {
        expect(await sandbox.close()).toEqual([]);
      }
    };

    test('overlay: each change leaves in the upper layer what overlayfs must leave there', async () => {
      const report = await run('overlay');
      expect(report.verdict, raw(report.reason)).toBe('pass');
      expect(report.findings).toEqual([]);
      const after = /after a change/;
      expect(value(report, /one byte appended/, after)).toBe(1_000_001);
      expect(value(report, /only read/, after)).toBe(0);
      expect(value(report, /^lower layers$/)).toBeGreaterThanOrEqual(2);
      expect(value(report, /^upper layer: size$/)).toBeGreaterThan(3_000_000);
      const evidence = report.evidence.join('\n');
      expect(evidence).toMatch(/upper layer: c 0,0 \/dit-overlay\/deleted/);
      expect(evidence).toMatch(/upper layer: d \w+\.overlay\.opaque="y" \/dit-overlay\/remade/);
      expect(evidence).toMatch(/lower layer \d+ still holds \/dit-overlay\/deleted: 1000 bytes/);
    });

    test('overlay: a whiteout is the device that the host sees', () =>
      inSandbox(async (sandbox) => {
        const container = await sandbox.start(STAYS);
        const mountInfo = await runScript(container, 'rm /etc/group && cat /proc/self/mountinfo');
        const upper = rootMount(mountInfo)?.overlay?.upper ?? '';
        const stat = lstatSync(`${upper}/etc/group`);
        expect([stat.isCharacterDevice(), stat.rdev]).toEqual([true, 0]);
        expect(await readUpper(HeldFolder.open(upper), signal)).toContainEqual(
          expect.objectContaining({ path: '/etc/group', kind: 'whiteout' }),
        );
      }));

    test("overlay: without the kernel the engine's own list is asked", async () => {
      const report = await run('overlay', { seesKernel: false });
      expect(report.verdict, raw(report.reason)).toBe('pass');
      expect(report.findings.map(({ id }) => id)).toEqual(['upper-layer-unseen']);
      expect(report.evidence).toContain('the engine lists /dit-overlay/deleted as deleted');
    });

    test('io: every place and kind of access; copy-ups as large as the files', AGAIN, async () => {
      const report = await run('io');
      expect(['pass', 'warn'], raw(report.reason)).toContain(report.verdict);
      // How fast the one and the other is depends on the machine: scripts/bench/fio.ts compares them.
      expect(report.findings.map(({ id }) => id)).not.toContain('fio-missing');
      expect(value(report, /^volume: write, fsync at the end, by fio$/)).toBeGreaterThan(0);
      for (const place of ['overlay', 'volume', 'bind', 'tmpfs']) {
        for (const what of ['write, buffered', 'write, fsync at the end', 'read, from the page']) {
          expect(value(report, new RegExp(`^${place}: ${what}`)), what).toBeGreaterThan(0);
        }
        expect(value(report, new RegExp(`^${place}: write and fsync$`))).toBeGreaterThan(0);
        expect(value(report, new RegExp(`^${place}, fresh folder: create`))).toBeGreaterThan(0);
      }
      expect(value(report, /folder of a lower layer: rename/)).toBeGreaterThan(0);
      for (const megabytes of [1, 10, 100]) {
        expect(value(report, new RegExp(`^${megabytes} MB: copied`))).toBe(megabytes * 1e6);
        expect(value(report, new RegExp(`^${megabytes} MB: took`))).toBeGreaterThan(0);
      }
      expect(report.evidence.filter((line) => / \/dit-\w+ /.test(raw(line)))).toHaveLength(3);
    });

    test('io: without the kernel dd writes inside, and the rest is left out', AGAIN, async () => {
      const report = await run('io', { seesKernel: false });
      expect(report.verdict, raw(report.reason)).toBe('pass');
      expect(report.findings.map(({ id }) => id)).toEqual(['io-from-outside']);
      for (const place of ['overlay', 'volume', 'bind', 'tmpfs']) {
        expect(value(report, new RegExp(`^${place}: write, fsync at the end$`))).toBeGreaterThan(0);
      }
    });

    test('io: interrupted half-way it leaves nothing', async () => {
      const interruption = new AbortController();
      const say = (line: string): void => {
        if (line.startsWith('sequential')) interruption.abort(new Error('interrupted'));
      };
      const run = await check('io', { signal: interruption.signal, say });
      expect(run).toEqual({ report: undefined, leftBehind: [] });
      expect(await traces(engine)).toEqual(before);
    });

    test('memory: ten containers share, the first reader is charged, and the limit holds', async () => {
      const report = await run('memory');
      expect(['pass', 'warn'], raw(report.reason)).toContain(report.verdict);
      expect(report.findings.filter(({ id }) => id !== 'oom-unreported')).toEqual([]);
      for (const count of [3, 10]) {
        const group = new RegExp(`^${count} containers`);
        expect(value(report, /^PSS$/, group)).toBeLessThan(value(report, /^RSS$/, group));
      }
      expect(value(report, /^PSS per container$/, /^10/)).toBeLessThan(
        value(report, /^PSS$/, /^1 /),
      );
      // Batches of pages are charged: the last one of a reader may be incomplete.
      expect(value(report, /reads it first$/)).toBeGreaterThan(7_500_000);
      expect(value(report, /9 others together$/)).toBeLessThan(2_000_000);
      expect(value(report, /^exit code$/)).toBe(137);
      expect(value(report, /killed by the kernel$/)).toBe(1);
    });

    test("memory: sums are those of the processes' own mappings", () =>
      inSandbox(async (sandbox) => {
        const running: Running[] = [];
        for (let count = 0; count < 10; count++) running.push(await sandbox.start(STAYS));
        for (const each of running) await runScript(each, ':');
        const { containers, processes } = measureContainers(running.map(({ pid }) => pid));
        expect(containers.flatMap(({ pids }) => pids)).toEqual(running.map(({ pid }) => pid));
        const texts = running.map(({ pid }) => readFileSync(`/proc/${pid}/smaps`, 'utf8'));
        const own = sumOfMemory(texts.map(processMemory));
        const mappings = texts.join('').match(/^Pss:/gm)?.length ?? 0;
        expect(own.rss).toBe(processes.rss);
        // A smaps rounds each mapping down to 1 kB, the rollup their sum.
        expect(processes.pss).toBeGreaterThanOrEqual(own.pss);
        expect(processes.pss - own.pss).toBeLessThanOrEqual(mappings * 1024);
        expect(processes.pss).toBeLessThan(processes.rss);
      }));

    test("memory: without the kernel the engine's statistics are asked", async () => {
      const report = await run('memory', { seesKernel: false });
      expect(['pass', 'warn'], raw(report.reason)).toContain(report.verdict);
      expect(report.findings.map(({ id }) => id)).toContain('processes-unseen');
      expect(value(report, /^charged to the cgroups$/, /^10/)).toBeGreaterThan(0);
      expect(value(report, /^exit code$/)).toBe(137);
    });
  },
);
