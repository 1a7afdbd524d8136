/** Overlay: the layers of a container, and what a change of lower files leaves in the upper one. */

import { randomBytes } from 'node:crypto';
import { closeSync, constants, fstatSync, readFileSync, readSync } from 'node:fs';
import { DitError, EXIT, messageOf } from '../../base/errors.js';
import { type Foreign, quoting } from '../../base/foreign.js';
import { type LayerSize, layerSize } from '../../container/mounts/layer-size.js';
import {
  CHANGED_FOLDER,
  CHANGES,
  type ChangeSeen,
  changedLayer,
  compareChanges,
  compareListed,
  LISTED_KINDS,
  type ListedChange,
} from '../../container/mounts/overlay-changes.js';
import { type OverlayMount, rootMount } from '../../container/mounts/overlay-mount.js';
import { readUpper } from '../../container/mounts/upper-entries.js';
import type { MeasureContext } from '../../measure/context.js';
import { runScript } from '../../measure/sandbox/container-script.js';
import type { Running } from '../../measure/sandbox/sandbox.js';
import type { CheckFinding, CheckResult, Figure } from '../../model/checks/check.js';
import { RootFiles } from '../../platform/files/root-files.js';
import { processStat } from '../../platform/processes/process-table.js';
import { type Check, skipped } from '../contract/check.js';

const MOUNT_SOURCE = "the overlay's mount in the container's mountinfo";
const UPPER_SOURCE = "the upper layer's folder on the host, read by tar";
const WALK_SOURCE = "the layer's folder on the host, walked";

/** A file by which the upper layer is known to be this container's. */
const TOKEN = 'token';

export const overlayCheck: Check = {
  name: 'overlay',
  shows:
    "which layers a container's root is made of, and what a change of a lower file leaves in the upper one",
  thresholds:
    "pass: each of the changes left in the upper layer what overlayfs must leave there, sizes to the byte; fail: one did not; where the upper layer cannot be seen, the same by the engine's own list of changes",
  run,
};

async function run(context: MeasureContext): Promise<CheckResult> {
  const { sandbox, signal, say } = context;
  say('making an image with files to change');
  const image = await sandbox.image(context.image, changedLayer());
  signal.throwIfAborted();
  const container = await sandbox.start(
    {
      Image: image,
      Cmd: ['sleep', '600'],
      User: '0',
      HostConfig: { NetworkMode: 'none' },
    },
    'overlay',
  );
  const root = rootMount(await mountsOf(context, container));
  if (root?.overlay === undefined) return noOverlay(context, root?.type ?? 'nothing');
  const { overlay } = root;

  signal.throwIfAborted();
  say('changing, renaming and deleting lower files');
  const token = randomBytes(16).toString('hex');
  const before = await runScript(
    container,
    `cd ${CHANGED_FOLDER} && printf ${token} >${TOKEN} && ls`,
  );
  for (const { script } of CHANGES) await runScript(container, `cd ${CHANGED_FOLDER} && ${script}`);
  const after = await runScript(container, `ls ${CHANGED_FOLDER}`);
  const listed = (await context.docker.getContainer(container.id).changes()) as ListedChange[];
  const driver = await graphDriver(context, container);

  const seen = await lookIntoUpper(context, container, overlay, token);
  const evidence = [
    overlay.line,
    driver === ''
      ? 'the engine names no layers of its own (containerd image store)'
      : `the engine's GraphDriver: ${driver}`,
    `in the container before: ${words(before)}`,
    `in the container after: ${words(after)}`,
  ];
  const figures: Figure[] = [
    {
      name: 'lower layers',
      value: overlay.lower.length,
      unit: 'count',
      source: MOUNT_SOURCE,
      certainty: 'exact',
    },
  ];
  return seen instanceof DitError
    ? byTheEngine(listed, seen, figures, evidence)
    : byTheKernel(seen, overlay, driver, figures, evidence);
}

const words = (text: string): string => text.trim().split(/\s+/).join(' ');

/** The kernel's own words where they can be had: in the container, its image answers, which may say what it likes. */
async function mountsOf({ seesKernel }: MeasureContext, container: Running): Promise<string> {
  if (!seesKernel) return runScript(container, 'cat /proc/self/mountinfo');
  const text = readFileSync(`/proc/${container.pid}/mountinfo`, 'utf8');
  // Asks whether the process still is the container's.
  await container.files();
  return text;
}

function noOverlay({ engine }: MeasureContext, type: string): CheckResult {
  return skipped(
    quoting`the container's root is on ${type} and no overlay: the engine's storage is '${engine.storageDriver}'`,
    'choose the storage driver overlay2 or the containerd image store in daemon.json',
  );
}

/** Upper, lower and work as the engine says them; '' where it does not. */
async function graphDriver({ docker }: MeasureContext, container: Running): Promise<string> {
  const { GraphDriver } = await docker.getContainer(container.id).inspect();
  const upper = (GraphDriver?.Data as unknown as Record<string, string> | null)?.UpperDir;
  return upper === undefined ? '' : `${GraphDriver.Name}, UpperDir=${upper}`;
}

