/** `dit trace watch`: every start by other clients, one line each, none lost. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { analyse } from '../../src/analysis/analyse.js';
import { BUILTIN_IMAGE } from '../../src/platform/builtin-image.js';
import { readTraceFile } from '../../src/tracefile/reader.js';
import buildProgram from '../support/build.js';
import { eventually, ROOT, startDit } from '../support/dit.js';
import { liveEngines } from '../support/live-engines.js';
import { lacks } from '../support/requirements.js';

const LIMIT_MS = 180_000;
const engines = liveEngines('live-watch');
const folder = mkdtempSync(join(tmpdir(), 'dit-watch-'));
const client = join(ROOT, 'tests/support/start-containers.mjs');
const run = promisify(execFile);

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
      expect(summary).toMatchObject({ starts: 16, failed: 0, lost: 0 });
      expect(lines.map(({ name, container_id: id }) => `${name} ${id}`).sort()).toEqual(
        [...started].sort(),
      );
      for (const line of lines) {
        expect(line).toMatchObject({ image: BUILTIN_IMAGE, exit_code: 0, failure: '' });
        const { runtime, kernel, storage, unattributed } = line.phases;
        expect(runtime + kernel + storage + unattributed).toBe(line.window.length_ns);
        // The file holds the same start, to the nanosecond.
        const trace = analyse(readTraceFile(line.file));
        expect(trace.runs.map(({ containerId }) => containerId)).toEqual([line.container_id]);
        const window = trace.runs[0]?.window;
        expect((window?.end ?? 0) - (window?.start ?? 0)).toBe(line.window.length_ns);
      }
      expect(readdirSync(out)).toHaveLength(16);
    });

    test('filters, and draws a table', async () => {
      const watch = startDit(['trace', 'watch', '-H', engine.endpoint, '--filter', 'name=yes*']);
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
      expect(stdout).toMatch(/yes-0 +dit-builtin:1 +\d+\.\d +\d+\.\d/);
      expect(stdout).not.toMatch(/no-0/);
      expect(stdout).toMatch(/1 start in \d+ s, 1 filtered out/);
      expect(stdout).toMatch(/lost events: 0 of/);
    });
  },
);
