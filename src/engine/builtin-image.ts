/** The image for a `dit trace run` without one: busybox, made on the spot, so no registry is needed. */

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type Dockerode from 'dockerode';
import { DitError, EXIT } from '../base/errors.js';
import { own } from '../base/own.js';
import { needProgram } from '../platform/processes/child-process.js';
import { followProgress } from './api/streams.js';

const REPOSITORY = 'dit-builtin';
/** Raised when the content changes; the image is never changed under the same tag. */
const TAG = '1';
export const BUILTIN_IMAGE = `${REPOSITORY}:${TAG}`;

const BUSYBOX_PATHS = ['/usr/bin/busybox', '/bin/busybox'];

/** Dockerfile lines; the label tells whose it is, as on everything that dit makes in an engine. */
const CHANGES = [
  'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  'CMD ["echo","hello from dit"]',
  'LABEL dev.dit.object=builtin-image',
].join('\n');

/**
 * Loads the built-in image into the engine unless it is there.
 * @throws DitError, exit 3: no static busybox here, or the engine's machine is of another architecture.
 */
export async function ensureBuiltinImage(
  docker: Dockerode,
): Promise<{ readonly image: string; readonly created: boolean }> {
  if (await hasImage(docker)) return { image: BUILTIN_IMAGE, created: false };
  await needSameArchitecture(docker);
  const root = await builtinRoot();
  const progress = await docker.importImage(root, {
    fromSrc: '-',
    repo: REPOSITORY,
    tag: TAG,
    changes: CHANGES,
  });
  await followProgress(progress as Readable);
  return { image: BUILTIN_IMAGE, created: true };
}

async function hasImage(docker: Dockerode): Promise<boolean> {
  try {
    await docker.getImage(BUILTIN_IMAGE).inspect();
    return true;
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'statusCode' in error) {
      if (error.statusCode === 404) return false;
    }
    throw error;
  }
}

/** Node's names of the architectures that busybox is taken from, by Docker's. */
const ARCHITECTURES: Readonly<Record<string, string>> = { amd64: 'x64', arm64: 'arm64' };

async function needSameArchitecture(docker: Dockerode): Promise<void> {
  const { Arch } = await docker.version();
  if (own(ARCHITECTURES, Arch) === process.arch) return;
  throw new DitError({
    code: 'builtin-image-architecture',
    exitCode: EXIT.unavailable,
    message: `the built-in image is made of this machine's busybox (${process.arch}), and the engine runs on '${Arch}'`,
    remedy: 'name an image that the engine has or can pull',
  });
}

/** The root file system as a tar stream: a static busybox, a link for each of its applets, and the usual folders. */
export async function builtinRoot(): Promise<Readable> {
  const path = BUSYBOX_PATHS.find(existsSync);
  if (path === undefined) throw busyboxMissing('busybox is not installed');
  const busybox = await readFile(path);
  if (!isStatic(busybox)) throw busyboxMissing(`'${path}' is not statically linked`);
  const { stdout } = await needProgram(path, ['--list-full']);
  const applets = stdout.split('\n').filter((applet) => /^[\w/.[-]+$/.test(applet));

  const { pack: newPack } = await import('tar-stream');
  const pack = newPack();
  // Fixed times and owners: the same busybox gives the same layer.
  const common = { mtime: new Date(0), uid: 0, gid: 0 };
  for (const name of ['bin', 'sbin', 'usr/bin', 'usr/sbin', 'etc', 'root', 'proc', 'sys', 'dev']) {
    pack.entry({ ...common, name, type: 'directory', mode: 0o755 });
  }
  pack.entry({ ...common, name: 'tmp', type: 'directory', mode: 0o1777 });
  pack.entry({ ...common, name: 'etc/passwd', mode: 0o644 }, 'root:x:0:0:root:/root:/bin/sh\n');
  pack.entry({ ...common, name: 'etc/group', mode: 0o644 }, 'root:x:0:\n');
  pack.entry({ ...common, name: 'bin/busybox', mode: 0o755 }, busybox);
  for (const name of applets) {
    if (name === 'bin/busybox') continue;
    pack.entry({ ...common, name, type: 'symlink', linkname: '/bin/busybox', mode: 0o777 });
  }
  pack.finalize();
  return pack as unknown as Readable;
}

const PROGRAM_HEADER_INTERPRETER = 3;

/** A 64-bit little-endian ELF file that asks for no dynamic loader. */
export function isStatic(elf: Buffer): boolean {
  if (elf.length < 64 || elf.readUInt32BE(0) !== 0x7f454c46) return false;
  const table = Number(elf.readBigUInt64LE(32));
  const entryBytes = elf.readUInt16LE(54);
  const entries = elf.readUInt16LE(56);
  for (let i = 0; i < entries; i++) {
    const at = table + i * entryBytes;
    if (at + 4 > elf.length) return false;
    if (elf.readUInt32LE(at) === PROGRAM_HEADER_INTERPRETER) return false;
  }
  return true;
}

function busyboxMissing(fact: string): DitError {
  return new DitError({
    code: 'busybox-missing',
    exitCode: EXIT.unavailable,
    message: `${fact}, so the built-in image cannot be made`,
    remedy: 'sudo apt-get install busybox-static',
  });
}
