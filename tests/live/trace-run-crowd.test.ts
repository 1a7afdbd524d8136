/** Ten recorded starts at once: each trace has its own start, whole, on a path of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { analyse } from '../../src/analysis/analyse.js';
import type { ContainerRun } from '../../src/model/trace/trace.js';
import { readTraceFile } from '../../src/tracefile/reader.js';
import buildProgram from '../support/build.js';
import { expectExactPartition } from '../support/checks.js';
import { dit } from '../support/dit.js';
import { builtin, liveEngines } from '../support/live-engines.js';
import { lacks } from '../support/requirements.js';

const LIMIT_MS = 300_000;
const STARTS = 10;
const folder = mkdtempSync(join(tmpdir(), 'dit-crowd-'));

afterAll(() => rmSync(folder, { recursive: true }));

describe
  .skipIf(lacks('root', 'docker', 'ebpf'))
  .each(liveEngines('live-crowd').map((engine) => ({ engine })))(
  'ten recordings at once on $engine.name',
  { timeout: LIMIT_MS },
  ({ engine }) => {
    beforeAll(async () => {
      buildProgram();
      await engine.open();
    }, LIMIT_MS);
    afterAll(() => engine.close(), LIMIT_MS);

    test('each holds its own start', async () => {
      const files = Array.from({ length: STARTS }, (_, i) =>
        join(folder, `${engine.name}-${i}.dit`),
      );
      const ends = await Promise.all(
        files.map((file) => {
          const where = ['-H', engine.endpoint, '-o', file, '--network', 'none'];
          return dit(['trace', 'run', '-q', ...where, ...builtin('true')]);
        }),
      );
      expect(ends.map(({ code }) => code)).toEqual(files.map(() => 0));
      const traces = files.map((file) => analyse(readTraceFile(file)));
      const pids = new Set<number>();
      const ids = new Set<string>();
      for (const { runs, processes } of traces) {
        expect(runs).toHaveLength(1);
        const run = runs[0] as ContainerRun;
        expectExactPartition(run);
        ids.add(run.containerId);
        for (const key of run.processes) pids.add(processes[key]?.pid ?? 0);
      }
      expect(ids.size).toBe(STARTS);
      const all = traces.reduce((sum, { runs }) => sum + (runs[0]?.processes.length ?? 0), 0);
      expect(pids.size).toBe(all);
    });
  },
);
