/** When a request is written and answered, against a server in another thread that says when it got and gave it. */

import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import Dockerode from 'dockerode';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { raw } from '../../../src/base/foreign.js';
import { EngineClient } from '../../../src/engine/engine-client.js';
import type { RawMark } from '../../../src/engine/marks.js';

const SERVER = `
const { createServer } = require('node:http');
const { parentPort, workerData } = require('node:worker_threads');
const server = createServer((request, response) => {
  request.resume().on('end', () => {
    const got = process.hrtime.bigint();
    const isCreate = request.url.startsWith('/containers/create');
    response.writeHead(isCreate ? 201 : 204, { 'content-type': 'application/json' });
    response.end(isCreate ? JSON.stringify({ Id: 'a'.repeat(64) }) : undefined);
    parentPort.postMessage({ got, gave: process.hrtime.bigint() });
  });
}).listen(workerData, () => parentPort.postMessage('listening'));
`;

let folder: string;
let server: Worker;
let docker: Dockerode;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dit-request-times-'));
  const socketPath = join(folder, 'socket');
  server = new Worker(SERVER, { eval: true, workerData: socketPath });
  await once(server, 'message');
  docker = new Dockerode({ socketPath });
});
afterAll(async () => {
  await server.terminate();
  rmSync(folder, { recursive: true });
});

/** What JavaScript does when something else is due too. @returns when it was done */
function keepBusy(ms: number): bigint {
  const until = process.hrtime.bigint() + BigInt(ms) * 1_000_000n;
  while (process.hrtime.bigint() < until);
  return process.hrtime.bigint();
}

interface Told {
  readonly got: bigint;
  readonly gave: bigint;
}

it('a mark begins when its request is written, over a new connection and over one that is there', async () => {
  const marks: RawMark[] = [];
  const client = new EngineClient(docker, (mark) => marks.push(mark));
  for (let round = 0; round < 3; round++) {
    const told = once(server, 'message') as Promise<[Told]>;
    const asked = process.hrtime.bigint();
    const created = client.create({ Image: 'image' });
    const free = keepBusy(30);
    const container = await created;
    const [{ got }] = await told;
    const create = marks.at(-1);
    expect(create).toMatchObject({ name: 'create', status: 201 });
    // Before this thread was free nothing was written, and what was not written nobody got.
    expect(create?.startNs).toBeGreaterThan(free);
    expect(create?.startNs).toBeLessThan(create?.endNs ?? 0n);
    expect(got).toBeLessThan(create?.endNs ?? 0n);
    const askedNs = BigInt(raw(create?.detail?.asked_ns ?? '0'));
    expect((create?.startNs ?? 0n) - askedNs).toBeGreaterThanOrEqual(asked);
    expect((create?.startNs ?? 0n) - askedNs).toBeLessThan(free);

    const next = once(server, 'message') as Promise<[Told]>;
    const started = client.start(container);
    const freeAgain = keepBusy(30);
    await started;
    await next;
    expect(marks.at(-1)?.name).toBe('start');
    expect(marks.at(-1)?.startNs).toBeGreaterThan(freeAgain);
  }
});

it('of a request that reached nobody, the mark begins when it was asked for', async () => {
  const marks: RawMark[] = [];
  const nobody = new Dockerode({ socketPath: join(folder, 'nobody') });
  const client = new EngineClient(nobody, (mark) => marks.push(mark));
  const before = process.hrtime.bigint();
  await expect(client.create({ Image: 'image' })).rejects.toMatchObject({ code: 'engine-gone' });
  expect(marks).toHaveLength(1);
  expect(marks[0]?.detail).not.toHaveProperty('asked_ns');
  expect(marks[0]?.startNs).toBeGreaterThanOrEqual(before);
  expect(marks[0]?.error).not.toBe('');
});
