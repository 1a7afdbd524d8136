import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { dockerodeOptions, findEngine } from '../../../src/engine/endpoint.js';

let folder: string;
const servers: Server[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dit-endpoint-'));
});

afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((done) => server.close(done));
  rmSync(folder, { recursive: true });
});

async function listen(server: Server, name: string): Promise<string> {
  servers.push(server);
  const path = join(folder, name);
  await new Promise<void>((done) => server.listen(path, done));
  return `unix://${path}`;
}

const engine = (name: string): Promise<string> =>
  listen(
    http.createServer((_, response) => response.end('OK')),
    name,
  );

function context(name: string, meta: unknown): void {
  const id = createHash('sha256').update(name).digest('hex');
  mkdirSync(join(folder, 'contexts/meta', id), { recursive: true });
  writeFileSync(join(folder, 'contexts/meta', id, 'meta.json'), JSON.stringify(meta));
}

const hostOf = (url: string) => ({ Endpoints: { docker: { Host: url } } });

test('--host goes before DOCKER_HOST, and both before everything else', async () => {
  const one = await engine('one');
  const two = await engine('two');
  const byOption = await findEngine({ host: one, env: { DOCKER_HOST: two } });
  expect(byOption.endpoint).toMatchObject({ url: one, origin: '--host', kind: 'local' });
  const byEnv = await findEngine({ env: { DOCKER_HOST: two, DOCKER_CONTEXT: 'nowhere' } });
  expect(byEnv.endpoint).toMatchObject({ url: two, origin: 'DOCKER_HOST' });
});

test('an engine that was asked for and does not answer is an error', async () => {
  const url = `unix://${join(folder, 'absent')}`;
  await expect(findEngine({ env: { DOCKER_HOST: url } })).rejects.toMatchObject({
    code: 'engine-unreachable',
    exitCode: 4,
    message: `the Docker engine at '${url}' (DOCKER_HOST) does not answer: there is no such socket`,
  });
  await expect(findEngine({ env: { DOCKER_CONTEXT: 'none' } })).rejects.toMatchObject({
    exitCode: 4,
    message: expect.stringContaining("there is no context 'none'"),
  });
});

test('one that accepts and never answers costs no more than the limit', async () => {
  const url = await listen(
    createServer((socket) => {
      socket.resume();
    }),
    'silent',
  );
  await expect(findEngine({ env: { DOCKER_HOST: url }, timeoutMs: 50 })).rejects.toMatchObject({
    message: expect.stringContaining('no answer within 0.05 s'),
  });
});

test('one that answers with something else is none', async () => {
  const url = await listen(
    http.createServer((_, response) => response.writeHead(404).end()),
    'web',
  );
  await expect(findEngine({ host: url })).rejects.toMatchObject({
    message: expect.stringContaining('HTTP status 404'),
  });
});

test('the current context is used, by name in DOCKER_CONTEXT too', async () => {
  const url = await engine('context');
  context('mine', hostOf(url));
  writeFileSync(join(folder, 'config.json'), '{"currentContext":"mine"}');
  const env = { DOCKER_CONFIG: folder };
  expect((await findEngine({ env })).endpoint).toMatchObject({
    url,
    origin: 'context',
    context: 'mine',
  });
  const named = await findEngine({ env: { ...env, DOCKER_CONTEXT: 'mine' } });
  expect(named.endpoint).toMatchObject({ url, origin: 'DOCKER_CONTEXT' });
});

test('a current context that is broken or silent is passed by, and said', async () => {
  writeFileSync(join(folder, 'config.json'), '{"currentContext":"broken"}');
  context('broken', { Endpoints: [] });
  const url = await engine('docker.sock');
  const env = { DOCKER_CONFIG: folder, XDG_RUNTIME_DIR: folder };
  const search = await findEngine({ env, defaultUrl: `unix://${join(folder, 'none.sock')}` });
  expect(search.tried.map(({ origin, result }) => [origin, result])).toEqual([
    ['context', "the context 'broken' names no Docker host"],
    ['default socket', 'there is no such socket'],
    ['rootless socket', 'answers'],
  ]);
  expect(search.endpoint).toMatchObject({ origin: 'rootless socket', url });
  // The machine's own goes before.
  const own = await engine('own.sock');
  const again = await findEngine({ env, defaultUrl: own });
  expect(again.endpoint).toMatchObject({ origin: 'default socket', url: own });
});

test('a configuration that cannot be read is said, and one that is not there is not', async () => {
  const resultOf = async (): Promise<unknown> => {
    const search = await findEngine({ env: { DOCKER_CONFIG: folder, XDG_RUNTIME_DIR: folder } });
    return search.tried.find(({ origin }) => origin === 'context')?.result;
  };
  expect(await resultOf()).toBeUndefined();
  writeFileSync(join(folder, 'config.json'), '{"currentContext":');
  expect(await resultOf()).toContain('JSON');
  rmSync(join(folder, 'config.json'));
  mkdirSync(join(folder, 'config.json'));
  expect(await resultOf()).toMatch(/config\.json' is a folder, not a regular file$/);
  rmSync(join(folder, 'config.json'), { recursive: true });
  execFileSync('mkfifo', [join(folder, 'config.json')]);
  expect(await resultOf()).toMatch(/config\.json' is a FIFO, not a regular file$/);
  rmSync(join(folder, 'config.json'));
  writeFileSync(join(folder, 'config.json'), ' '.repeat((1 << 20) + 1));
  expect(await resultOf()).toContain('has 1048577 bytes, more than');
});

test.each([
  'nonsense',
  'unix://',
  'unix://relative',
  'ftp://x',
  'tcp://',
])('refuses the address %j', async (host) => {
  const search = findEngine({ env: { DOCKER_HOST: host } });
  await expect(search).rejects.toMatchObject({ code: 'engine-address', exitCode: 2 });
});

test('hands the client library what it needs for each kind of address', async () => {
  const remote = { origin: '--host', kind: 'remote' } as const;
  expect(dockerodeOptions({ ...remote, url: 'tcp://[::1]:99' })).toMatchObject({ port: '99' });
  const ca = Buffer.from('ca');
  expect(dockerodeOptions({ ...remote, url: 'tcp://far', tls: { ca } })).toEqual({
    protocol: 'https',
    host: 'far',
    port: 2376,
    ca,
  });
  expect((await findEngine({ host: 'ssh://me@far' })).endpoint?.kind).toBe('remote');
  expect(dockerodeOptions({ ...remote, url: 'ssh://me@far:2222' })).toMatchObject({
    protocol: 'ssh',
    host: 'far',
    username: 'me',
    port: '2222',
  });
});
