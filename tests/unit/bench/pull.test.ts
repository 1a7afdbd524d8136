import { gunzipSync } from 'node:zlib';
import { extract } from 'tar-stream';
import { beforeAll, describe, expect, it } from 'vitest';
import { makePullImage, type PullImage } from '../../../src/bench/pull/layers.js';
import { pullTimes } from '../../../src/bench/pull/pull-times.js';
import { serveImage } from '../../../src/bench/pull/registry.js';

const LIMIT_MS = 30_000;

describe('where the time of a pull goes', () => {
  it('is told by the engine, layer by layer', () => {
    const events: [ms: number, id: string, status: string][] = [
      [1, '', 'Pulling from dit/bench'],
      [10, 'a', 'Pulling fs layer'],
      [11, 'b', 'Pulling fs layer'],
      [20, 'a', 'Downloading'],
      [30, 'b', 'Verifying Checksum'],
      [33, 'b', 'Download complete'],
      [40, 'a', 'Verifying Checksum'],
      [45, 'a', 'Download complete'],
      [46, 'a', 'Extracting'],
      [60, 'a', 'Extracting'],
      [66, 'a', 'Pull complete'],
      [67, 'b', 'Extracting'],
      [70, 'b', 'Pull complete'],
      [75, '', 'Status: Downloaded newer image'],
    ];
    expect(pullTimes(events.map(([ms, id, status]) => ({ ms, id, status })))).toEqual({
      downloadMs: 45 - 10,
      verifyMs: 3 + 5,
      extractMs: 20 + 3,
    });
  });

  it('is not known of what the engine does not tell', () => {
    expect(pullTimes([{ ms: 1, id: 'a', status: 'Pulling fs layer' }])).toEqual({
      downloadMs: undefined,
      verifyMs: undefined,
      extractMs: undefined,
    });
  });
});

describe('the image that is pulled', () => {
  let image: PullImage;
  beforeAll(async () => {
    image = await makePullImage('amd64', { 'dev.dit.run': '0123' });
  }, LIMIT_MS);

  it('holds the same layers each time', { timeout: LIMIT_MS }, async () => {
    const again = await makePullImage('amd64', {});
    expect(again.blobs.slice(1).map(({ digest }) => digest)).toEqual(
      image.blobs.slice(1).map(({ digest }) => digest),
    );
    expect(again.blobs[0]?.digest).not.toBe(image.blobs[0]?.digest);
  });

  it('has layers that unpack to 27 MB, and pack to about half', async () => {
    const tars = image.blobs.slice(1).map(({ bytes }) => gunzipSync(bytes));
    const bytes = tars.reduce((sum, tar) => sum + tar.length, 0);
    expect(Math.round(bytes / 1e6)).toBe(27);
    let files = 0;
    for (const tar of tars) {
      const archive = extract();
      archive.end(tar);
      for await (const entry of archive) {
        files += entry.header.type === 'file' ? 1 : 0;
        entry.resume();
      }
    }
    expect(files).toBe(517);
  });

  it('is given by a registry whole, and its layers are counted', async () => {
    const registry = await serveImage(image);
    try {
      const [host, ...path] = registry.reference.replace(/:1$/, '').split('/');
      const base = `http://${host}/v2/${path.join('/')}`;
      const manifest = await fetch(`${base}/manifests/1`);
      expect(manifest.headers.get('docker-content-digest')).toBe(image.manifest.digest);
      const { layers } = (await manifest.json()) as { layers: { digest: string }[] };
      for (const { digest } of layers) {
        const sent = Buffer.from(await (await fetch(`${base}/blobs/${digest}`)).arrayBuffer());
        expect(image.blobs.find((blob) => blob.digest === digest)?.bytes.equals(sent)).toBe(true);
      }
      await fetch(`${base}/blobs/${layers[0]?.digest}`, { method: 'HEAD' });
      expect((await fetch(`${base}/blobs/sha256:00`)).status).toBe(404);
      expect(registry.takeLayersSent()).toBe(layers.length);
      expect(registry.takeLayersSent()).toBe(0);
    } finally {
      await registry.close();
    }
  });
});
