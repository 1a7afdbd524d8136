/** A registry on this machine's loopback that gives one image: what a pull asks of it, and no more. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Blob, PullImage } from './layers.js';

const REPOSITORY = 'dit/bench';
const TAG = '1';

export interface LocalRegistry {
  /** "127.0.0.1:40123/dit/bench:1": Docker speaks plain HTTP with the loopback. */
  readonly reference: string;
  /** How many layers were sent since the last call. */
  takeLayersSent(): number;
  close(): Promise<void>;
}

/** The image is given by tag and by digest, its parts by digest, as the distribution specification has it. */
export async function serveImage(image: PullImage): Promise<LocalRegistry> {
  const base = `/v2/${REPOSITORY}`;
  const found = new Map<string, Blob>([
    [`${base}/manifests/${TAG}`, image.manifest],
    [`${base}/manifests/${image.manifest.digest}`, image.manifest],
    ...image.blobs.map((blob): [string, Blob] => [`${base}/blobs/${blob.digest}`, blob]),
  ]);
  const layers = new Set(image.blobs.slice(1));
  let layersSent = 0;
  const server = createServer((request, response) => {
    if (request.url === '/v2/') {
      response.writeHead(200, { 'docker-distribution-api-version': 'registry/2.0' }).end('{}');
      return;
    }
    const blob = found.get(request.url ?? '');
    if (blob === undefined) {
      response.writeHead(404, { 'content-type': 'application/json' });
      response.end('{"errors":[{"code":"MANIFEST_UNKNOWN","message":"unknown"}]}');
      return;
    }
    if (layers.has(blob) && request.method === 'GET') layersSent++;
    send(request, response, blob);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    reference: `127.0.0.1:${port}/${REPOSITORY}:${TAG}`,
    takeLayersSent: () => {
      const sent = layersSent;
      layersSent = 0;
      return sent;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function send(request: IncomingMessage, response: ServerResponse, blob: Blob): void {
  response.writeHead(200, {
    'content-type': blob.mediaType,
    'content-length': blob.bytes.length,
    'docker-content-digest': blob.digest,
    'docker-distribution-api-version': 'registry/2.0',
  });
  response.end(request.method === 'HEAD' ? undefined : blob.bytes);
}
