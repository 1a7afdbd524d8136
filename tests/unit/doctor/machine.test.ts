/** What is said of engines, by one that answers on a port: dit takes it for another machine's. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { machineFeatures } from '../../../src/doctor/machine.js';

let server: Server;
let host: string;
beforeAll(async () => {
  server = createServer((_request, response) => response.end('OK')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  host = `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

it('an engine on another machine can be recorded by its requests', async () => {
  const capabilities = await machineFeatures(host);
  expect(capabilities.find(({ id }) => id === 'docker')).toMatchObject({
    available: false,
    required: true,
    evidence: `${host} (--host) answers, but is on another machine`,
    remedy: expect.stringContaining('record only API requests: --source api'),
  });
  expect(capabilities.find(({ id }) => id === 'api')).toMatchObject({
    available: true,
    evidence: `${host} (--host) answers`,
  });
});

it('one that does not answer cannot', async () => {
  const capabilities = await machineFeatures('tcp://127.0.0.1:1');
  for (const id of ['docker', 'api']) {
    expect(capabilities.find((capability) => capability.id === id)).toMatchObject({
      available: false,
    });
  }
});
