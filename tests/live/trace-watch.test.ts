/** `dit trace watch`: every start by other clients, one line each, none lost. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { analyse } from '../../src/analysis/analyse.js';
import { BUILTIN_IMAGE } from '../../src/engine/builtin-image.js';
import { startEngine, stopEngine } from '../../src/engine/private/private-engine.js';
import { readTraceFile } from '../../src/tracefile/reader.js';
import buildProgram from '../support/build.js';
import { eventually, ROOT, type RunningDit, startDit } from '../support/dit.js';
import { LiveEngine, liveEngines } from '../support/live-engines.js';
import { lacks } from '../support/requirements.js';

const LIMIT_MS = 300_000;
const engines = liveEngines('live-watch');
const folder = mkdtempSync(join(tmpdir(), 'dit-watch-'));
const client = join(ROOT, 'tests/support/start-containers.mjs');
const run = promisify(execFile);

/** What is held weakly only is gone after the first of them. */
const COLLECT = `
  import { setFlagsFromString } from 'node:v8';
  import { runInNewContext } from 'node:vm';
  setFlagsFromString('--expose-gc');
  setInterval(runInNewContext('gc'), 200).unref();
`;

afterAll(() => rmSync(folder, { recursive: true }));

describe.skipIf(lacks('root', 'docker', 'ebpf')).each(engines.map((engine) => ({ engine })))(
  'watching $engine.name',
  { timeout: LIMIT_MS },
  ({ engine }) => {
    beforeAll(async () => {
      buildProgram();
      await engine.open();
    }, LIMIT_MS);
    afterAll(() => engine.close(), LIMIT_MS);

    test('tells each start once, with its container, image and phases', async () => {
      const out = join(folder, engine.name);
      const watch = startDit(
        ['trace', 'watch', '--json', '--strict', '--out', out, '-H', engine.endpoint],
        { limitMs: LIMIT_MS },
      );
      expect(await eventually(() => /watching/.test(watch.stderr()) || undefined)).toBe(true);
      const start = async (...how: string[]): Promise<string[]> => {
        const args = [client, engine.socketPath, BUILTIN_IMAGE, ...how];
        const { stdout } = await run(process.execPath, args, { cwd: ROOT });
        return stdout.trim().split('\n');
      };
      const started = [
        ...(await start('seq', '8', 'one-by-one')),
        ...(await start('crowd', '8', 'at-once')),
      ];
      watch.child.kill('SIGINT');
      const end = await watch.ended;
      expect(end.code, end.stderr).toBe(0);
      const lines = end.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      const summary = lines.pop();
      const told = lines.map(({ name, container_id: id }) => `${name} ${id}`);
      expect(told.sort(), end.stderr).toEqual([...started].sort());
      expect(summary).toMatchObject({ starts: 16, failed: 0, lost: 0 });
      for (const line of lines) {
        expect(line).toMatchObject({ image: BUILTIN_IMAGE, failure: '' });
        const { runtime, kernel, storage, unattributed } = line.phases;
        expect(runtime + kernel + storage + unattributed).toBe(line.window.length_ns);
        // The file holds the same start, to the nanosecond.
        const trace = analyse(readTraceFile(line.file));
        expect(trace.runs.map(({ containerId }) => containerId)).toEqual([line.container_id]);
        // Told 400 ms after its exec: on a busy machine the program may not have ended by then.
        const exits = trace.runs[0]?.milestones.filter(({ name }) => name === 'exited').length;
        expect(line.exit_code).toBe(exits === 1 ? 0 : null);
        const window = trace.runs[0]?.window;
        expect((window?.end ?? 0) - (window?.start ?? 0)).toBe(line.window.length_ns);
      }
      expect(readdirSync(out)).toHaveLength(16);
    });

    test('tells every start of a container: by a client, and by a policy as often as it crashes', async () => {
      const out = join(folder, `${engine.name}-again`);
      const watch = startDit(
        ['trace', 'watch', '--json', '--strict', '--out', out, '-H', engine.endpoint],
        { limitMs: LIMIT_MS },
      );
      expect(await eventually(() => /watching/.test(watch.stderr()) || undefined)).toBe(true);
      const create = (name: string, restarts: number, ...command: string[]) =>
        engine.docker().createContainer({
          Image: BUILTIN_IMAGE,
          name,
          Cmd: command,
          HostConfig: {
            NetworkMode: 'none',
            RestartPolicy: { Name: 'on-failure', MaximumRetryCount: restarts },
          },
        });
      const crashing = await create('crashing', 2, 'sh', '-c', 'exit 1');
      const steady = await create('steady', 0, 'sleep', '600');
      try {
        await crashing.start();
        await steady.start();
        await sleep(3000);
        await steady.restart({ t: 0 });
        await steady.restart({ t: 0 });
        const crashes = async () => (await crashing.inspect()).RestartCount;
        while ((await crashes()) < 2) await sleep(100);
        await crashing.wait();
        watch.child.kill('SIGINT');
        const { code, stdout, stderr } = await watch.ended;
        expect(code, stderr).toBe(0);
        const lines = stdout
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line));
        expect(lines.pop()).toMatchObject({ starts: 6, failed: 0, lost: 0 });
        for (const { id, name, exitCode } of [
          { id: crashing.id, name: 'crashing', exitCode: 1 },
          { id: steady.id, name: 'steady' },
        ]) {
          const starts = lines.filter(({ container_id }) => container_id === id);
          expect(starts).toHaveLength(3);
          let before = 0;
          for (const start of starts) {
            expect(start).toMatchObject({ name, image: BUILTIN_IMAGE, failure: '' });
            if (exitCode !== undefined) expect(start.exit_code).toBe(exitCode);
            // Neither the end of the start before it nor a policy's wait is a part of it.
            const at = Date.parse(start.at);
            expect(at).toBeGreaterThan(before);
            before = at + start.window.length_ns / 1e6;
            const { runs, processes } = analyse(readTraceFile(start.file));
            const { end = 0, start: begin = 0 } = runs[0]?.window ?? {};
            expect(end - begin).toBe(start.window.length_ns);
            const shims = processes.filter(
              ({ execs, actors }) =>
                execs.at(-1)?.argv.at(-1) === 'start' && actors.at(-1)?.actor === 'shim',
            );
            expect(shims).toHaveLength(1);
          }
        }
        expect(readdirSync(out)).toHaveLength(6);
      } finally {
        await crashing.remove({ force: true });
        await steady.remove({ force: true });
      }
    });

    test('filters, and draws a table', async () => {
      const args = ['trace', 'watch', '-H', engine.endpoint, '--filter', 'name=yes*'];
      const watch = startDit(args, { env: { COLUMNS: undefined } });
      expect(await eventually(() => /watching/.test(watch.stderr()) || undefined)).toBe(true);
      for (const prefix of ['yes', 'no']) {
        await run(
          process.execPath,
          [client, engine.socketPath, BUILTIN_IMAGE, prefix, '1', 'one-by-one'],
          { cwd: ROOT },
        );
      }
      watch.child.kill('SIGINT');
      const { code, stdout } = await watch.ended;
      expect(code).toBe(0);
      expect(stdout).toMatch(/yes-0 +dit-builtin:1 +[\d,]+\.\d +[\d,]+\.\d/);
      expect(stdout).not.toMatch(/no-0/);
      expect(stdout).toMatch(/1 start in \d+ s, 1 filtered out/);
      expect(stdout).toMatch(/lost events: 0 of/);
    });
  },
);

