/** What is measured on a network: ping's output, dit's own client, rates. */
import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  accepts,
  type ClientTask,
  parsePing,
  runClient,
} from '../../../../src/measure/network/network.js';
import { megabitsPerSecond, onTheLink } from '../../../../src/measure/network/rates.js';

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
    expect(parsePing('', 'ping: sendto: Network is unreachable\n', 3)).toEqual({
      sent: 3,
      rttsMs: [],
      evidence: 'ping: sendto: Network is unreachable',
    });
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

test('what a container prints in the place of ping takes no time', () => {
  const begin = performance.now();
  const printed = `${'seq=1 '.repeat(700_000)}\n64 bytes: seq=0 ttl=64 time=0.062 ms\n`;
  expect(parsePing(printed, '', 1).rttsMs).toEqual([0.062]);
  // It took minutes.
  expect(performance.now() - begin).toBeLessThan(10_000);
});
