/** Round trips, connections and throughput: through the bridge, on the host's network, to a published port. */

import { DitError, EXIT } from '../../base/errors.js';
import { quoting, raw } from '../../base/foreign.js';
import type { MeasureContext } from '../../measure/context.js';
import {
  accepts,
  addressOf,
  type ClientResult,
  type ClientTask,
  freePort,
  ping,
  runClient,
  runClientIn,
  SERVER_PORT,
  serverOptions,
  waitForServer,
} from '../../measure/network/network.js';
import { megabitsPerSecond } from '../../measure/network/rates.js';
import type { Running } from '../../measure/sandbox/sandbox.js';
import { median } from '../../stats/summary.js';
import type { Dimension, Reading } from '../contract/dimension.js';

const CONNECT = 'network-connect';
const THROUGHPUT = 'network-throughput';

/** What each measurement gives a round trip of. */
const ROUND_TRIPS: Readonly<Record<string, readonly string[]>> = {
  bridge: ['bridge', 'container'],
  host: ['host'],
  published: [],
};

const PINGS = 20;
const TASK: Omit<ClientTask, 'host' | 'port'> = {
  connections: 50,
  receiveMs: 1000,
  settleMs: 100,
  resolve: '',
};

export const networkDimension: Dimension = {
  name: 'network',
  measures:
    `mean of ${PINGS} round trips by ping; bridge: container to gateway; container: to another container; host: on ` +
    "the host's network, to its loopback. network-connect: median of 50 TCP connections; network-throughput: TCP " +
    'payload; bridge: container to container, published: host to a published port',
  finer: {
    [CONNECT]: { unit: 'ms', better: 'lower' },
    [THROUGHPUT]: { unit: 'Mbit/s', better: 'higher' },
  },
  measurements: ({ iterations }) =>
    Object.entries(ROUND_TRIPS).map(([mode, groups]) => ({
      name: `network/${mode}`,
      dimension: 'network',
      iterations,
      guessMs: 4000,
      gives: [
        ...groups.map((group) => ({ dimension: 'network', group })),
        { dimension: CONNECT, group: mode },
        { dimension: THROUGHPUT, group: mode },
      ],
    })),
  prepare: async ({ docker, seesKernel }) => {
    if (!seesKernel) throw outOfReach();
    const networks = await docker.listNetworks();
    const hasBridge = networks.some(({ Name }) => Name === 'bridge');
    return (measurement, context) => {
      if (measurement === 'network/host') return measureHost(context);
      if (!hasBridge) throw withoutBridge();
      return measurement === 'network/bridge' ? measureBridge(context) : measurePublished(context);
    };
  },
};

async function measureBridge(context: MeasureContext): Promise<readonly Reading[]> {
  const { sandbox, image, signal } = context;
  const server = await startServer(context, {});
  const client = await sandbox.start({ Image: image, Cmd: ['sleep', '600'] });
  const { gateway, address } = await addressOf(context.docker, server);
  const task = { ...TASK, host: address, port: SERVER_PORT };
  await needServer(() => accepts(address, SERVER_PORT), context);
  return [
    await roundTrip('bridge', client, gateway),
    await roundTrip('container', client, address),
    ...connections('bridge', await runClientIn(client.pid, task, signal)),
  ];
}

async function measureHost(context: MeasureContext): Promise<readonly Reading[]> {
  const port = await freePort();
  const server = await startServer(context, { NetworkMode: 'host' }, '127.0.0.1', port);
  await needServer(() => accepts('127.0.0.1', port), context);
  return [
    await roundTrip('host', server, '127.0.0.1'),
    ...connections('host', await runClient({ ...TASK, host: '127.0.0.1', port })),
  ];
}

async function measurePublished(context: MeasureContext): Promise<readonly Reading[]> {
  const binding = { [`${SERVER_PORT}/tcp`]: [{ HostIp: '127.0.0.1', HostPort: '' }] };
  const server = await startServer(context, { PortBindings: binding });
  const { NetworkSettings } = await context.docker.getContainer(server.id).inspect();
  const port = Number(NetworkSettings.Ports[`${SERVER_PORT}/tcp`]?.[0]?.HostPort);
  // docker-proxy accepts before the server does.
  const { address } = await addressOf(context.docker, server);
  await needServer(() => accepts(address, SERVER_PORT), context);
  return connections('published', await runClient({ ...TASK, host: '127.0.0.1', port }));
}

function startServer(
  { sandbox, image }: MeasureContext,
  hostConfig: Readonly<Record<string, unknown>>,
  address?: string,
  port?: number,
): Promise<Running> {
  const { Cmd, Tmpfs } = serverOptions(address, port);
  return sandbox.start(
    {
      Image: image,
      Cmd,
      ExposedPorts: { [`${SERVER_PORT}/tcp`]: {} },
      HostConfig: { Tmpfs, ...hostConfig },
    },
    'server',
  );
}

async function roundTrip(group: string, from: Running, address: string): Promise<Reading> {
  const { rttsMs, evidence } = await ping(from, address, PINGS);
  if (rttsMs.length === 0) throw withoutPing(evidence);
  const value = rttsMs.reduce((sum, each) => sum + each, 0) / rttsMs.length;
  return { dimension: 'network', group, value };
}

function connections(group: string, result: ClientResult): Reading[] {
  if (result.error !== '') throw new Error(raw(quoting`connecting (${group}): ${result.error}`));
  if (!(result.receivedMs > 0))
    throw new Error(`no bytes came for ${TASK.receiveMs} ms (${group})`);
  return [
    { dimension: CONNECT, group, value: median(result.connectMs) },
    { dimension: THROUGHPUT, group, value: megabitsPerSecond(result) },
  ];
}

async function needServer(
  connects: () => Promise<boolean>,
  { signal, image }: MeasureContext,
): Promise<void> {
  if (!(await waitForServer(connects, signal))) throw withoutServer(image);
}

const missing = (code: string, message: string, remedy: string): DitError =>
  new DitError({ code, exitCode: EXIT.unavailable, message, remedy });

const outOfReach = (): DitError =>
  missing(
    'network-unseen',
    "the containers' networks are out of reach: dit is not root on the engine's machine",
    'run it there as root: sudo dit bench',
  );

const withoutBridge = (): DitError =>
  missing(
    'no-bridge',
    'the engine has no default bridge',
    'give it one: dockerd without --bridge=none',
  );

const withoutPing = (said: string): DitError =>
  missing(
    'no-round-trips',
    `ping reported no round trip: ${said}`,
    'leave --image out: busybox has ping',
  );

const withoutServer = (image: string): DitError =>
  missing(
    'no-server',
    `no server answers in a container of '${image}': it needs busybox's httpd`,
    'leave --image out',
  );
