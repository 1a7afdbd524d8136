/** A registry on this machine that has no image, or that never answers. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface TestRegistry {
  /** "127.0.0.1:40123": Docker speaks plain HTTP with it. */
  readonly host: string;
  close(): void;
}

export async function startRegistry(behaviour: 'empty' | 'silent'): Promise<TestRegistry> {
  const server = createServer((request, response) => {
    if (behaviour === 'silent') return;
    const known = request.url === '/v2/';
    response.writeHead(known ? 200 : 404, {
      'content-type': 'application/json',
      'docker-distribution-api-version': 'registry/2.0',
    });
    const error = { code: 'MANIFEST_UNKNOWN', message: 'manifest unknown', detail: {} };
    response.end(JSON.stringify(known ? {} : { errors: [error] }));
  });
  const { port } = await listen(server);
  return {
    host: `127.0.0.1:${port}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** "127.0.0.1:PORT" where nobody listens. */
export async function closedPort(): Promise<string> {
  const server = createServer();
  const { port } = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return `127.0.0.1:${port}`;
}

function listen(server: Server): Promise<AddressInfo> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(server.address() as AddressInfo));
  });
}
