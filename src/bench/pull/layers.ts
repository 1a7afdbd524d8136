/** The image that is pulled: the same bytes on every machine, made on the spot. */

import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { safeJson } from '../../base/escape.js';
import { randomFrom } from '../../stats/random.js';

export interface Blob {
  readonly digest: string;
  readonly mediaType: string;
  readonly bytes: Buffer;
}

export interface PullImage {
  readonly manifest: Blob;
  /** The configuration, then the layers, lowest first. */
  readonly blobs: readonly Blob[];
  readonly layers: number;
}

/** Many small files, some larger ones, one large one: unpacking costs by the file and by the byte. */
const LAYERS: readonly { readonly files: number; readonly fileBytes: number }[] = [
  { files: 500, fileBytes: 4 << 10 },
  { files: 16, fileBytes: 512 << 10 },
  { files: 1, fileBytes: 16 << 20 },
];

/** Raised when the content changes: figures of other content do not compare. */
const CONTENT = 1;
/** The name that its figures have: of all layers, unpacked, 27 MB. */
export const PULL_IMAGE = `dit-27mb-v${CONTENT}`;

/** Half of it random, so that it packs as programs do. */
function content(bytes: number, random: () => number): Buffer {
  const buffer = Buffer.alloc(bytes);
  for (let at = 0; at + 4 <= bytes; at += 8) buffer.writeUInt32LE(random() * 2 ** 32, at);
  return buffer;
}

const digestOf = (bytes: Uint8Array): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

async function layerTar(layer: number): Promise<Buffer> {
  const { files, fileBytes } = LAYERS[layer] as (typeof LAYERS)[number];
  const random = randomFrom(CONTENT * 100 + layer);
  const archive = pack();
  const folder = `layer-${layer}`;
  const common = { mtime: new Date(0), uid: 0, gid: 0 };
  archive.entry({ ...common, name: folder, type: 'directory', mode: 0o755 });
  for (let file = 0; file < files; file++) {
    const name = `${folder}/${file}`;
    archive.entry({ ...common, name, mode: 0o644 }, content(fileBytes, random));
  }
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

export const makePullImage = async (
  ...of: readonly [architecture: string, labels: Readonly<Record<string, string>>]
): Promise<PullImage> =>
  packImage(await Promise.all(LAYERS.map((_, index) => layerTar(index))), ...of);

/**
 * @param tars of the layers, lowest first
 * @param architecture Docker's name of it: the engine refuses an image for another one
 * @param labels of the image's configuration
 */
export function packImage(
  tars: readonly Buffer[],
  architecture: string,
  labels: Readonly<Record<string, string>>,
): PullImage {
  const layers = tars.map((tar) =>
    blob('application/vnd.docker.image.rootfs.diff.tar.gzip', gzipSync(tar)),
  );
  const config = blob(
    'application/vnd.docker.container.image.v1+json',
    Buffer.from(
      safeJson({
        architecture,
        os: 'linux',
        config: { Labels: labels },
        rootfs: { type: 'layers', diff_ids: tars.map(digestOf) },
        history: tars.map(() => ({ created_by: 'dit' })),
      }),
    ),
  );
  const describe = ({ digest, mediaType, bytes }: Blob) => ({
    mediaType,
    size: bytes.length,
    digest,
  });
  const manifest = blob(
    'application/vnd.docker.distribution.manifest.v2+json',
    Buffer.from(
      safeJson({
        schemaVersion: 2,
        mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
        config: describe(config),
        layers: layers.map(describe),
      }),
    ),
  );
  return { manifest, blobs: [config, ...layers], layers: layers.length };
}

const blob = (mediaType: string, bytes: Buffer): Blob => ({
  digest: digestOf(bytes),
  mediaType,
  bytes,
});
