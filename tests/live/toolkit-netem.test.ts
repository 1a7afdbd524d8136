/** The network test against a delay of the kernel's own making; in the guests of scripts/kernels, whose kernels have netem. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import type Dockerode from 'dockerode';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BUILTIN_IMAGE } from '../../src/platform/builtin-image.js';
import { ping, spreadOf } from '../../src/toolkit/measure-network.js';
import { Sandbox } from '../../src/toolkit/sandbox.js';
import { liveEngines } from '../support/live-engines.js';
import { lacks } from '../support/requirements.js';

const LIMIT_MS = 120_000;
const STAYS = {
  Image: BUILTIN_IMAGE,
  Cmd: ['sleep', '300'],
  HostConfig: { NetworkMode: 'bridge' },
};

describe
  .skipIf(lacks('root', 'docker', 'netem'))
  .each(liveEngines('live-netem').map((engine) => ({ engine })))(
  'a delayed interface on $engine.name',
  { timeout: LIMIT_MS },
  ({ engine }) => {
    let docker: Dockerode;
    let sandbox: Sandbox;

    beforeAll(async () => {
      await engine.open();
      docker = engine.docker();
      sandbox = new Sandbox(docker, randomBytes(16).toString('hex'));
    }, LIMIT_MS);

    afterAll(async () => {
      expect(await sandbox?.close()).toEqual([]);
      await engine.close();
    }, LIMIT_MS);

    test('20 ms of netem are seen as 20 ± 2 ms', async () => {
      const [near, far] = [await sandbox.start(STAYS), await sandbox.start(STAYS)];
      const { NetworkSettings } = await docker.getContainer(far.id).inspect();
      const address = NetworkSettings.Networks.bridge?.IPAddress ?? '';
      const before = await ping(near, address, 20);
      expect(before.rttsMs, before.evidence).toHaveLength(20);
      const delay = 'tc qdisc add dev eth0 root netem delay 20ms';
      execFileSync('nsenter', [`--net=/proc/${far.pid}/ns/net`, ...delay.split(' ')]);
      const after = await ping(near, address, 20);
      expect(after.rttsMs, after.evidence).toHaveLength(20);
      const { median } = spreadOf(after.rttsMs);
      console.info(`median ${spreadOf(before.rttsMs).median} ms before, ${median} ms with netem`);
      expect(median).toBeGreaterThanOrEqual(18);
      expect(median).toBeLessThanOrEqual(22);
    });
  },
);
