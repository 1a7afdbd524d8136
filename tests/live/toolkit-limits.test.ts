/** The tests of networks, isolation and CPU on real engines, where the truth is known because it was planted. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import type Dockerode from 'dockerode';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HARDENED } from '../../src/checks/security/check.js';
import { findingsOf, RULES } from '../../src/container/posture/posture-rules.js';
import { readPosture } from '../../src/container/posture/read-posture.js';
import { BUILTIN_IMAGE } from '../../src/engine/builtin-image.js';
import { measureQuota, measureWeights } from '../../src/measure/cpu.js';
import {
  accepts,
  addressOf,
  runClientIn,
  SERVER_PORT,
  serverOptions,
  waitForServer,
} from '../../src/measure/network/network.js';
import { megabitsPerSecond, onTheLink } from '../../src/measure/network/rates.js';
import { type ContainerOptions, Sandbox } from '../../src/measure/sandbox/sandbox.js';
import buildProgram from '../support/build.js';
import { type EngineThings, engineThings } from '../support/engine-things.js';
import { type LiveEngine, liveEngines } from '../support/live-engines.js';
import { lacks } from '../support/requirements.js';

const LIMIT_MS = 300_000;
/** Where others' work may spoil what is measured: a machine is quiet sooner or later. */
const AGAIN = { retry: 2 };
const STAYS = { Image: BUILTIN_IMAGE, Cmd: ['sleep', '300'] };
const signal = new AbortController().signal;

/** One change to the hardened container, the finding it must give, and those that come with it. */
interface Plant {
  readonly id: string;
  readonly host?: Record<string, unknown>;
  readonly user?: string;
  readonly also?: readonly string[];
}

const plants = (engine: LiveEngine): readonly Plant[] => [
  {
    id: 'privileged',
    host: { Privileged: true },
    also: [
      'powerful-capability',
      'default-capabilities',
      'seccomp-off',
      'writable-kernel-paths',
      'unmasked-kernel-paths',
      'devices',
    ],
  },
  { id: 'powerful-capability', host: { CapAdd: ['SYS_ADMIN'] } },
  { id: 'default-capabilities', host: { CapDrop: [] } },
  { id: 'seccomp-off', host: { SecurityOpt: ['no-new-privileges', 'seccomp=unconfined'] } },
  { id: 'new-privileges', host: { SecurityOpt: [] } },
  { id: 'root-user', user: '0:0' },
  { id: 'host-pid', host: { PidMode: 'host' } },
  { id: 'host-network', host: { NetworkMode: 'host' } },
  { id: 'host-ipc', host: { IpcMode: 'host' } },
  { id: 'host-uts', host: { UTSMode: 'host' } },
  { id: 'host-cgroup', host: { CgroupnsMode: 'host' } },
  {
    id: 'engine-socket',
    // An engine of the test's own has a socket when it is open.
    get host() {
      return { Binds: [`${engine.socketPath}:/tmp/harmless`] };
    },
  },
  { id: 'sensitive-mount', host: { Binds: ['/etc:/tmp/settings'] } },
  {
    id: 'sensitive-mount',
    host: {
      Mounts: [
        {
          Type: 'volume',
          Target: '/tmp/settings',
          VolumeOptions: {
            DriverConfig: {
              Name: 'local',
              Options: { type: 'none', o: 'bind', device: '/etc' },
            },
          },
        },
      ],
    },
  },
  { id: 'writable-kernel-paths', host: { ReadonlyPaths: [] } },
  { id: 'unmasked-kernel-paths', host: { MaskedPaths: [] } },
  {
    id: 'devices',
    host: {
      Devices: [{ PathOnHost: '/dev/kmsg', PathInContainer: '/dev/log', CgroupPermissions: 'r' }],
    },
  },
  { id: 'writable-root', host: { ReadonlyRootfs: false } },
  { id: 'no-pids-limit', host: { PidsLimit: 0 } },
  { id: 'no-memory-limit', host: { Memory: 0, MemorySwap: 0 } },
];

