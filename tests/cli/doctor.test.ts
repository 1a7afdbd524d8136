/** `dit doctor` of an engine that answers on a port: dit takes it for another machine's. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { dit } from '../support/run-dit.js';

it('--sources -H says what can be recorded of that engine', async () => {
  const server = createServer((_request, response) => response.end('OK')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { exitCode, stdout } = await dit(['doctor', '--sources', '--json', '-H', host]);
  server.close();
  expect(exitCode).toBe(0);
  const { gives, missing } = JSON.parse(stdout);
  expect(gives[0]).toEqual({
    what: 'works here',
    ebpf: 'no',
    bpftrace: 'no',
    strace: 'no',
    api: 'yes',
  });
  expect(missing).toHaveLength(3);
  for (const { reason } of missing) expect(reason).toContain('runs on another machine');
  const gone = await dit(['doctor', '--sources', '--host', host]);
  expect(gone).toMatchObject({ exitCode: 4, stdout: '' });
});
