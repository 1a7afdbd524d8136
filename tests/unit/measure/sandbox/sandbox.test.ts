/** What a sandbox asks an engine for, and what becomes of checks whose containers do not stay. */
import type Dockerode from 'dockerode';
import { expect, test } from 'vitest';
import { cpuCheck } from '../../../../src/checks/cpu/check.js';
import { runCheck } from '../../../../src/checks/run-checks.js';
import { securityCheck } from '../../../../src/checks/security/check.js';
import type { MeasureContext } from '../../../../src/measure/context.js';
import { Sandbox } from '../../../../src/measure/sandbox/sandbox.js';

/** @param runs what each look at the container says, the last one from then on */
function stubEngine(...runs: readonly boolean[]) {
  const asked: Dockerode.ContainerCreateOptions[] = [];
  let looks = 0;
  const container = {
    id: 'a'.repeat(64),
    start: async () => {},
    remove: async () => {},
    inspect: async () => ({
      Name: '/x',
      State: { Running: runs[Math.min(looks++, runs.length - 1)], Pid: 0 },
    }),
  };
  const docker = {
    info: async () => ({ NCPU: 2 }),
    listContainers: async () => [],
    getContainer: () => container,
    createContainer: async (options: Dockerode.ContainerCreateOptions) => {
      asked.push(options);
      return container;
    },
  } as unknown as Dockerode;
  return { docker, asked };
}

const signal = new AbortController().signal;

const contextOf = (docker: Dockerode): Omit<MeasureContext, 'sandbox'> =>
  ({
    docker,
    engine: { endpoint: 'unix:///run/docker.sock' },
    seesKernel: true,
    image: 'an/image',
    signal,
    say: () => {},
  }) as unknown as Omit<MeasureContext, 'sandbox'>;

test("a container executes what it is told, whatever the image's entrypoint is", async () => {
  const { docker, asked } = stubEngine(true);
  await new Sandbox(docker, 'ab', signal).start({ Image: 'x', Cmd: ['sleep', '300'] });
  expect(asked).toMatchObject([{ Entrypoint: ['sleep', '300'], Cmd: [] }]);
});

test('a container that does not stay is an error, with what it executed', async () => {
  const started = new Sandbox(stubEngine(false).docker, 'ab', signal).start({
    Image: 'x',
    Cmd: ['sleep', '300'],
  });
  await expect(started).rejects.toMatchObject({
    code: 'container-ended',
    message: expect.stringContaining('"sleep 300" ended at once'),
  });
});

test.each([
  securityCheck,
  cpuCheck,
])('$name does not pass where its containers do not stay', async (check) => {
  const { report } = await runCheck(check, contextOf(stubEngine(false).docker));
  expect(report).toMatchObject({ verdict: 'fail', figures: [] });
  expect(report?.reason).toContain('ended at once');
});

test('security does not pass where a container is gone when it is to be read', async () => {
  const { report } = await runCheck(securityCheck, contextOf(stubEngine(true, false).docker));
  expect(report).toMatchObject({ verdict: 'fail', figures: [] });
  expect(report?.reason).toContain('"sleep 300" ended at once');
});
