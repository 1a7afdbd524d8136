/** The words of the network test. */

import { type Foreign, joinForeign, quoting } from '../../base/foreign.js';
import { megabitsPerSecond, onTheLink, spreadOf } from '../../measure/network/rates.js';
import type { Figure } from '../../model/checks/check.js';
import type { CheckText, ReasonText } from '../contract/check.js';
import {
  type ClientOrigin,
  type NetworkFacts,
  type NetworkFinding,
  type NetworkMode,
  type NetworkProblem,
  type NetworkReason,
  type Observation,
  type PingTarget,
  type ProxyUse,
  passesThrough,
  THRESHOLDS,
} from './judge.js';

const { mostRoundTripMs, leastMbitPerS } = THRESHOLDS;

export const networkText: CheckText<NetworkFacts, NetworkReason, NetworkFinding> = {
  shows:
    'what networks give containers: round trips, connections, throughput, published ports, names',
  thresholds:
    'fail: a required path is unreachable (to the gateway, to another container, to a published port, by name), or a container without network has an interface besides its loopback; ' +
    `warn: lost packets, a median round trip over ${mostRoundTripMs} ms, or less than ${leastMbitPerS} Mbit/s between containers`,
  reason: reasonText,
  finding: ({ what }) => ({
    title: `left out: ${LEFT_OUT[what]}`,
    remedy: "run dit as root on the engine's machine, with a bridge",
  }),
  figures: ({ networks }) =>
    networks.flatMap(({ mode, observations }) =>
      observations.flatMap((seen) => figuresOf(seen, mode)),
    ),
  evidence: ({ networks }) =>
    networks.flatMap(({ mode, observations }) =>
      observations.flatMap((seen) => evidenceOf(seen, mode)),
    ),
};

const LEFT_OUT: Readonly<Record<NetworkFinding['what'], string>> = {
  bridge: 'bridge: the engine has no default bridge',
  connections:
    "connections, throughput and published ports: the engine's networks cannot be reached from here",
};

const TARGETS: Readonly<Record<PingTarget, string>> = {
  'own loopback': 'to its loopback',
  'host loopback': "to the machine's loopback",
  gateway: 'to the gateway',
  container: 'to another container',
};

function originText(from: ClientOrigin): string {
  switch (from.kind) {
    case 'host':
      return 'from the machine';
    case 'published port':
      return `from the machine, port published on ${from.address}`;
    case 'container':
      return 'from another container';
  }
}

function reasonText(reason: NetworkReason): ReasonText {
  switch (reason.kind) {
    case 'no ping':
      return {
        reason:
          'ping does not work in the image: its busybox is missing, or was built without ping',
        remedy: 'leave out --image: busybox is used then',
      };
    case 'problem': {
      const { worst, others } = reason;
      const more = others === 0 ? '' : `; and ${others} more`;
      const { what, remedy } = problemText(worst);
      return { reason: quoting`${what}${more}`, remedy };
    }
    case 'all paths work': {
      const { roundTripMs, mbitPerS } = reason;
      const rate = mbitPerS === undefined ? '' : ` and ${mbitPerS.toFixed(0)} Mbit/s`;
      return {
        reason: `all paths work; between containers of a user-defined network ${roundTripMs?.toFixed(3)} ms for a round trip${rate}`,
        remedy: '',
      };
    }
  }
}

const SEE_DELAYS =
  'see what delays or drops packets: tc -s qdisc show; run it again while the machine does less';

function problemText(problem: NetworkProblem): { what: Foreign; remedy: string } {
  switch (problem.kind) {
    case 'unexpected interfaces':
      return {
        what: `a container without network has the interfaces ${problem.names.join(', ')}`,
        remedy: 'see what adds them: docker info, and plugins of the OCI runtime',
      };
    case 'no reply':
      return {
        what: `${pathOf(problem)}: none of ${problem.sent} pings came back`,
        remedy: 'see packet filters and routes: iptables -S, ip route',
      };
    case 'lost pings':
      return {
        what: `${pathOf(problem)}: ${problem.lost} of ${problem.sent} pings were lost`,
        remedy: SEE_DELAYS,
      };
    case 'slow round trip':
      return {
        what: `${pathOf(problem)}: the median round trip is ${problem.medianMs.toFixed(2)} ms, over ${mostRoundTripMs}`,
        remedy: SEE_DELAYS,
      };
    case 'no connection':
      return {
        what: quoting`${problem.mode}: ${originText(problem.from)}: ${problem.error}`,
        remedy: 'see packet filters and listeners: iptables -S, ss -tln',
      };
    case 'slow throughput':
      return {
        what: `${problem.mode}: ${problem.mbitPerS.toFixed(0)} Mbit/s between containers, under ${leastMbitPerS}`,
        remedy: 'see limits on the interfaces: tc -s qdisc show',
      };
    case 'name unresolved':
      return {
        what: quoting`the name of a container is not resolved in a user-defined network: ${problem.answer}`,
        remedy: "check the engine's name server: docker exec CONTAINER cat /etc/resolv.conf",
      };
  }
}

