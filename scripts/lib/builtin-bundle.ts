/** dit's built-in image for engines that are no Docker: as an archive to load, and as an OCI bundle to run. */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { BUILTIN_IMAGE, builtinRoot } from '../../src/engine/builtin-image.js';

/** The name of the image in an engine that loaded the archive. */
export const IMAGE_REFERENCE = `docker.io/library/${BUILTIN_IMAGE}`;

const ENV = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'];
const COMMAND = ['echo', 'hello from dit'];

/** A tar as `docker save` writes it; `podman load` and `ctr images import` read it. */
export async function writeImageArchive(path: string): Promise<void> {
  const layer = await buffer(await builtinRoot());
  const config = JSON.stringify({
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    config: { Env: ENV, Cmd: COMMAND },
    rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(layer)}`] },
    history: [{ created_by: 'dit' }],
  });
  const configName = `${sha256(config)}.json`;
  const manifest = [{ Config: configName, RepoTags: [IMAGE_REFERENCE], Layers: ['layer.tar'] }];
  const { pack: newPack } = await import('tar-stream');
  const pack = newPack();
  pack.entry({ name: 'layer.tar' }, layer);
  pack.entry({ name: configName }, config);
  pack.entry({ name: 'manifest.json' }, JSON.stringify(manifest));
  pack.finalize();
  await pipeline(pack as unknown as NodeJS.ReadableStream, createWriteStream(path));
}

const sha256 = (data: Buffer | string): string => createHash('sha256').update(data).digest('hex');

/** The namespaces of a container, as `docker run --network none` asks for them. */
const NAMESPACES = ['pid', 'network', 'ipc', 'uts', 'mount'];
const HARDENED = ['nosuid', 'noexec', 'nodev'];
const MOUNTS = [
  { destination: '/proc', type: 'proc', source: 'proc', options: HARDENED },
  { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755'] },
  {
    destination: '/dev/pts',
    type: 'devpts',
    source: 'devpts',
    options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620'],
  },
  { destination: '/dev/shm', type: 'tmpfs', source: 'shm', options: [...HARDENED, 'mode=1777'] },
  { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: HARDENED },
  { destination: '/sys', type: 'sysfs', source: 'sysfs', options: [...HARDENED, 'ro'] },
];
const CAPABILITIES = ['CAP_AUDIT_WRITE', 'CAP_KILL', 'CAP_NET_BIND_SERVICE'];

/** A folder that `runc run --bundle` takes: rootfs and config.json. */
export async function writeBundle(folder: string, cgroupsPath: string): Promise<void> {
  const rootfs = join(folder, 'rootfs');
  await mkdir(rootfs, { recursive: true });
  const { execa } = await import('execa');
  await execa('tar', ['-C', rootfs, '-xf', '-'], { input: await buffer(await builtinRoot()) });
  const config = {
    ociVersion: '1.0.2',
    process: {
      terminal: false,
      user: { uid: 0, gid: 0 },
      args: COMMAND,
      env: ENV,
      cwd: '/',
      capabilities: {
        bounding: CAPABILITIES,
        effective: CAPABILITIES,
        permitted: CAPABILITIES,
      },
      noNewPrivileges: true,
    },
    root: { path: 'rootfs', readonly: false },
    hostname: 'dit',
    mounts: MOUNTS,
    linux: {
      cgroupsPath,
      namespaces: NAMESPACES.map((type) => ({ type })),
      maskedPaths: ['/proc/kcore', '/proc/keys', '/proc/timer_list', '/sys/firmware'],
      readonlyPaths: ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'],
    },
  };
  await writeFile(join(folder, 'config.json'), JSON.stringify(config));
}
