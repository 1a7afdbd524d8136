/** Pulling an image from a registry on this machine: the engine's work, without the network's. */
import type { Readable } from 'node:stream';
import type Dockerode from 'dockerode';
import { DitError, EXIT } from '../../base/errors.js';
import type { Foreign } from '../../base/foreign.js';
import { quoting } from '../../base/foreign.js';
import { followProgress } from '../../engine/api/streams.js';
import { engineError } from '../../engine/docker.js';
import { ownerLabels } from '../../engine/owner-labels.js';
import type { MeasureContext } from '../../measure/context.js';
import type { Dimension, Measure, Reading } from '../contract/dimension.js';
import { makePullImage, PULL_IMAGE } from '../pull/layers.js';
import { type PullEvent, pullTimes } from '../pull/pull-times.js';
import { serveImage } from '../pull/registry.js';

const PARTS = 'pull-parts';

export const pullDimension: Dimension = {
  name: 'pull',
  measures:
    'from the request to the response, by the client; 27 MB in three layers, from a registry on the loopback. ' +
    "pull-parts: download, verify and extract by the engine's progress; they overlap",
  finer: { [PARTS]: { unit: 'ms', better: 'lower' } },
  measurements: ({ pulls }) => [
    {
      name: 'pull',
      dimension: 'pull',
      iterations: pulls,
      guessMs: 3000,
      gives: [
        { dimension: 'pull', group: PULL_IMAGE },
        ...['download', 'verify', 'extract'].map((group) => ({ dimension: PARTS, group })),
      ],
    },
  ],
  prepare,
};

async function prepare({ docker, engine, sandbox }: MeasureContext): Promise<Measure> {
  if (!engine.endpoint.startsWith('unix:')) throw unreachable(engine.endpoint);
  const { Arch } = await docker.version();
  const id = sandbox.name('pull');
  const image = await makePullImage(Arch, ownerLabels(id));
  const registry = await serveImage(image);
  sandbox.undo('closing the registry', () => registry.close());
  return async (_measurement, context): Promise<readonly Reading[]> => {
    context.sandbox.undo(`removing image ${registry.reference}`, () =>
      removeImage(docker, registry.reference),
    );
    registry.takeLayersSent();
    const { ms, events } = await pull(docker, registry.reference, context.signal);
    const sent = registry.takeLayersSent();
    if (sent < image.layers) {
      throw new DitError({
        code: 'pull-not-whole',
        exitCode: EXIT.engine,
        message: `the engine asked for ${sent} of ${image.layers} layers: it kept those of the pull before`,
        remedy: 'see what holds them: docker system df',
      });
    }
    const { downloadMs, verifyMs, extractMs } = pullTimes(events);
    const part = (group: string, value: number | undefined): Reading[] =>
      value === undefined ? [] : [{ dimension: PARTS, group, value }];
    return [
      { dimension: 'pull', group: PULL_IMAGE, value: ms },
      ...part('download', downloadMs),
      ...part('verify', verifyMs),
      ...part('extract', extractMs),
    ];
  };
}

async function pull(
  docker: Dockerode,
  reference: string,
  signal: AbortSignal,
): Promise<{ ms: number; events: readonly PullEvent[] }> {
  const events: PullEvent[] = [];
  const begin = performance.now();
  try {
    const stream = await docker.pull(reference, { abortSignal: signal });
    await followProgress(stream as Readable, ({ id = '', status = '' }) => {
      events.push({ ms: performance.now() - begin, id, status });
    });
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    const failure = engineError(error, 'pulling from the registry on the loopback', reference);
    if (failure.code === 'registry-unreachable') throw unreachable(reference);
    throw failure;
  }
  return { ms: performance.now() - begin, events };
}

async function removeImage(docker: Dockerode, reference: string): Promise<void> {
  await docker
    .getImage(reference)
    .remove({ force: true })
    .catch((error: unknown) => {
      if ((error as { statusCode?: number }).statusCode !== 404) throw error;
    });
}

const unreachable = (where: Foreign): DitError =>
  new DitError({
    code: 'registry-unreachable',
    exitCode: EXIT.unavailable,
    message: quoting`the engine cannot reach a registry on this machine's loopback: ${where}`,
    remedy: "measure pulls on the engine's machine",
  });
