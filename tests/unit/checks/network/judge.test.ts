/** What networks must give: what decides, and what is reported of it. */
import { describe, expect, test } from 'vitest';
import { resultOf } from '../../../../src/checks/contract/check.js';
import {
  judgeNetwork,
  type NetworkFacts,
  type NetworkSeen,
  type Observation,
  problemsOf,
} from '../../../../src/checks/network/judge.js';
import { networkText } from '../../../../src/checks/network/text.js';
import type { ClientResult } from '../../../../src/measure/network/network.js';

const trips = (rttsMs: readonly number[], sent = rttsMs.length): Observation => ({
  kind: 'round trips',
  to: 'container',
  ping: { sent, rttsMs, evidence: 'its summary' },
});
const client = (
  result: Partial<ClientResult> = {},
  from: 'host' | 'container' = 'container',
): Observation => ({
  kind: 'client',
  from: { kind: from },
  result: {
    connectMs: [0.1, 0.2],
    bytes: 890e6,
    receivedMs: 1000,
    resolveMs: [],
    resolved: [],
    error: '',
    ...result,
  },
  mtu: 1500,
});
const on = (...observations: Observation[]): NetworkSeen => ({
  mode: 'user-defined',
  observations,
});
const facts = (...networks: NetworkSeen[]): NetworkFacts => ({
  networks,
  hasBridge: true,
  seesKernel: true,
});
const report = (seen: NetworkFacts) => resultOf({ judge: judgeNetwork, text: networkText }, seen);

describe('round trips', () => {
  test('are judged by loss and by their median', () => {
    expect(problemsOf(on(trips([0.1, 0.1, 30])))).toEqual([]);
    expect(problemsOf(on(trips([0.1, 0.1], 3)))).toMatchObject([
      { verdict: 'warn', kind: 'lost pings', sent: 3, lost: 1 },
    ]);
    expect(problemsOf(on(trips([20, 20, 20])))).toMatchObject([
      { verdict: 'warn', kind: 'slow round trip', medianMs: 20 },
    ]);
    expect(problemsOf(on(trips([], 3)))).toMatchObject([{ verdict: 'fail', kind: 'no reply' }]);
  });

  test('are reported with the path', () => {
    expect(report(facts(on(trips([0.1, 0.1], 3)))).reason).toBe(
      'user-defined: to another container: 1 of 3 pings were lost',
    );
    expect(report(facts(on(trips([20, 20, 20])))).reason).toBe(
      'user-defined: to another container: the median round trip is 20.00 ms, over 1',
    );
  });
});

describe('a client', () => {
  test('that reaches nothing fails, whatever it is told', () => {
    const seen = facts(on(trips([0.1]), client({ error: 'connect ECONNREFUSED' }, 'host')));
    expect(report(seen)).toMatchObject({
      verdict: 'fail',
      reason: 'user-defined: from the machine: connect ECONNREFUSED',
    });
  });

  test('must be fast between containers, and only there', () => {
    expect(problemsOf(on(client({ bytes: 1e6 }, 'host')))).toEqual([]);
    expect(problemsOf(on(client({ bytes: 1e6 })))).toEqual([
      { verdict: 'warn', kind: 'slow throughput', mode: 'user-defined', mbitPerS: 8 },
    ]);
  });

  test('gives what its payload is on the link, and its lookups', () => {
    const { figures } = report(facts(on(client({ resolveMs: [1, 3] }))));
    expect(figures.map(({ name, unit }) => `${name}, ${unit}`)).toEqual([
      'connect from another container, median, ms',
      'connect from another container, 95th percentile, ms',
      'throughput from another container, Mbit/s',
      'on the link from another container, Mbit/s',
      'name lookup, median, ms',
      'name lookup, 95th percentile, ms',
    ]);
  });
});

test('a container without network has only its loopback', () => {
  const none = (names: string[]): NetworkSeen => ({
    mode: 'none',
    observations: [{ kind: 'interfaces', names }],
  });
  expect(problemsOf(none(['lo']))).toEqual([]);
  expect(problemsOf(none(['lo', 'eth0']))).toMatchObject([
    { verdict: 'fail', kind: 'unexpected interfaces', names: ['lo', 'eth0'] },
  ]);
});

test('a name must be resolved in a network that a user defines', () => {
  const name = (found: string | undefined): Observation => ({
    kind: 'name',
    name: 'dit-server',
    found,
    answer: "can't resolve 'dit-server'",
  });
  expect(problemsOf(on(name('198.18.0.2')))).toEqual([]);
  const { verdict, evidence } = report(facts(on(trips([0.1]), name(undefined))));
  expect(verdict).toBe('fail');
  expect(evidence.at(-1)).toBe("user-defined: nslookup dit-server: can't resolve 'dit-server'");
});

test('a published port goes through docker-proxy where that used the CPU', () => {
  const port = (usedMs: number | undefined): Observation => ({
    kind: 'published port',
    address: '127.0.0.1',
    proxy: usedMs === undefined ? undefined : { pid: 9, usedMs },
  });
  const said = report(facts(on(trips([0.1]), port(undefined), port(10), port(20)))).evidence;
  expect(said.slice(1)).toEqual([
    expect.stringMatching(/no docker-proxy listens/),
    expect.stringMatching(/translated \(NAT\): its docker-proxy \(pid 9\) used 10 ms/),
    expect.stringMatching(/through docker-proxy \(pid 9\), which used 20 ms/),
  ]);
});

describe('the verdict', () => {
  test('without problems names the figures', () => {
    expect(report(facts(on(trips([0.116]), client())))).toMatchObject({
      verdict: 'pass',
      reason:
        'all paths work; between containers of a user-defined network 0.116 ms for a round trip and 7120 Mbit/s',
    });
    expect(report(facts(on(trips([0.116])))).reason).toMatch(/0\.116 ms for a round trip$/);
  });

  test('is that of the worst problem', () => {
    const slow = trips([20, 20]);
    expect(judgeNetwork(facts(on(slow, trips([], 3))))).toMatchObject({
      verdict: 'fail',
      reason: { worst: { kind: 'no reply' }, others: 1 },
    });
    expect(report(facts(on(slow, trips([], 3)))).reason).toBe(
      'user-defined: to another container: none of 3 pings came back; and 1 more',
    );
    expect(judgeNetwork(facts(on(slow)))).toMatchObject({ verdict: 'warn' });
  });

  test('is skipped where the image has no ping and nothing else was measured', () => {
    expect(report(facts(on(trips([], 20))))).toMatchObject({
      verdict: 'skipped',
      reason: expect.stringMatching(/^ping does not work in the image/),
      figures: [],
      findings: [],
    });
  });

  test('names what was left out', () => {
    const seen = { ...facts(on(trips([0.1]))), hasBridge: false, seesKernel: false };
    expect(judgeNetwork(seen).findings.map(({ what }) => what)).toEqual(['bridge', 'connections']);
  });
});