interface UpperSeen {
  readonly changes: readonly ChangeSeen[];
  readonly layers: readonly (LayerSize & { readonly name: string })[];
  /** Lines of the upper layer and of the lower file that is still there. */
  readonly lines: readonly string[];
}

/** Walks and reads the layers on the host; a DitError says why that cannot be done. */
async function lookIntoUpper(
  context: MeasureContext,
  container: Running,
  overlay: OverlayMount,
  token: string,
): Promise<UpperSeen | DitError> {
  const { signal, say, seesKernel } = context;
  if (!seesKernel) {
    return unseen(
      'dit is not root on the machine of the engine',
      'run it there: sudo dit test overlay',
    );
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
    const upper = view.folder(overlay.upper);
    const entries = await readUpper(upper, signal).finally(() => upper.close());
    const layers: UpperSeen['layers'][number][] = [];
    const named: [string, string][] = [
      ['upper layer', overlay.upper],
      ...overlay.lower.map((path, index): [string, string] => [
        `lower layer ${index + 1} of ${overlay.lower.length}`,
        path,
      ]),
    ];
    for (const [name, path] of named) {
      const folder = view.folder(path);
      const size = await layerSize(folder, signal).finally(() => folder.close());
      layers.push({ name, ...size });
    }
    const lines = entries
      .filter(({ path }) => path.startsWith(`${CHANGED_FOLDER}/`))
      .map(({ line }) => `upper layer: ${line}`);
    for (const [index, path] of overlay.lower.entries()) {
      const file = `${CHANGED_FOLDER}/deleted`;
      const bytes = inLayer(view, path, file, (found) => fstatSync(found).size);
      if (bytes !== undefined) {
        lines.push(`lower layer ${index + 1} still holds ${file}: ${bytes} bytes`);
      }
    }
    return { changes: compareChanges(entries), layers, lines };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof DitError) return error;
    return unseen(quoting`a layer cannot be read: ${messageOf(error)}`, 'run dit as root');
  } finally {
    view.close();
  }
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

const unseen = (message: Foreign, remedy: Foreign): DitError =>
  new DitError({ code: 'upper-unseen', exitCode: EXIT.capability, message, remedy });

function byTheKernel(
  { changes, layers, lines }: UpperSeen,
  overlay: OverlayMount,
  driver: string,
  figures: Figure[],
  evidence: string[],
): CheckResult {
  for (const { name, bytes, files, cut } of layers) {
    const note = cut ? ', not to its end' : '';
    const common = { source: WALK_SOURCE + note, group: 'layers' } as const;
    const certainty = cut ? 'inferred' : 'exact';
    figures.push({ name: `${name}: size`, value: bytes, unit: 'bytes', certainty, ...common });
    figures.push({ name: `${name}: files`, value: files, unit: 'count', certainty, ...common });
  }
  for (const { change, bytes, entries } of changes) {
    figures.push({
      name: change.what,
      value: bytes,
      unit: 'bytes',
      source: UPPER_SOURCE,
      certainty: 'exact',
      group: 'in the upper layer after a change',
    });
    const found = entries.map(({ line }) => line).join('; ');
    evidence.push(`${change.what}: ${found || 'nothing in the upper layer'}: ${change.why}`);
  }
  evidence.push(...lines);
  const wrong = changes.flatMap((change) => change.wrong);
  const strange = driver !== '' && !driver.endsWith(`UpperDir=${overlay.upper}`);
  if (strange) wrong.push(`the engine's UpperDir is not the kernel's: ${driver}`);
  return verdictOf(
    wrong,
    `${changes.length} kinds of change left in the upper layer what overlayfs must leave there`,
    figures,
    [],
    evidence,
  );
}

function byTheEngine(
  listed: readonly ListedChange[],
  { message, remedy = '' }: DitError,
  figures: Figure[],
  evidence: string[],
): CheckResult {
  for (const { Path, Kind } of listed) {
    if (!Path.startsWith(CHANGED_FOLDER)) continue;
    evidence.push(`the engine lists ${Path} as ${LISTED_KINDS[Kind] ?? Kind}`);
  }
  const finding: CheckFinding = {
    severity: 'info',
    id: 'upper-layer-unseen',
    title: `sizes of layers, whiteouts and opaque directories are left out: ${message}`,
    remedy,
  };
  return verdictOf(
    compareListed(listed),
    'the engine lists the changes as they were made; the upper layer itself was not looked into',
    figures,
    [finding],
    evidence,
  );
}

function verdictOf(
  wrong: readonly string[],
  right: string,
  figures: readonly Figure[],
  findings: readonly CheckFinding[],
  evidence: readonly string[],
): CheckResult {
  const fine = wrong.length === 0;
  return {
    verdict: fine ? 'pass' : 'fail',
    reason: fine ? right : wrong.join('; '),
    remedy: fine
      ? ''
      : 'compare with "docker diff" and the lines of evidence; is it an overlay of the kernel?',
    figures,
    findings,
    evidence,
  };
}
