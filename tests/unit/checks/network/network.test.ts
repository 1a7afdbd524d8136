import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { judge, roundTripProblems } from '../../../../src/checks/network/network.js';
import {
  accepts,
  type ClientTask,
  megabitsPerSecond,
  onTheLink,
  parsePing,
  runClient,
} from '../../../../src/measure/network/network.js';
import type { Figure } from '../../../../src/model/checks/check.js';

const PING = `PING 198.18.2.1 (198.18.2.1): 56 data bytes
64 bytes from 198.18.2.1: seq=0 ttl=64 time=0.188 ms
64 bytes from 198.18.2.1: seq=1 ttl=64 time=20.069 ms

--- 198.18.2.1 ping statistics ---
3 packets transmitted, 2 packets received, 33% packet loss
round-trip min/avg/max = 0.188/10.128/20.069 ms
`;

describe('ping', () => {
  test('gives each reply, and its own summary as evidence', () => {
    expect(parsePing(PING, '', 3)).toEqual({
      sent: 3,
      rttsMs: [0.188, 20.069],
      evidence:
        '3 packets transmitted, 2 packets received, 33% packet loss, round-trip min/avg/max = 0.188/10.128/20.069 ms',
    });
  });

  test('that sees replies twice, or those of another, counts each of its own once', () => {
    const [first = '', second = ''] = PING.split('\n').slice(1);
    const text = [first, `${first} (DUP!)`, second, second.replace('20.069', '30')].join('\n');
    expect(parsePing(text, '', 2).rttsMs).toEqual([0.188, 20.069]);
  });

  test('that cannot be done says why', () => {
    const unreachable = parsePing('', 'ping: sendto: Network is unreachable\n', 3);
    expect(unreachable).toEqual({
      sent: 3,
      rttsMs: [],
      evidence: 'ping: sendto: Network is unreachable',
    });
    expect(roundTripProblems(unreachable, 'bridge')).toMatchObject([{ verdict: 'fail' }]);
  });

  test('is judged by loss and by its median', () => {
    const problems = (rttsMs: number[], sent: number) =>
      roundTripProblems({ sent, rttsMs, evidence: '' }, 'bridge').map(({ what }) => what);
    expect(problems([0.1, 0.1, 30], 3)).toEqual([]);
    expect(problems([0.1, 0.1], 3)).toEqual(['bridge: 1 of 3 pings were lost']);
    expect(problems([20, 20, 20], 3)).toEqual([
      'bridge: the median round trip is 20.00 ms, over 1',
    ]);
  });
});

describe('the client', () => {
  const CHUNK = Buffer.alloc(1 << 16);
  let server: Server;
  let silent: Server;
  let connections = 0;

  const listen = (each: Server): Promise<void> =>
    new Promise((resolve) => each.listen(0, '127.0.0.1', () => resolve()));
  const portOf = (each: Server): number => {
    const address = each.address();
    return typeof address === 'object' ? (address?.port ?? 0) : 0;
  };
  const task = (port: number): ClientTask => ({
    host: '127.0.0.1',
    port,
    connections: 4,
    receiveMs: 30,
    settleMs: 5,
    resolve: '',
  });

  beforeAll(async () => {
    server = createServer((socket) => {
      connections++;
      socket.on('error', () => {});
      socket.once('data', (request) => {
        expect(String(request)).toMatch(/^GET \/bytes HTTP\/1\.0\r\n/);
        for (let i = 0; i < 8; i++) socket.write(CHUNK);
        socket.end();
      });
    });
    silent = createServer((socket) => socket.end());
    await Promise.all([listen(server), listen(silent)]);
  });

  afterAll(() => {
    server.close();
    silent.close();
  });

  test('connects as often as asked, and asks again until the time is over', async () => {
    const result = await runClient(task(portOf(server)));
    expect(result.error).toBe('');
    expect(result.connectMs).toHaveLength(4);
    expect(result.receivedMs).toBeGreaterThan(0);
    expect(result.bytes).toBeGreaterThan(0);
    expect(megabitsPerSecond(result)).toBeCloseTo((result.bytes * 8) / 1e3 / result.receivedMs);
    // Eight chunks a connection.
    expect(result.bytes).toBeLessThanOrEqual((connections - 4) * 8 * CHUNK.length);
  });

  test('says that a server sends nothing, and that none listens', async () => {
    const { error, connectMs } = await runClient(task(portOf(silent)));
    expect(connectMs).toHaveLength(4);
    expect(error).toMatch(/sends nothing/);
    const closed = createServer();
    await listen(closed);
    const port = portOf(closed);
    await new Promise((resolve) => closed.close(resolve));
    expect((await runClient(task(port))).error).toMatch(/ECONNREFUSED/);
    expect(await accepts('127.0.0.1', port)).toBe(false);
    expect(await accepts('127.0.0.1', portOf(silent))).toBe(true);
  });
});

test('a rate on the link has the headers of full segments: 1448 bytes of payload in 1514', () => {
  expect(onTheLink(1448, 1500)).toBeCloseTo(1514);
  expect(onTheLink(8948, 9000)).toBeCloseTo(9014);
});

describe('the verdict', () => {
  const figure = (name: string, value: number): Figure => ({
    name,
    value,
    unit: 'ms',
    source: '',
    certainty: 'exact',
    group: 'user-defined',
  });
  const figures = [
    figure('round trip to another container, median', 0.116),
    figure('throughput from another container', 7121),
  ];

  test('without problems names the figures', () => {
    expect(judge([], figures)).toMatchObject({
      verdict: 'pass',
      reason: expect.stringMatching(/0\.116 ms .* 7121 Mbit\/s/),
    });
  });

  test('is that of the worst problem', () => {
    const problem = (verdict: 'warn' | 'fail', what: string) => ({ verdict, what, remedy: '' });
    expect(judge([problem('warn', 'slow'), problem('fail', 'no way')], figures)).toMatchObject({
      verdict: 'fail',
      reason: 'no way; and 1 more',
    });
    expect(judge([problem('warn', 'slow')], figures)).toMatchObject({
      verdict: 'warn',
      reason: 'slow',
    });
  });
});

test('what a container prints in the place of ping takes no time', () => {
  const begin = performance.now();
  const printed = `${'seq=1 '.repeat(700_000)}\n64 bytes: seq=0 ttl=64 time=0.062 ms\n`;
  expect(parsePing(printed, '', 1).rttsMs).toEqual([0.062]);
  // It took minutes.
  expect(performance.now() - begin).toBeLessThan(10_000);
});
