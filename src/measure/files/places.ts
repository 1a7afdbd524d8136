/** The four kinds of place where a container's files may lie, in one container that stays. */

import { DitError, EXIT, messageOf, systemErrorCode } from '../../base/errors.js';
import type { Foreign } from '../../base/foreign.js';
import { quoting } from '../../base/foreign.js';
import type { HeldFolder } from '../../platform/files/held-folder.js';
import { makeOwnFolder, removeOwnFolder } from '../../platform/files/own-folder.js';
import type { MeasureContext } from '../context.js';
import { runScript } from '../sandbox/container-script.js';
import type { ContainerOptions, Running } from '../sandbox/sandbox.js';

export const PLACES = ['overlay', 'volume', 'bind', 'tmpfs'] as const;
export type PlaceName = (typeof PLACES)[number];

interface Place {
  readonly name: PlaceName;
  /** In the container. */
  readonly path: string;
  /** The same folder, held by this process where the container is this machine's. */
  readonly folder: HeldFolder | undefined;
}

export interface IoPlaces {
  readonly container: Running;
  readonly places: readonly Place[];
  /** What lies behind the bind mount: "a folder below /var/tmp", "a volume's folder: …". */
  readonly bound: Foreign;
  /** The kernel's lines of the four mounts. */
  readonly mounts: readonly string[];
}

const PATHS: Readonly<Record<PlaceName, string>> = {
  overlay: '/dit-io',
  volume: '/dit-volume',
  bind: '/dit-bind',
  tmpfs: '/dit-tmpfs',
};

/**
 * A folder that dit made in a container, or had made in its image, held by this process. The image may have put a link
 * in its place: then nothing would be measured where the name says, so it is refused.
 * @throws DitError container-folder-taken, open-in-root-missing (exit 3)
 */
export async function containerFolder(
  container: Running,
  path: string,
  sandbox: Pick<MeasureContext['sandbox'], 'undo'>,
): Promise<HeldFolder> {
  try {
    const folder = (await container.files()).folder(path, { links: false });
    sandbox.undo(`letting go of ${path}`, () => folder.close());
    return folder;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code !== 'ELOOP' && code !== 'ENOTDIR' && code !== 'ENOENT') throw error;
    throw new DitError({
      code: 'container-folder-taken',
      exitCode: EXIT.engine,
      message: quoting`the container's '${path}' is not the folder that dit makes there: ${messageOf(error)}`,
      remedy: `use an image without '${path}', or leave --image out`,
      cause: error,
    });
  }
}

type PlaceContext = Pick<MeasureContext, 'docker' | 'sandbox' | 'seesKernel'>;

/**
 * @param tmpfsBytes what the tmpfs may hold
 * @throws DitError
 */
export async function openPlaces(
  context: PlaceContext,
  image: string,
  tmpfsBytes: number,
): Promise<IoPlaces> {
  const { sandbox } = context;
  const volume = await sandbox.volume();
  const start = (source: string): Promise<Running> =>
    sandbox.start(optionsOf(image, volume, source, tmpfsBytes), 'io');
  const { container, bound } = await startWithBind(context, start);
  const lines = await runScript(container, `mkdir -p ${PATHS.overlay} && cat /proc/self/mountinfo`);
  const targets = new Set(['/', PATHS.volume, PATHS.bind, PATHS.tmpfs]);
  const places: Place[] = [];
  for (const name of PLACES) {
    const path = PATHS[name];
    const folder = context.seesKernel ? await containerFolder(container, path, sandbox) : undefined;
    places.push({ name, path, folder });
  }
  return {
    container,
    bound,
    places,
    mounts: lines.split('\n').filter((line) => targets.has(line.split(' ')[4] ?? '')),
  };
}

/** Not /tmp, which is a tmpfs on many machines: what is bound should be on a disk. */
const BOUND_BELOW = '/var/tmp';

/**
 * A folder of the host is bound where the engine sees it; one that runs elsewhere or in a mount namespace of its own
 * does not, and gets the folder of another volume, which it must know.
 */
async function startWithBind(
  { docker, sandbox, seesKernel }: PlaceContext,
  start: (source: string) => Promise<Running>,
): Promise<{ container: Running; bound: Foreign }> {
  let why: Foreign = "dit is not on the engine's machine";
  if (seesKernel) {
    try {
      const folder = makeOwnFolder(BOUND_BELOW, 'io');
      sandbox.undo(`removing '${folder}'`, () => removeOwnFolder(folder));
      return { container: await start(folder), bound: `a folder below ${BOUND_BELOW}` };
    } catch (error) {
      why = messageOf(error);
      if (why.includes('bind source path does not exist')) {
        why = `the engine does not see ${BOUND_BELOW} of this machine`;
      } else if (systemErrorCode(error) === undefined) {
        throw error;
      }
    }
  }
  const { Mountpoint } = await docker.getVolume(await sandbox.volume()).inspect();
  return {
    container: await start(Mountpoint),
    bound: quoting`the folder of another volume, because ${why}`,
  };
}

const optionsOf = (
  Image: string,
  volume: string,
  bindSource: string,
  tmpfsBytes: number,
): ContainerOptions => ({
  Image,
  Cmd: ['sleep', '600'],
  User: '0',
  HostConfig: {
    NetworkMode: 'none',
    Mounts: [
      { Type: 'volume', Source: volume, Target: PATHS.volume },
      { Type: 'bind', Source: bindSource, Target: PATHS.bind },
      {
        Type: 'tmpfs',
        Source: '',
        Target: PATHS.tmpfs,
        TmpfsOptions: { SizeBytes: tmpfsBytes, Mode: 0o700 },
      },
    ],
  },
});
