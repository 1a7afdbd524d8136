/** Takes an image away that dit put into an engine for as long as it needed it. */
import type Dockerode from 'dockerode';
import { type Foreign, quoting } from '../base/foreign.js';
import { engineRefusal } from './docker.js';

/** @returns why it stays, in words; undefined: it is gone, or another container uses it by now */
export async function removeLentImage(
  docker: Dockerode,
  image: string,
): Promise<Foreign | undefined> {
  try {
    await docker.getImage(image).remove({ noprune: true });
    return undefined;
  } catch (error) {
    const { status, message } = engineRefusal(error);
    return status === 404 || status === 409
      ? undefined
      : quoting`image '${image}' stays: ${message}`;
  }
}
