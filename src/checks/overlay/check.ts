/** The overlay test: changes lower files in a container, and looks into its layers on the host. */

import { randomBytes } from 'node:crypto';
import { closeSync, constants, fstatSync, readFileSync, readSync } from 'node:fs';
import { DitError, messageOf } from '../../base/errors.js';
import { type Foreign, quoting } from '../../base/foreign.js';
import { type LayerSize, layerSize } from '../../container/mounts/layer-size.js';
import {
  CHANGED_FOLDER,
  CHANGES,
  changedLayer,
  type ListedChange,
} from '../../container/mounts/overlay-changes.js';
import { type OverlayMount, rootMount } from '../../container/mounts/overlay-mount.js';
import { readUpper } from '../../container/mounts/upper-entries.js';
import type { MeasureContext } from '../../measure/context.js';
import { runScript } from '../../measure/sandbox/container-script.js';
import type { Running } from '../../measure/sandbox/sandbox.js';
import { RootFiles } from '../../platform/files/root-files.js';
import { processStat } from '../../platform/processes/process-table.js';
import { defineCheck, Skip } from '../contract/check.js';
import {
  type GraphDriver,
  judgeOverlay,
  type KeptFile,
  type OverlayFacts,
  type OverlayReason,
  type UpperSeen,
  type UpperUnseen,
} from './judge.js';
import { overlayText } from './text.js';

export const overlayCheck = defineCheck({
  name: 'overlay',
  measure,
  judge: judgeOverlay,
  text: overlayText,
});

/** A file by which the upper layer is known to be this container's. */
const TOKEN = 'token';

async function measure(context: MeasureContext): Promise<OverlayFacts | Skip<OverlayReason>> {
  const { signal, say, engine } = context;
  const container = await startOnLowerFiles(context);
  const root = rootMount(await mountsOf(context, container));
  const overlay = root?.overlay;
  if (overlay === undefined) {
    const { storageDriver } = engine;
    return new Skip({ kind: 'no overlay', type: root?.type, storageDriver });
  }
  signal.throwIfAborted();
  say('changing, renaming and deleting lower files');
  const token = randomBytes(16).toString('hex');
  const names = await changeLowerFiles(container, token);
  const listed = (await context.docker.getContainer(container.id).changes()) as ListedChange[];
  const driver = await graphDriver(context, container);
  const seen = await lookIntoLayers(context, container, overlay, token);
  const upper = seen.kind === 'seen' ? seen : { ...seen, listed };
  return { overlay, driver, ...names, upper };
}

async function startOnLowerFiles(context: MeasureContext): Promise<Running> {
  const { sandbox, signal, say } = context;
  say('making an image with files to change');
  const image = await sandbox.image(context.image, changedLayer());
  signal.throwIfAborted();
  return sandbox.start(
    {
      Image: image,
      Cmd: ['sleep', '600'],
      User: '0',
      HostConfig: { NetworkMode: 'none' },
    },
    'overlay',
  );
}

/** @returns the names in the changed folder before and after */
async function changeLowerFiles(
  container: Running,
  token: string,
): Promise<Pick<OverlayFacts, 'before' | 'after'>> {
  const before = await runScript(
    container,
    `cd ${CHANGED_FOLDER} && printf ${token} >${TOKEN} && ls`,
  );
  for (const { script } of CHANGES) await runScript(container, `cd ${CHANGED_FOLDER} && ${script}`);
  const after = await runScript(container, `ls ${CHANGED_FOLDER}`);
  return { before: words(before), after: words(after) };
}

const words = (text: string): string[] => text.trim().split(/\s+/);

/** The kernel's own words where they can be had: in the container, its image answers, which may say what it likes. */
async function mountsOf({ seesKernel }: MeasureContext, container: Running): Promise<string> {
  if (!seesKernel) return runScript(container, 'cat /proc/self/mountinfo');
  const text = readFileSync(`/proc/${container.pid}/mountinfo`, 'utf8');
  // Asks whether the process still is the container's.
  await container.files();
  return text;
}

