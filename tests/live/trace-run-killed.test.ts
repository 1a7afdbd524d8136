/** kill -9 of dit while it records: what was written is readable, the engine is well, the next run cleans up. */
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { analyse } from '../../src/analysis/analyse.js';
import { readTraceFile } from '../../src/tracefile/reader.js';
import buildProgram from '../support/build.js';
import { dit, eventually, startDit } from '../support/dit.js';
import { builtin, liveEngines } from '../support/live-engines.js';
import { lacks } from '../support/requirements.js';

const LIMIT_MS = 300_000;
const KILLS = 20;
const engines = liveEngines('live-kill');
const folder = mkdtempSync(join(tmpdir(), 'dit-killed-'));

afterAll(() => rmSync(folder, { recursive: true }));

describe.skipIf(lacks('root', 'docker', 'ebpf')).each(engines.map((engine) => ({ engine })))(
  'kill -9 of a recording on $engine.name',
  { timeout: LIMIT_MS },
  ({ engine }) => {
    beforeAll(async () => {
      buildProgram();
      await engine.open();
    }, LIMIT_MS);
    afterAll(() => engine.close(), LIMIT_MS);

    const recording = (file: string, ...command: readonly string[]): string[] => [
      ...['trace', 'run', '-q', '-H', engine.endpoint, '-o', file, '--network', 'none'],
      ...builtin(...command),
    ];

    test('leaves a file that says what is missing, and orphans that the next run removes', async () => {
      for (let i = 0; i < Math.ceil(KILLS / engines.length); i++) {
        const file = join(folder, `${engine.name}-${i}.dit`);
        const running = startDit(recording(file, 'sleep', '1000'));
        const began = await eventually(
          () => (existsSync(file) && statSync(file).size) || undefined,
        );
        expect(began, running.stderr()).toBeGreaterThan(0);
        const ms = Math.round(Math.random() * 1000);
        await sleep(ms);
        running.child.kill('SIGKILL');
        expect((await running.ended).signal).toBe('SIGKILL');

        const trace = analyse(readTraceFile(file));
        expect(trace.recording.footer, `after ${ms} ms`).toBeUndefined();
        // A write is whole or not there.
        expect(trace.recording.problems).toEqual([]);
        expect(trace.warnings.map(({ code }) => code)).toContain('incomplete');
        const shown = await dit(['trace', 'show', file]);
        expect(shown).toMatchObject({ code: 0, stderr: '' });
        expect(shown.stdout).toMatch(/! the recording ends early: dit was killed/);
      }
      const file = join(folder, `${engine.name}-after.dit`);
      const after = await dit(recording(file));
      expect(after, after.stderr).toMatchObject({ code: 0 });
      expect(readTraceFile(file).footer?.outcome).toBe('complete');
      expect(await engine.remains()).toEqual([]);
      expect(String(await engine.docker().ping())).toBe('OK');
    });
  },
);
