/** An image as it is right after a pull: nothing was ever started from it. */
import { pack } from 'tar-stream';
import { BUILTIN_IMAGE, builtinRoot } from '../engine/builtin-image.js';
import type { MeasureContext } from './context.js';

/**
 * The image with a layer of its own on top; the layer holds the programs too where the image is dit's own.
 * @returns its name; it goes with the sandbox
 */
export async function makeFreshImage({
  sandbox,
  image,
}: Pick<MeasureContext, 'sandbox' | 'image'>): Promise<string> {
  if (image === BUILTIN_IMAGE) return sandbox.image(image, await builtinRoot());
  const layer = pack();
  layer.entry({ name: 'dit-fresh-layer', mtime: new Date(0) }, 'a layer that is new\n');
  layer.finalize();
  return sandbox.image(image, layer as unknown as NodeJS.ReadableStream);
}
