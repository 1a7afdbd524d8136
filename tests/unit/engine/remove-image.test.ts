import type Dockerode from 'dockerode';
import { expect, it } from 'vitest';
import { removeLentImage } from '../../../src/engine/remove-image.js';

const engine = (error?: object): Dockerode =>
  ({
    getImage: () => ({
      remove: () => (error === undefined ? Promise.resolve() : Promise.reject(error)),
    }),
  }) as unknown as Dockerode;

it('says why a lent image stays, unless it is gone or in use', async () => {
  expect(await removeLentImage(engine(), 'image')).toBeUndefined();
  expect(await removeLentImage(engine({ statusCode: 404 }), 'image')).toBeUndefined();
  expect(await removeLentImage(engine({ statusCode: 409 }), 'image')).toBeUndefined();
  const refused = Object.assign(new Error('device or resource busy'), { statusCode: 500 });
  expect(await removeLentImage(engine(refused), 'image')).toBe(
    "image 'image' stays: device or resource busy",
  );
  const gone = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  expect(await removeLentImage(engine(gone), 'image')).toContain('ECONNREFUSED');
});
