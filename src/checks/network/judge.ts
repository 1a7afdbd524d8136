/** What a network must give: measured facts in, a verdict with its reason out. */

import type { Foreign } from '../../base/foreign.js';
import type { ClientResult, PingMeasurement } from '../../measure/network/network.js';
import { megabitsPerSecond, spreadOf } from '../../measure/network/rates.js';
import type { Judgement } from '../../model/checks/check.js';
import { worstOf } from '../contract/problems.js';

export const THRESHOLDS = { mostRoundTripMs: 1, leastMbitPerS: 1000 } as const;

/** In the order in which they are measured. */
export const NETWORK_MODES = ['none', 'host', 'bridge', 'user-defined'] as const;
export type NetworkMode = (typeof NETWORK_MODES)[number];

export interface NetworkFacts {
  readonly networks: readonly NetworkSeen[];
  readonly hasBridge: boolean;
  /** Whether connections could be made from this machine and from within containers. */
  readonly seesKernel: boolean;
}

/** What was seen of one kind of network, in the order in which it was. */
export interface NetworkSeen {
  readonly mode: NetworkMode;
  readonly observations: readonly Observation[];
}

export type PingTarget = 'own loopback' | 'host loopback' | 'gateway' | 'container';

/** From where a client connects to the server in a container. */
export type ClientOrigin =
  | { readonly kind: 'host' }
  | { readonly kind: 'published port'; readonly address: string }
  | { readonly kind: 'container' };

/** A docker-proxy that listens for a port, and the CPU time that it used while connections were made. */
export interface ProxyUse {
  readonly pid: number;
  readonly usedMs: number;
}

export type Observation =
  /** Of a container, without the kernel's fallback devices of tunnels. */
  | { readonly kind: 'interfaces'; readonly names: readonly string[] }
  | {
      readonly kind: 'round trips';
      readonly to: PingTarget;
      readonly ping: PingMeasurement;
    }
  | {
      readonly kind: 'client';
      readonly from: ClientOrigin;
      readonly result: ClientResult;
      /** Of the link; undefined where the way has no link of its own. */
      readonly mtu: number | undefined;
    }
  | {
      readonly kind: 'published port';
      readonly address: string;
      /** undefined: none listens. */
      readonly proxy: ProxyUse | undefined;
    }
  | {
      readonly kind: 'name';
      readonly name: string;
      /** The address, where the answer has it. */
      readonly found: string | undefined;
      /** The first line of what the name server's client printed. */
      readonly answer: Foreign;
    };

/** Two ticks: one may come of its bare being there. */
const LEAST_PROXY_MS = 20;

export const passesThrough = ({ usedMs }: ProxyUse): boolean => usedMs >= LEAST_PROXY_MS;

export type NetworkProblem = { readonly verdict: 'warn' | 'fail' } & (
  | { readonly kind: 'unexpected interfaces'; readonly names: readonly string[] }
  | (ToTarget & { readonly kind: 'no reply'; readonly sent: number })
  | (ToTarget & { readonly kind: 'lost pings'; readonly sent: number; readonly lost: number })
  | (ToTarget & { readonly kind: 'slow round trip'; readonly medianMs: number })
  | {
      readonly kind: 'no connection';
      readonly mode: NetworkMode;
      readonly from: ClientOrigin;
      readonly error: Foreign;
    }
  | {
      readonly kind: 'slow throughput';
      readonly mode: NetworkMode;
      readonly mbitPerS: number;
    }
  | { readonly kind: 'name unresolved'; readonly answer: Foreign }
);

interface ToTarget {
  readonly mode: NetworkMode;
  readonly to: PingTarget;
}

export type NetworkReason =
  | { readonly kind: 'no ping' }
  | { readonly kind: 'problem'; readonly worst: NetworkProblem; readonly others: number }
  | {
      readonly kind: 'all paths work';
      /** Between containers of a network that a user defines. */
      readonly roundTripMs: number | undefined;
      readonly mbitPerS: number | undefined;
    };

export interface NetworkFinding {
  readonly id: 'left-out';
  readonly severity: 'info';
  readonly what: 'bridge' | 'connections';
}

