/** The network test: what each kind of network gives a container, without the internet. */

import { networkInterfaces } from 'node:os';
import type Dockerode from 'dockerode';
import { type Foreign, quoting } from '../../base/foreign.js';
import { cpuMsOf, proxyOf } from '../../container/network/port-proxy.js';
import type { MeasureContext } from '../../measure/context.js';
import {
  accepts,
  addressOf,
  type ClientResult,
  freePort,
  megabitsPerSecond,
  onTheLink,
  type PingMeasurement,
  ping,
  runClient,
  runClientIn,
  SERVER_PORT,
  serverOptions,
  spreadOf,
  waitForServer,
} from '../../measure/network/network.js';
import type { Running } from '../../measure/sandbox/sandbox.js';
import type { CheckResult, Figure, Verdict } from '../../model/checks/check.js';
import type { Check } from '../contract/check.js';
import { skipped } from '../contract/check.js';

export const networkCheck: Check = {
  name: 'network',
  shows:
    'what networks give containers: round trips, connections, throughput, published ports, names',
  thresholds:
    'fail: a required path is unreachable (to the gateway, to another container, to a published port, by name), or another interface than its loopback in a container without network; ' +
    'warn: lost packets, a median round trip over 1 ms, or less than 1000 Mbit/s between containers',
  run,
};

const MOST_RTT_MS = 1;
const LEAST_MBIT = 1000;
const PINGS = 20;
const CONNECTIONS = 50;
const RECEIVE_MS = 1000;
const SETTLE_MS = 200;
/** The server's name in a network that a user defines. */
const ALIAS = 'dit-server';

/** What was seen of one kind of network. */
interface Seen {
  readonly mode: string;
  readonly figures: Figure[];
  readonly evidence: string[];
  readonly problems: Problem[];
}

export interface Problem {
  readonly verdict: 'warn' | 'fail';
  /** Untrusted where it holds an answer. */
  readonly what: Foreign;
  readonly remedy: string;
}

async function run(context: MeasureContext): Promise<CheckResult> {
  const { docker, signal, say } = context;
  const bridge = (await docker.listNetworks()).some(({ Name }) => Name === 'bridge');
  const seen: Seen[] = [];
  for (const [mode, measure] of [
    ['none', measureNone],
    ['host', measureHost],
    ...(bridge ? ([['bridge', measureBridge]] as const) : []),
    ['user-defined', measureUserDefined],
  ] as const) {
    signal.throwIfAborted();
    say(`network ${mode}`);
    const into: Seen = { mode, figures: [], evidence: [], problems: [] };
    await measure(context, into);
    seen.push(into);
  }
  return resultOf(seen, context.seesKernel, bridge);
}

const STAYS = ['sleep', '300'];

/** A container that only has a network. */
const idle = ({ sandbox, image }: MeasureContext, NetworkMode: string): Promise<Running> =>
  sandbox.start({ Image: image, Cmd: STAYS, HostConfig: { NetworkMode } }, 'client');

