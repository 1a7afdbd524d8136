/** `dit trace exec`: commands of the user's, and every container that they start. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { analyse } from '../../src/analysis/analyse.js';
import { BUILTIN_IMAGE } from '../../src/engine/builtin-image.js';
import type { ContainerRun, Trace } from '../../src/model/trace/trace.js';
import { processStat } from '../../src/platform/processes/process-table.js';
import { readTraceFile } from '../../src/tracefile/reader.js';
import buildProgram from '../support/build.js';
import { asUser, dit, eventually, ROOT, startDit } from '../support/dit.js';
import { liveEngines } from '../support/live-engines.js';
import { lacks } from '../support/requirements.js';

const LIMIT_MS = 300_000;
const engines = liveEngines('live-exec');
const folder = mkdtempSync(join(tmpdir(), 'dit-exec-'));
const client = join(ROOT, 'tests/support/start-containers.mjs');

afterAll(() => rmSync(folder, { recursive: true }));

/** A whole start: it begins with the command's exec, every piece is somebody's, and the sum is exact. */
function expectWhole(run: ContainerRun): void {
  const { window, segments } = run;
  expect(window, JSON.stringify(run.absent)).toBeDefined();
  expect(segments.reduce((sum, { start, end }) => sum + end - start, 0)).toBe(
    (window?.end ?? 0) - (window?.start ?? 0),
  );
  const nobodys = segments.filter(({ phase }) => phase === undefined);
  const share =
    nobodys.reduce((sum, { start, end }) => sum + end - start, 0) /
    ((window?.end ?? 0) - (window?.start ?? 0));
  expect(share).toBeLessThanOrEqual(0.01);
}

const namesOf = (run: ContainerRun | undefined): string[] =>
  run?.milestones.map(({ name }) => name) ?? [];

let files = 0;
async function record(
  command: readonly string[],
  options: readonly string[] = [],
): Promise<{ end: Awaited<ReturnType<typeof dit>>; trace: Trace }> {
  const file = join(folder, `${files++}.dit`);
  const end = await dit(['trace', 'exec', '-q', '-o', file, ...options, '--', ...command]);
  return { end, trace: analyse(readTraceFile(file)) };
}

describe.skipIf(lacks('root', 'docker', 'ebpf')).each(engines.map((engine) => ({ engine })))(
  'a command on $engine.name',
  { timeout: LIMIT_MS },
  ({ engine }) => {
    beforeAll(async () => {
      buildProgram();
      await engine.open();
    }, LIMIT_MS);
    afterAll(() => engine.close(), LIMIT_MS);

    const starts = (prefix: string, count: number): string[] => [
      ...[process.execPath, client, engine.socketPath, BUILTIN_IMAGE],
      ...[prefix, String(count), 'one-by-one'],
    ];

    test('gets each of its containers as a run, with its name, and nobody else’s', async () => {
      const others = spawn(process.execPath, [...starts('others', 6).slice(1)], {
        stdio: 'ignore',
        cwd: ROOT,
      });
      const over = once(others, 'close');
      const { end, trace } = await record(starts('mine', 2), ['-H', engine.endpoint]);
      await over;
      expect(end, end.stderr).toMatchObject({ code: 0 });
      const told = end.stdout
        .trim()
        .split('\n')
        .map((line) => line.split(' '));
      expect(trace.runs.map(({ name, containerId }) => [name, containerId])).toEqual(told);
      const [first, second] = trace.runs;
      for (const run of trace.runs) {
        expect(run.image).toBe(BUILTIN_IMAGE);
        expect(run.exitCode).toBe(0);
        expectWhole(run);
      }
      // The client's own time belongs to its first container alone.
      expect(first?.window?.from).toBe('command exec');
      expect(first?.segments.some(({ actor }) => actor === 'client')).toBe(true);
      expect(second?.window?.from).toBe('create requested');
      expect(trace.recording.loss?.losses.filter(({ records }) => records > 0)).toEqual([]);
    });
  },
);

describe.skipIf(lacks('root', 'ebpf'))('a command without an engine', { timeout: LIMIT_MS }, () => {
  beforeAll(() => buildProgram(), LIMIT_MS);

  test('that makes its namespaces itself', async () => {
    const { end, trace } = await record(['unshare', '-Urmpf', 'true']);
    expect(end).toMatchObject({ code: 0 });
    expect(trace.runs).toHaveLength(1);
    const [run] = trace.runs;
    expect(run?.containerId).toMatch(/^pid-\d+$/);
    expect(namesOf(run)).toEqual(
      expect.arrayContaining(['command exec', 'first namespace', 'init cloned', 'entrypoint exec']),
    );
    expectWhole(run as ContainerRun);
    expect(run?.segments.map(({ category }) => category)).not.toContain('runc');
  });

  test('that starts no container', async () => {
    const { end, trace } = await record(['sh', '-c', 'echo out; echo err >&2; exit 7']);
    expect(end).toMatchObject({ code: 7, stdout: 'out\n' });
    expect(end.stderr).toMatch(/^err$/m);
    expect(end.stderr).toMatch(/the command exited with 7/);
    expect(trace.runs).toEqual([]);
  });

  test('that does not exist', async () => {
    const { end } = await record(['/nowhere/nothing']);
    expect(end.code).toBe(127);
    expect(end.stderr).toMatch(/\/nowhere\/nothing.*not found/);
  });

  test('-q --json prints the report alone', async () => {
    const file = join(folder, 'quiet.dit');
    const args = ['trace', 'exec', '-q', '--json', '-o', file, '--', 'echo', 'out'];
    const { code, stdout, stderr } = await dit(args);
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ schema: 'dit.trace/1', outcome: 'complete' });
    expect(stderr).toMatch(/^out$/m);
  });

  test('is ended with dit, and the trace is readable', async () => {
    const file = join(folder, 'ended.dit');
    const running = startDit(['trace', 'exec', '-q', '-o', file, '--', 'sleep', '1000']);
    const sleeper = await eventually(() => sleepersOf(running.pid)[0]);
    expect(sleeper, running.stderr()).toBeDefined();
    running.child.kill('SIGTERM');
    expect(await running.ended).toMatchObject({ code: 143 });
    expect(readTraceFile(file).footer?.outcome).toBe('interrupted');
    expect(await eventually(() => gone(sleeper as number) || undefined)).toBe(true);
  });

  test('never runs where the recording cannot begin', async () => {
    const mark = join(folder, 'ran');
    const { code, stderr } = await dit(
      ['trace', 'exec', '-o', join(folder, 'no.dit'), '--source', 'ebpf', '--', 'touch', mark],
      { wrapper: asUser() },
    );
    expect(code, stderr).toBe(3);
    expect(stderr).toContain('recording needs root');
    expect(readdirSync(folder)).not.toContain('ran');
  });
});

function sleepersOf(parent: number): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      const stat = pid > 0 ? readStat(pid) : undefined;
      return stat?.parent === parent && stat.comm === 'sleep';
    });
}

const gone = (pid: number): boolean => readStat(pid) === undefined;

function readStat(pid: number): { comm: string; parent: number } | undefined {
  const stat = processStat(pid);
  return stat === undefined ? undefined : { comm: stat.comm, parent: stat.parentPid };
}