/** The upper layer as the engine says it; undefined where it does not. */
async function graphDriver(
  { docker }: MeasureContext,
  container: Running,
): Promise<GraphDriver | undefined> {
  const { GraphDriver } = await docker.getContainer(container.id).inspect();
  const upperDir = (GraphDriver?.Data as unknown as Record<string, string> | null)?.UpperDir;
  return upperDir === undefined ? undefined : { name: GraphDriver.Name, upperDir };
}

type Unseen = Omit<UpperUnseen, 'listed'>;

const unseen = (why: Foreign, remedy: Foreign): Unseen => ({ kind: 'unseen', why, remedy });

/** Walks and reads the layers on the host. */
async function lookIntoLayers(
  context: MeasureContext,
  container: Running,
  overlay: OverlayMount,
  token: string,
): Promise<UpperSeen | Unseen> {
  const { signal, say, seesKernel } = context;
  if (!seesKernel) {
    return unseen("dit is not root on the engine's machine", 'run it there: sudo dit test overlay');
  }
  const view = viewOf(container.pid, overlay.upper, token);
  if (view === undefined) {
    return unseen(
      `the upper layer '${overlay.upper}' cannot be reached from here`,
      "run dit in the mount namespace of the engine's host",
    );
  }
  say('looking into the upper layer');
  try {
    return await readLayers(view, overlay, signal);
  } catch (error) {
    signal.throwIfAborted();
    return error instanceof DitError
      ? unseen(error.message, error.remedy ?? '')
      : unseen(quoting`a layer cannot be read: ${messageOf(error)}`, 'run dit as root');
  } finally {
    view.close();
  }
}

async function readLayers(
  view: RootFiles,
  overlay: OverlayMount,
  signal: AbortSignal,
): Promise<UpperSeen> {
  const top = view.folder(overlay.upper);
  const entries = await readUpper(top, signal).finally(() => top.close());
  const upper = await sizeOf(view, overlay.upper, signal);
  const lower: LayerSize[] = [];
  for (const path of overlay.lower) lower.push(await sizeOf(view, path, signal));
  return { kind: 'seen', entries, sizes: { upper, lower }, kept: keptIn(view, overlay) };
}

async function sizeOf(view: RootFiles, path: string, signal: AbortSignal): Promise<LayerSize> {
  const folder = view.folder(path);
  return layerSize(folder, signal).finally(() => folder.close());
}

/** The file that the container deleted, in the lower layers that hold it. */
function keptIn(view: RootFiles, { lower }: OverlayMount): KeptFile[] {
  const path = `${CHANGED_FOLDER}/deleted`;
  return lower.flatMap((layer, index) => {
    const bytes = inLayer(view, layer, path, (found) => fstatSync(found).size);
    return bytes === undefined ? [] : [{ layer: index + 1, path, bytes }];
  });
}

/** What lies in a layer came with the image: it is looked for below the layer, whatever links it has. */
function inLayer<T>(
  view: RootFiles,
  layer: string,
  path: string,
  read: (file: number) => T,
): T | undefined {
  const root = new RootFiles(view.folder(layer));
  let file: number | undefined;
  try {
    file = root.file(path, constants.O_RDONLY, { links: false });
    return read(file);
  } catch (error) {
    if (error instanceof DitError) throw error;
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
    root.close();
  }
}

/**
 * The root below which the mount's paths are found: dit's own, or that of the process that started the container,
 * which is the engine's. The token proves that it is this container's layer.
 */
function viewOf(pid: number, upper: string, token: string): RootFiles | undefined {
  const starter = processStat(pid)?.parentPid ?? 0;
  for (const root of ['/', ...(starter > 0 ? [starter] : [])]) {
    let view: RootFiles | undefined;
    try {
      view = typeof root === 'number' ? RootFiles.ofProcess(root) : RootFiles.at(root);
      const found = inLayer(view, upper, `${CHANGED_FOLDER}/${TOKEN}`, (file) => {
        const bytes = Buffer.alloc(token.length + 1);
        return bytes.toString('latin1', 0, readSync(file, bytes));
      });
      if (found === token) return view;
    } catch (error) {
      if (error instanceof DitError) throw error;
    }
    view?.close();
  }
  return undefined;
}