async function measureNone(context: MeasureContext, seen: Seen): Promise<void> {
  const container = await idle(context, 'none');
  const interfaces = await interfacesOf(container);
  seen.evidence.push(`none: /proc/net/dev has ${interfaces.join(', ')}`);
  if (interfaces.some((name) => name !== 'lo')) {
    seen.problems.push({
      verdict: 'fail',
      what: `a container without network has the interfaces ${interfaces.join(', ')}`,
      remedy: 'see what adds them: docker info, and plugins of the OCI runtime',
    });
  }
  await roundTrips(container, '127.0.0.1', 'to its loopback', seen);
  await container.remove();
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

async function measureHost(context: MeasureContext, seen: Seen): Promise<void> {
  const { sandbox, image, seesKernel, signal } = context;
  const port = seesKernel ? await freePort() : SERVER_PORT;
  const { Cmd, Tmpfs } = serverOptions('127.0.0.1', port);
  // An engine that remaps users refuses the machine's network to remapped ones.
  const HostConfig = { NetworkMode: 'host', UsernsMode: 'host', Tmpfs };
  const container = await sandbox.start(
    { Image: image, HostConfig, Cmd: seesKernel ? Cmd : STAYS },
    'server',
  );
  await roundTrips(container, '127.0.0.1', "to the machine's loopback", seen);
  if (seesKernel) {
    const { ok, result } = await clientOf({ host: '127.0.0.1', port, signal });
    report(ok, result, 'from the machine', undefined, seen);
  }
  await container.remove();
}

async function measureBridge(context: MeasureContext, seen: Seen): Promise<void> {
  const { sandbox, image, seesKernel, signal } = context;
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
  await betweenContainers(context, client, server, '', seen);
  if (seesKernel) {
    const inspected = await context.docker.getContainer(server.id).inspect();
    for (const { HostIp, HostPort } of inspected.NetworkSettings.Ports[port] ?? []) {
      signal.throwIfAborted();
      const proxy = proxyOf(HostIp, HostPort);
      const before = proxy === undefined ? 0 : cpuMsOf(proxy);
      const { ok, result } = await clientOf({ host: HostIp, port: Number(HostPort), signal });
      report(ok, result, `from the machine, port published on ${HostIp}`, undefined, seen);
      const usedMs = proxy === undefined ? 0 : cpuMsOf(proxy) - before;
      seen.evidence.push(`bridge: port published on ${HostIp}: ${wayOf(proxy, usedMs)}`);
    }
  }
  await server.remove();
  await client.remove();
}

/** Two ticks: one may come of its bare being there. */
const LEAST_PROXY_MS = 20;

const wayOf = (proxy: number | undefined, usedMs: number): string =>
  proxy === undefined
    ? 'no docker-proxy listens, so its packets are translated (NAT)'
    : usedMs >= LEAST_PROXY_MS
      ? `through docker-proxy (pid ${proxy}), which used ${usedMs} ms of CPU meanwhile`
      : `translated (NAT): its docker-proxy (pid ${proxy}) used ${usedMs} ms of CPU meanwhile`;

async function measureUserDefined(context: MeasureContext, seen: Seen): Promise<void> {
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
  await betweenContainers(context, client, server, ALIAS, seen);
  const { address } = await addressOf(docker, server);
  const { stdout, stderr } = await client.exec('nslookup', '-type=a', ALIAS);
  const found = stdout.includes(address);
  seen.evidence.push(
    `user-defined: nslookup ${ALIAS}: ${found ? address : firstLine(stderr || stdout)}`,
  );
  if (!found) {
    seen.problems.push({
      verdict: 'fail',
      what: `the name of a container is not resolved in a network of its own: ${firstLine(stderr || stdout)}`,
      remedy: "is the engine's name server there? docker exec CONTAINER cat /etc/resolv.conf",
    });
  }
  await server.remove();
  await client.remove();
}

const firstLine = (text: string): string => text.trim().split('\n')[0] ?? '';

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
  context: MeasureContext,
  client: Running,
  server: Running,
  name: string,
  seen: Seen,
): Promise<void> {
  const { docker, seesKernel, signal } = context;
  const { gateway } = await addressOf(docker, client);
  const { address } = await addressOf(docker, server);
  if (gateway !== '') await roundTrips(client, gateway, 'to the gateway', seen);
  await roundTrips(client, address, 'to another container', seen);
  if (!seesKernel) return;
  const mtu = await mtuOf(client);
  signal.throwIfAborted();
  const fromMachine = await clientOf({ host: address, port: SERVER_PORT, signal });
  report(fromMachine.ok, fromMachine.result, 'from the machine', mtu, seen);
  signal.throwIfAborted();
  const task = taskOf(address, SERVER_PORT, name);
  const result = await runClientIn(client.pid, task, signal);
  report(result.error === '', result, 'from another container', mtu, seen);
  if (name !== '' && result.resolveMs.length > 0) {
    const source = `${result.resolveMs.length} lookups by dit's client in the container's network`;
    seen.figures.push(...spread('name lookup', result.resolveMs, source, seen.mode));
  }
  if (result.error === '' && megabitsPerSecond(result) < LEAST_MBIT) {
    seen.problems.push({
      verdict: 'warn',
      what: `${seen.mode}: ${megabitsPerSecond(result).toFixed(0)} Mbit/s between containers, under ${LEAST_MBIT}`,
      remedy: 'see limits on the interfaces: tc -s qdisc show',
    });
  }
}

async function mtuOf(container: Running): Promise<number> {
  const { stdout } = await container.exec('cat', '/sys/class/net/eth0/mtu');
  return Number(stdout) || 1500;
}

const taskOf = (host: string, port: number, resolve = '') => ({
  host,
  port,
  connections: CONNECTIONS,
  receiveMs: RECEIVE_MS,
  settleMs: SETTLE_MS,
  resolve,
});

async function clientOf(target: {
  readonly host: string;
  readonly port: number;
  readonly signal: AbortSignal;
}): Promise<{ readonly ok: boolean; readonly result: ClientResult }> {
  const { host, port, signal } = target;
  await waitForServer(() => accepts(host, port), signal);
  const result = await runClient(taskOf(host, port));
  return { ok: result.error === '', result };
}

async function roundTrips(
  container: Running,
  address: string,
  to: string,
  seen: Seen,
): Promise<void> {
  const measured = await ping(container, address, PINGS);
  const { rttsMs, evidence } = measured;
  seen.evidence.push(`${seen.mode}: ping ${to}: ${evidence}`);
  seen.problems.push(...roundTripProblems(measured, `${seen.mode}: ${to}`));
  if (rttsMs.length === 0) return;
  const source = `${rttsMs.length} replies to ping in the container, by its clock`;
  seen.figures.push(...spread(`round trip ${to}`, rttsMs, source, seen.mode));
}

