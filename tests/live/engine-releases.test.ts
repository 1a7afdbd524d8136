import Dockerode from 'dockerode';
import { describe, expect, test } from 'vitest';
import { ensureBuiltinImage } from '../../src/engine/builtin-image.js';
import { lacks } from '../support/requirements.js';
import { testEngines } from '../support/test-engines.js';

describe.skipIf(lacks('root', 'docker', 'engines'))('private engines of other releases', () => {
  test.each(testEngines())(
    '$name runs the built-in image',
    { timeout: 300_000 },
    async (engine) => {
      const docker = new Dockerode({ socketPath: engine.socketPath });
      const { Version } = await docker.version();
      expect(`docker-${Version}`.startsWith(`${engine.name}.`)).toBe(true);
      const { image } = await ensureBuiltinImage(docker);
      const container = await docker.createContainer({
        Image: image,
        Cmd: ['sh', '-c', 'ip address show dev eth0; cat /proc/self/cgroup'],
        HostConfig: { NetworkMode: 'bridge', Init: true },
      });
      await container.start();
      expect(await container.wait()).toMatchObject({ StatusCode: 0 });
      const output = (await container.logs({ stdout: true })).toString('utf8');
      expect(output).toMatch(/inet 198\.1[89]\.\d+\.\d+\/24/);
      expect(output).toMatch(/\/dit\/docker-[\w.-]+\/[0-9a-f]{64}|0::\//);
      await container.remove();
    },
  );
});