export function judgeNetwork(facts: NetworkFacts): Judgement<NetworkReason, NetworkFinding> {
  const { networks } = facts;
  const findings = leftOut(facts);
  if (!networks.some(({ observations }) => observations.some(isMeasured))) {
    return { verdict: 'skipped', reason: { kind: 'no ping' }, findings };
  }
  const problem = worstOf(networks.flatMap(problemsOf));
  if (problem !== undefined) {
    return {
      verdict: problem.worst.verdict,
      reason: { kind: 'problem', ...problem },
      findings,
    };
  }
  const userDefined = networks.find(({ mode }) => mode === 'user-defined')?.observations ?? [];
  return {
    verdict: 'pass',
    reason: { kind: 'all paths work', ...betweenOf(userDefined) },
    findings,
  };
}

/** Whether it gave a figure. */
function isMeasured(seen: Observation): boolean {
  switch (seen.kind) {
    case 'round trips':
      return seen.ping.rttsMs.length > 0;
    case 'client':
      return seen.result.error === '' || seen.result.resolveMs.length > 0;
    default:
      return false;
  }
}

function betweenOf(observations: readonly Observation[]): {
  roundTripMs: number | undefined;
  mbitPerS: number | undefined;
} {
  const trips = observations.find((seen) => seen.kind === 'round trips' && seen.to === 'container');
  const client = observations.find(
    (seen) => seen.kind === 'client' && seen.from.kind === 'container',
  );
  return {
    roundTripMs: trips?.kind === 'round trips' ? spreadOf(trips.ping.rttsMs).median : undefined,
    mbitPerS: client?.kind === 'client' ? megabitsPerSecond(client.result) : undefined,
  };
}

export const problemsOf = ({ mode, observations }: NetworkSeen): NetworkProblem[] =>
  observations.flatMap((seen) => problemsIn(seen, mode));

function problemsIn(seen: Observation, mode: NetworkMode): NetworkProblem[] {
  switch (seen.kind) {
    case 'interfaces':
      return seen.names.some((name) => name !== 'lo')
        ? [{ verdict: 'fail', kind: 'unexpected interfaces', names: seen.names }]
        : [];
    case 'round trips':
      return roundTripProblems(seen.ping, { mode, to: seen.to });
    case 'client':
      return clientProblems(seen, mode);
    case 'published port':
      return [];
    case 'name':
      return seen.found === undefined
        ? [{ verdict: 'fail', kind: 'name unresolved', answer: seen.answer }]
        : [];
  }
}

function roundTripProblems({ sent, rttsMs }: PingMeasurement, at: ToTarget): NetworkProblem[] {
  if (rttsMs.length === 0) return [{ verdict: 'fail', kind: 'no reply', ...at, sent }];
  const problems: NetworkProblem[] = [];
  const lost = sent - rttsMs.length;
  if (lost > 0) problems.push({ verdict: 'warn', kind: 'lost pings', ...at, sent, lost });
  const medianMs = spreadOf(rttsMs).median;
  if (medianMs > THRESHOLDS.mostRoundTripMs) {
    problems.push({ verdict: 'warn', kind: 'slow round trip', ...at, medianMs });
  }
  return problems;
}

function clientProblems(
  { from, result }: Extract<Observation, { readonly kind: 'client' }>,
  mode: NetworkMode,
): NetworkProblem[] {
  const { error } = result;
  if (error !== '') return [{ verdict: 'fail', kind: 'no connection', mode, from, error }];
  const mbitPerS = megabitsPerSecond(result);
  return from.kind === 'container' && mbitPerS < THRESHOLDS.leastMbitPerS
    ? [{ verdict: 'warn', kind: 'slow throughput', mode, mbitPerS }]
    : [];
}

function leftOut({ hasBridge, seesKernel }: NetworkFacts): NetworkFinding[] {
  const finding = { id: 'left-out', severity: 'info' } as const;
  return [
    ...(hasBridge ? [] : [{ ...finding, what: 'bridge' } as const]),
    ...(seesKernel ? [] : [{ ...finding, what: 'connections' } as const]),
  ];
}
