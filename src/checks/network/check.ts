/** The network test: what each kind of network gives a container, measured without the internet. */

import { networkInterfaces } from 'node:os';
import type Dockerode from 'dockerode';
import { own } from '../../base/own.js';
import { cpuMsOf, proxyOf } from '../../container/network/port-proxy.js';
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
import type { Running } from '../../measure/sandbox/sandbox.js';
import { defineCheck } from '../contract/check.js';
import {
  judgeNetwork,
  NETWORK_MODES,
  type NetworkFacts,
  type NetworkMode,
  type NetworkSeen,
  type Observation,
  type PingTarget,
} from './judge.js';
import { networkText } from './text.js';

export const networkCheck = defineCheck({
  name: 'network',
  measure,
  judge: judgeNetwork,
  text: networkText,
});

const PINGS = 20;
const CONNECTIONS = 50;
const RECEIVE_MS = 1000;
const SETTLE_MS = 200;
/** The server's name in a network that a user defines. */
const ALIAS = 'dit-server';

type Observe = (context: MeasureContext) => Promise<Observation[]>;

const OBSERVERS: Readonly<Record<NetworkMode, Observe>> = {
  none: observeNone,
  host: observeHost,
  bridge: observeBridge,
  'user-defined': observeUserDefined,
};

async function measure(context: MeasureContext): Promise<NetworkFacts> {
  const { docker, signal, say, seesKernel } = context;
  const hasBridge = (await docker.listNetworks()).some(({ Name }) => Name === 'bridge');
  const networks: NetworkSeen[] = [];
  for (const mode of NETWORK_MODES.filter((each) => hasBridge || each !== 'bridge')) {
    signal.throwIfAborted();
    say(`network ${mode}`);
    networks.push({ mode, observations: await OBSERVERS[mode](context) });
  }
  return { networks, hasBridge, seesKernel };
}

const STAYS = ['sleep', '300'];

/** A container that only has a network. */
const idle = ({ sandbox, image }: MeasureContext, NetworkMode: string): Promise<Running> =>
  sandbox.start({ Image: image, Cmd: STAYS, HostConfig: { NetworkMode } }, 'client');

async function observeNone(context: MeasureContext): Promise<Observation[]> {
  const container = await idle(context, 'none');
  const names = await interfacesOf(container);
  const trips = await roundTrips(container, '127.0.0.1', 'own loopback');
  await container.remove();
  return [{ kind: 'interfaces', names }, trips];
}

/** "  eth0: 1296 16 …" after two lines of titles. */
async function interfacesOf(container: Running): Promise<string[]> {
  const { stdout } = await container.exec('cat', '/proc/net/dev');
  const names = stdout.split('\n').flatMap((line) => /^\s*([^\s:|]+):/.exec(line)?.[1] ?? []);
  // The kernel gives every network namespace fallback devices of the tunnel modules it has loaded.
  return names.filter(
    (name) =>
      !/^(tunl0|sit0|gre0|gretap0|erspan0|ip_vti0|ip6_vti0|ip6tnl0|ip6gre0|teql0)$/.test(name),
  );
}

async function observeHost(context: MeasureContext): Promise<Observation[]> {
  const { sandbox, image, seesKernel, signal } = context;
  const port = seesKernel ? await freePort() : SERVER_PORT;
  const { Cmd, Tmpfs } = serverOptions('127.0.0.1', port);
  // An engine that remaps users refuses the machine's network to remapped ones.
  const HostConfig = { NetworkMode: 'host', UsernsMode: 'host', Tmpfs };
  const container = await sandbox.start(
    { Image: image, HostConfig, Cmd: seesKernel ? Cmd : STAYS },
    'server',
  );
  const observations = [await roundTrips(container, '127.0.0.1', 'host loopback')];
  if (seesKernel) {
    const result = await clientOf('127.0.0.1', port, signal);
    observations.push({ kind: 'client', from: { kind: 'host' }, result, mtu: undefined });
  }
  await container.remove();
  return observations;
}

async function observeBridge(context: MeasureContext): Promise<Observation[]> {
  const { sandbox, image, seesKernel } = context;
  const client = await idle(context, 'bridge');
  const { gateway } = await addressOf(context.docker, client);
  const { Cmd, Tmpfs } = serverOptions();
  const addresses = ['127.0.0.1', ...(gateway === '' ? [] : [gateway])];
  const port = `${SERVER_PORT}/tcp`;
  const server = await sandbox.start(
    {
      Image: image,
      Cmd,
      ExposedPorts: { [port]: {} },
      HostConfig: {
        NetworkMode: 'bridge',
        Tmpfs,
        // Addresses that nobody outside this machine reaches.
        PortBindings: { [port]: addresses.map((HostIp) => ({ HostIp, HostPort: '' })) },
      },
    },
    'server',
  );
  const observations = [
    ...(await betweenContainers(context, client, server, '')),
    ...(seesKernel ? await publishedPorts(context, server, port) : []),
  ];
  await server.remove();
  await client.remove();
  return observations;
}