/** @param what "bridge: to the gateway" */
export function roundTripProblems({ sent, rttsMs }: PingMeasurement, what: string): Problem[] {
  if (rttsMs.length === 0) {
    return [
      {
        verdict: 'fail',
        what: `${what}: none of ${sent} pings came back`,
        remedy: 'see packet filters and routes: iptables -S, ip route',
      },
    ];
  }
  const { median } = spreadOf(rttsMs);
  const lost = sent - rttsMs.length;
  return [
    ...(lost === 0 ? [] : [warning(`${what}: ${lost} of ${sent} pings were lost`)]),
    ...(median <= MOST_RTT_MS
      ? []
      : [
          warning(`${what}: the median round trip is ${median.toFixed(2)} ms, over ${MOST_RTT_MS}`),
        ]),
  ];
}

const warning = (what: string): Problem => ({
  verdict: 'warn',
  what,
  remedy: 'see what delays or drops: tc -s qdisc show; run it again while the machine does less',
});

/**
 * What the client saw, as figures; what it could not do, as a problem.
 * @param mtu of the link; undefined where the way has no link of its own
 */
function report(
  ok: boolean,
  result: ClientResult,
  from: string,
  mtu: number | undefined,
  seen: Seen,
): void {
  const { connectMs, receivedMs } = result;
  if (!ok) {
    seen.problems.push({
      verdict: 'fail',
      what: quoting`${seen.mode}: ${from}: ${result.error}`,
      remedy: 'see packet filters and listeners: iptables -S, ss -tln',
    });
    return;
  }
  const source = `dit's client, ${connectMs.length} connections, its monotonic clock`;
  seen.figures.push(...spread(`connect ${from}`, connectMs, source, seen.mode));
  const common = { unit: 'Mbit/s' as const, group: seen.mode };
  const rate = megabitsPerSecond(result);
  seen.figures.push({
    ...common,
    name: `throughput ${from}`,
    value: rate,
    source: `TCP payload over ${receivedMs.toFixed(0)} ms, one connection, dit's client`,
    certainty: 'exact',
  });
  if (mtu === undefined) return;
  seen.figures.push({
    ...common,
    name: `on the link ${from}`,
    value: onTheLink(rate, mtu),
    source: `the payload with the headers of full segments at MTU ${mtu}`,
    certainty: 'inferred',
  });
}

function spread(name: string, values: readonly number[], source: string, group: string): Figure[] {
  const { median, p95 } = spreadOf(values);
  const common = { unit: 'ms' as const, source, certainty: 'exact' as const, group };
  return [
    { ...common, name: `${name}, median`, value: median, part: { kind: 'typical', of: name } },
    { ...common, name: `${name}, 95th percentile`, value: p95, part: { kind: 'high', of: name } },
  ];
}

function resultOf(seen: readonly Seen[], seesKernel: boolean, bridge: boolean): CheckResult {
  const figures = seen.flatMap((each) => each.figures);
  if (figures.length === 0) {
    return skipped(
      'the image answers no ping: it has no busybox, or none with ping',
      'leave out --image: busybox is used then',
    );
  }
  const left = [
    ...(bridge ? [] : ['bridge: the engine has no default bridge']),
    ...(seesKernel
      ? []
      : [
          'connections, throughput and published ports: the networks of the engine are out of reach',
        ]),
  ];
  return {
    ...judge(
      seen.flatMap(({ problems }) => problems),
      figures,
    ),
    figures,
    findings: left.map((what) => ({
      severity: 'info',
      id: 'left-out',
      title: `left out: ${what}`,
      remedy: "run dit as root on the engine's machine, with a bridge",
    })),
    evidence: seen.flatMap((each) => each.evidence),
  };
}

export function judge(
  problems: readonly Problem[],
  figures: readonly Figure[],
): { verdict: Verdict; reason: Foreign; remedy: string } {
  const worst = problems.find(({ verdict }) => verdict === 'fail') ?? problems[0];
  if (worst !== undefined) {
    const others = problems.length === 1 ? '' : `; and ${problems.length - 1} more`;
    return {
      verdict: worst.verdict,
      reason: quoting`${worst.what}${others}`,
      remedy: worst.remedy,
    };
  }
  const value = (group: string, name: string): number | undefined =>
    figures.find((figure) => figure.group === group && figure.name === name)?.value;
  const rtt = value('user-defined', 'round trip to another container, median');
  const rate = value('user-defined', 'throughput from another container');
  return {
    verdict: 'pass',
    reason: `all paths work; between containers of a user-defined network ${rtt?.toFixed(3)} ms for a round trip${rate === undefined ? '' : ` and ${rate.toFixed(0)} Mbit/s`}`,
    remedy: '',
  };
}