describe
  .skipIf(lacks('root', 'docker'))
  .each(liveEngines('live-limits').map((engine) => ({ engine })))(
  'limits on $engine.name',
  { timeout: LIMIT_MS },
  ({ engine }) => {
    let docker: Dockerode;
    let sandbox: Sandbox;
    let before: EngineThings;

    beforeAll(async () => {
      buildProgram();
      await engine.open();
      docker = engine.docker();
      before = await engineThings(docker);
      sandbox = new Sandbox(docker, randomBytes(16).toString('hex'), new AbortController().signal);
    }, LIMIT_MS);

    afterAll(async () => {
      const remains = await sandbox.close();
      const after = await engineThings(docker);
      await engine.close();
      expect(remains).toEqual([]);
      expect(after).toEqual(before);
    }, LIMIT_MS);

    describe('security', () => {
      const idsOf = async (options: Partial<ContainerOptions>): Promise<string[]> => {
        const container = await sandbox.start({ ...STAYS, ...options });
        const posture = await readPosture(docker, container.id, true);
        await container.remove();
        if (posture === undefined) throw new Error('the container did not stay');
        const found = findingsOf([posture], { sockets: [] });
        return [...new Set(found.map(({ id }) => id))].sort();
      };

      test('finds nothing in the hardened container', async () => {
        expect(await idsOf(HARDENED)).toEqual([]);
      });

      test.each(plants(engine))('finds $id', async ({ id, host, user, also = [] }) => {
        const found = await idsOf({
          User: user ?? HARDENED.User,
          HostConfig: { ...HARDENED.HostConfig, ...host },
        });
        expect(found).toEqual([id, ...also].sort());
      });

      test('each rule has its plant, but for that of a security module, which not every machine has', () => {
        const ids = plants(engine).map(({ id }) => id);
        expect(Object.keys(RULES).filter((id) => !ids.includes(id))).toEqual([
          'security-module-off',
        ]);
      });
    });

    describe('cpu', () => {
      const common = { image: BUILTIN_IMAGE, intervalMs: 5000, seesKernel: true, signal };

      // Half a CPU is there sooner or later; without it nothing is shown.
      test('a quota of 0.5 CPUs is half a CPU, to 1 percentage point', { retry: 6 }, async () => {
        const measured = await measureQuota(docker, sandbox, { ...common, limit: 0.5 });
        expect(measured.starved, JSON.stringify(measured.evidence)).toBe(false);
        expect(Math.abs(measured.share * 100 - 50)).toBeLessThanOrEqual(1);
        expect(measured.periods).toBeGreaterThanOrEqual(48);
      });

      test('weights of 1024 and 512 on one CPU are 2:1', AGAIN, async () => {
        const measured = await measureWeights(docker, sandbox, {
          ...common,
          asked: [1024, 512],
          cpu: 0,
        });
        expect(measured.cpus).toEqual(['0', '0']);
        const [first, second] = measured.shares;
        const [heavy, light] = measured.weights;
        expect(Math.abs(first / second / (heavy / light) - 1)).toBeLessThanOrEqual(0.1);
      });

      test('a meter by the engine alone sees the same quota', { retry: 6 }, async () => {
        const options = { ...common, seesKernel: false, limit: 0.1 };
        const measured = await measureQuota(docker, sandbox, options);
        expect(measured.starved).toBe(false);
        expect(Math.abs(measured.share * 100 - 10)).toBeLessThanOrEqual(1);
      });
    });

    test('a limit of 50 Mbit/s on a container’s interface is seen to 5 %', AGAIN, async () => {
      const { Cmd, Tmpfs } = serverOptions();
      const HostConfig = { NetworkMode: 'bridge' };
      const server = await sandbox.start({
        Image: BUILTIN_IMAGE,
        Cmd,
        HostConfig: { ...HostConfig, Tmpfs },
      });
      const client = await sandbox.start({ ...STAYS, HostConfig });
      const { address: host } = await addressOf(docker, server);
      expect(await waitForServer(() => accepts(host, SERVER_PORT), signal)).toBe(true);
      const limit = 'tc qdisc add dev eth0 root tbf rate 50mbit burst 32kb latency 100ms';
      execFileSync('nsenter', [`--net=/proc/${server.pid}/ns/net`, ...limit.split(' ')]);
      const task = { host, port: SERVER_PORT, connections: 3, settleMs: 500, resolve: '' };
      const seen = await runClientIn(client.pid, { ...task, receiveMs: 4000 }, signal);
      expect(seen.error).toBe('');
      expect(seen.connectMs).toHaveLength(3);
      const rate = onTheLink(megabitsPerSecond(seen), 1500);
      expect(rate).toBeGreaterThanOrEqual(47.5);
      expect(rate).toBeLessThanOrEqual(52.5);
      // What is left to the payload: 1448 bytes of 1514.
      expect(megabitsPerSecond(seen)).toBeLessThan(rate);
      await server.remove();
      await client.remove();
    });
  },
);