const pathOf = ({ mode, to }: { readonly mode: NetworkMode; readonly to: PingTarget }): string =>
  `${mode}: ${TARGETS[to]}`;

function evidenceOf(seen: Observation, mode: NetworkMode): Foreign[] {
  switch (seen.kind) {
    case 'interfaces':
      return [quoting`${mode}: /proc/net/dev has ${joinForeign(seen.names, ', ')}`];
    case 'round trips':
      return [quoting`${mode}: ping ${TARGETS[seen.to]}: ${seen.ping.evidence}`];
    case 'client':
      return [];
    case 'published port':
      return [`${mode}: port published on ${seen.address}: ${wayOf(seen.proxy)}`];
    case 'name':
      return [quoting`${mode}: nslookup ${seen.name}: ${seen.found ?? seen.answer}`];
  }
}

function wayOf(proxy: ProxyUse | undefined): string {
  if (proxy === undefined) return 'no docker-proxy listens, so its packets are translated (NAT)';
  const { pid, usedMs } = proxy;
  return passesThrough(proxy)
    ? `through docker-proxy (pid ${pid}), which used ${usedMs} ms of CPU meanwhile`
    : `translated (NAT): its docker-proxy (pid ${pid}) used ${usedMs} ms of CPU meanwhile`;
}

function figuresOf(seen: Observation, mode: NetworkMode): Figure[] {
  switch (seen.kind) {
    case 'round trips': {
      const { rttsMs } = seen.ping;
      if (rttsMs.length === 0) return [];
      const source = `${rttsMs.length} replies to ping in the container, by its clock`;
      return spread(`round trip ${TARGETS[seen.to]}`, rttsMs, source, mode);
    }
    case 'client': {
      const { resolveMs } = seen.result;
      const source = `${resolveMs.length} lookups by dit's client in the container's network`;
      const lookups = resolveMs.length === 0 ? [] : spread('name lookup', resolveMs, source, mode);
      return [...clientFigures(seen, mode), ...lookups];
    }
    default:
      return [];
  }
}

function clientFigures(
  { from, result, mtu }: Extract<Observation, { readonly kind: 'client' }>,
  mode: NetworkMode,
): Figure[] {
  const { connectMs, receivedMs, error } = result;
  if (error !== '') return [];
  const origin = originText(from);
  const source = `dit's client, ${connectMs.length} connections, its monotonic clock`;
  const common = { unit: 'Mbit/s' as const, group: mode };
  const rate = megabitsPerSecond(result);
  const figures: Figure[] = [
    ...spread(`connect ${origin}`, connectMs, source, mode),
    {
      ...common,
      name: `throughput ${origin}`,
      value: rate,
      source: `TCP payload over ${receivedMs.toFixed(0)} ms, one connection, dit's client`,
      certainty: 'exact',
    },
  ];
  if (mtu !== undefined) {
    figures.push({
      ...common,
      name: `on the link ${origin}`,
      value: onTheLink(rate, mtu),
      source: `the payload with the headers of full segments at MTU ${mtu}`,
      certainty: 'inferred',
    });
  }
  return figures;
}

function spread(name: string, values: readonly number[], source: string, group: string): Figure[] {
  const { median, p95 } = spreadOf(values);
  const common = { unit: 'ms' as const, source, certainty: 'exact' as const, group };
  return [
    { ...common, name: `${name}, median`, value: median, part: { kind: 'typical', of: name } },
    { ...common, name: `${name}, 95th percentile`, value: p95, part: { kind: 'high', of: name } },
  ];
}