describe.skipIf(lacks('root', 'docker', 'ebpf'))('watching', { timeout: LIMIT_MS }, () => {
  const engine = new LiveEngine(`live-rewatch-${process.pid}`);
  beforeAll(async () => {
    buildProgram();
    await engine.open();
  }, LIMIT_MS);
  afterAll(() => engine.close(), LIMIT_MS);

  const watchJson = async () => {
    const watch = startDit(['trace', 'watch', '--json', '-H', engine.endpoint], {
      limitMs: LIMIT_MS,
    });
    expect(await says(watch, /watching/)).toBe(true);
    return watch;
  };
  const says = (watch: RunningDit, what: RegExp): Promise<true | undefined> =>
    eventually(() => what.test(watch.stderr()) || undefined);
  const endOf = async (watch: RunningDit) => {
    watch.child.kill('SIGINT');
    const { code, stdout, stderr } = await watch.ended;
    expect(code, stderr).toBe(0);
    const lines = stdout.trim().split('\n');
    return lines.map((line) => JSON.parse(line));
  };

  test('outlives the engine, and names what the next one starts', async () => {
    const watch = await watchJson();
    await stopEngine({ name: engine.name });
    expect(await says(watch, /the engine stopped/)).toBe(true);
    await startEngine({ name: engine.name });
    expect(await says(watch, /the engine restarted; following \d+, \d+/)).toBe(true);
    // The next look follows its events.
    await sleep(3000);
    const args = [client, engine.socketPath, BUILTIN_IMAGE, 'again', '1', 'one-by-one'];
    await run(process.execPath, args, { cwd: ROOT });
    const [line, summary] = await endOf(watch);
    expect(line).toMatchObject({ name: 'again-0', image: BUILTIN_IMAGE });
    expect(summary).toMatchObject({ starts: 1, failed: 0 });
    expect(watch.stderr().match(/the engine stopped/g)).toHaveLength(1);
  });

  test('ends after --for, whatever garbage is collected meanwhile', async () => {
    const preload = join(folder, 'collect.mjs');
    writeFileSync(preload, COLLECT);
    const watch = startDit(['trace', 'watch', '--for', '3', '-H', engine.endpoint], {
      env: { NODE_OPTIONS: `--import=${preload}` },
      limitMs: LIMIT_MS,
    });
    const { code, stderr } = await watch.ended;
    expect(code, stderr).toBe(0);
  });

  test('ends when nobody reads any more', async () => {
    const watch = await watchJson();
    watch.child.stdout?.destroy();
    const args = [client, engine.socketPath, BUILTIN_IMAGE, 'unread', '1', 'one-by-one'];
    await run(process.execPath, args, { cwd: ROOT });
    const { code, stderr } = await watch.ended;
    expect(code, stderr).toBe(0);
  });

  test('records nothing in a container after its start was told', async () => {
    const watch = await watchJson();
    const told = once(watch.child.stdout as Readable, 'data');
    // At most some 400 a second, twenty events or so each: what is recorded before it is told stays bounded.
    const forksInto = (file: string): string[] => [
      'sh',
      '-c',
      `while :; do /bin/busybox usleep 2000; n=$((n + 1)); echo $n >${file}; done`,
    ];
    const container = await engine.docker().createContainer({
      Image: BUILTIN_IMAGE,
      Cmd: forksInto('/entrypoint'),
      HostConfig: { NetworkMode: 'none' },
    });
    try {
      await container.start();
      await told;
      const command = await container.exec({ Cmd: forksInto('/command') });
      await command.start({ Detach: true });
      const { State } = await container.inspect();
      const forks = (file: string): number => {
        const path = `/proc/${State.Pid}/root/${file}`;
        return existsSync(path) ? Number(readFileSync(path, 'utf8')) : 0;
      };
      const many = () => Math.min(forks('entrypoint'), forks('command')) > 6000 || undefined;
      expect(await eventually(many, LIMIT_MS)).toBe(true);
      const [, summary] = await endOf(watch);
      expect(summary.events).toBeLessThan(100_000);
    } finally {
      await container.remove({ force: true });
    }
  });
});
