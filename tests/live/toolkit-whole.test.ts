/** All ten tests as a user runs them, on an engine whose images are containerd's: ten verdicts, and nothing stays. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { basename, dirname } from 'node:path';
import { createInterface } from 'node:readline';
import Dockerode from 'dockerode';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { engineLayout } from '../../src/engine/private/layout.js';
import { engineProcesses } from '../../src/engine/private/processes.js';
import { CHECK_NAMES } from '../../src/model/checks/check.js';
import { readMounts } from '../../src/platform/mounts.js';
import { packagePath } from '../../src/platform/package-files.js';
import buildProgram from '../support/build.js';
import { dit, eventually } from '../support/dit.js';
import { engineThings } from '../support/engine-things.js';
import { lacks } from '../support/requirements.js';

const LIMIT_MS = 400_000;

describe.skipIf(lacks('root', 'docker', 'engines', 'ebpf', 'fio'))(
  'dit test on the containerd store',
  { timeout: LIMIT_MS },
  () => {
    let engine: ChildProcess;
    let endpoint: string;

    beforeAll(async () => {
      buildProgram();
      const script = 'echo "$DOCKER_HOST"; exec cat';
      const args = ['docker-28.5-containerd', '--', 'sh', '-c', script];
      engine = spawn(packagePath('scripts/engines'), args, { stdio: ['pipe', 'pipe', 'inherit'] });
      const [line] = await once(createInterface({ input: engine.stdout as never }), 'line');
      endpoint = line as string;
      expect(endpoint).toMatch(/^unix:\/\/\/./);
    }, LIMIT_MS);
    afterAll(async () => {
      const ended = once(engine, 'exit');
      engine.stdin?.end();
      await ended;
    }, LIMIT_MS);

    /** What could stay behind: in the engine, of it, and beside it. */
    async function machine(): Promise<unknown> {
      const socketPath = endpoint.slice('unix://'.length);
      const docker = new Dockerode({ socketPath });
      const layout = engineLayout(basename(dirname(socketPath)));
      const programs = (): string[] => engineProcesses(layout).map(({ argv }) => argv[0] ?? '');
      // A shim ends a moment after its container.
      await eventually(() => programs().every((name) => !/shim/.test(name)) || undefined, 60_000);
      return {
        ...(await engineThings(docker)),
        processes: programs().sort(),
        mounts: readMounts()
          .map(({ target }) => target)
          // The engine's own, made for the first container in the host's network, and kept by it.
          .filter((target) => !target.endsWith('/netns/default'))
          .sort(),
      };
    }

    test('ten verdicts, none skipped; afterwards everything is as before', async () => {
      const before = await machine();
      const end = await dit(['test', '--json', '-H', endpoint], { limitMs: LIMIT_MS });
      const { tests, left_behind, engine: told } = JSON.parse(end.stdout);
      expect(told).toMatchObject({ storage_driver: expect.stringMatching(/overlayfs/) });
      expect(tests.map(({ name }: { name: string }) => name)).toEqual(CHECK_NAMES);
      for (const { name, verdict, reason, figures } of tests) {
        // A busy machine is warned of, rightly.
        expect(['pass', 'warn'], `${name}: ${reason}`).toContain(verdict);
        expect(figures.length, name).toBeGreaterThan(0);
      }
      expect(left_behind).toEqual([]);
      expect(end.code).toBe(0);
      expect(await machine()).toEqual(before);
    });
  },
);
