/** A pull from a registry, timed. */
import type Dockerode from 'dockerode';
import { EngineClient } from './engine-client.js';
import type { RawMark } from './marks.js';

/**
 * @returns ns from the request to the engine's answer, CLOCK_MONOTONIC
 * @throws DitError image-not-found, registry-unreachable … (exit 4)
 */
export async function pullImage(
  docker: Dockerode,
  image: string,
  signal: AbortSignal,
): Promise<number> {
  const marks: RawMark[] = [];
  await new EngineClient(docker, (mark) => marks.push(mark)).pull(image, () => {}, signal);
  const mark = marks.find(({ name }) => name === 'pull');
  return Number((mark?.endNs ?? 0n) - (mark?.startNs ?? 0n));
}