/** @param port of the container: "8080/tcp" */
async function publishedPorts(
  { docker, signal }: MeasureContext,
  server: Running,
  port: string,
): Promise<Observation[]> {
  const observations: Observation[] = [];
  const inspected = await docker.getContainer(server.id).inspect();
  for (const { HostIp: address, HostPort } of own(inspected.NetworkSettings.Ports, port) ?? []) {
    signal.throwIfAborted();
    const pid = proxyOf(address, HostPort);
    const before = pid === undefined ? 0 : cpuMsOf(pid);
    const result = await clientOf(address, Number(HostPort), signal);
    const proxy = pid === undefined ? undefined : { pid, usedMs: cpuMsOf(pid) - before };
    const from = { kind: 'published port', address } as const;
    observations.push({ kind: 'client', from, result, mtu: undefined });
    observations.push({ kind: 'published port', address, proxy });
  }
  return observations;
}

async function observeUserDefined(context: MeasureContext): Promise<Observation[]> {
  const { sandbox, image, docker } = context;
  const network = await makeNetwork(context);
  const { Name } = (await network.inspect()) as { Name: string };
  const { Cmd, Tmpfs } = serverOptions();
  const server = await sandbox.start(
    {
      Image: image,
      Cmd,
      HostConfig: { NetworkMode: Name, Tmpfs },
      NetworkingConfig: { EndpointsConfig: { [Name]: { Aliases: [ALIAS] } } },
    },
    'server',
  );
  const client = await idle(context, Name);
  const between = await betweenContainers(context, client, server, ALIAS);
  const { address } = await addressOf(docker, server);
  const { stdout, stderr } = await client.exec('nslookup', '-type=a', ALIAS);
  await server.remove();
  await client.remove();
  return [
    ...between,
    {
      kind: 'name',
      name: ALIAS,
      found: stdout.includes(address) ? address : undefined,
      answer: (stderr || stdout).trim().split('\n')[0] ?? '',
    },
  ];
}

/** The last 16 bits of 198.18.0.0/15 but for where engines put bridges of their own. */
const SUBNETS = Array.from({ length: 128 }, (_, index) => `198.19.${128 + index}`);

/** @throws what the engine says where it takes none of eight */
async function makeNetwork({ sandbox }: MeasureContext): Promise<Dockerode.Network> {
  const taken = new Set(
    Object.values(networkInterfaces()).flatMap((all) =>
      (all ?? []).map(({ address }) => address.split('.').slice(0, 3).join('.')),
    ),
  );
  const free = SUBNETS.filter((subnet) => !taken.has(subnet));
  // Another dit begins elsewhere.
  const begin = process.pid % SUBNETS.length;
  const order = [...free.slice(begin), ...free.slice(0, begin)].slice(0, 8);
  let refusal: unknown;
  for (const subnet of order) {
    try {
      return await sandbox.network(`${subnet}.0/24`);
    } catch (error) {
      // "Pool overlaps with other one on this address space"
      refusal = error;
    }
  }
  throw refusal;
}

/** @param name of the server where the network resolves names; '' where it does not */
async function betweenContainers(
  { docker, seesKernel, signal }: MeasureContext,
  client: Running,
  server: Running,
  name: string,
): Promise<Observation[]> {
  const { gateway } = await addressOf(docker, client);
  const { address } = await addressOf(docker, server);
  const observations: Observation[] = [];
  if (gateway !== '') observations.push(await roundTrips(client, gateway, 'gateway'));
  observations.push(await roundTrips(client, address, 'container'));
  if (!seesKernel) return observations;
  const mtu = await mtuOf(client);
  signal.throwIfAborted();
  const fromHost = await clientOf(address, SERVER_PORT, signal);
  observations.push({ kind: 'client', from: { kind: 'host' }, result: fromHost, mtu });
  signal.throwIfAborted();
  const result = await runClientIn(client.pid, taskOf(address, SERVER_PORT, name), signal);
  observations.push({ kind: 'client', from: { kind: 'container' }, result, mtu });
  return observations;
}

async function mtuOf(container: Running): Promise<number> {
  const { stdout } = await container.exec('cat', '/sys/class/net/eth0/mtu');
  return Number(stdout) || 1500;
}

const taskOf = (host: string, port: number, resolve = ''): ClientTask => ({
  host,
  port,
  connections: CONNECTIONS,
  receiveMs: RECEIVE_MS,
  settleMs: SETTLE_MS,
  resolve,
});

/** From this machine. */
async function clientOf(host: string, port: number, signal: AbortSignal): Promise<ClientResult> {
  await waitForServer(() => accepts(host, port), signal);
  return runClient(taskOf(host, port));
}

async function roundTrips(
  container: Running,
  address: string,
  to: PingTarget,
): Promise<Observation> {
  return { kind: 'round trips', to, ping: await ping(container, address, PINGS) };
}
