import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { layerSize } from '../../../../src/container/mounts/layer-size.js';
import { readUpper } from '../../../../src/container/mounts/upper-entries.js';
import { HeldFolder } from '../../../../src/platform/files/held-folder.js';

const folder = mkdtempSync(join(tmpdir(), 'dit-layer-'));
mkdirSync(join(folder, 'a/b'), { recursive: true });
writeFileSync(join(folder, 'one'), 'x'.repeat(1000));
writeFileSync(join(folder, 'a/b/two'), 'x'.repeat(234));
linkSync(join(folder, 'one'), join(folder, 'a/again'));
symlinkSync('/etc', join(folder, 'a/away'));
const held = HeldFolder.open(folder);
afterAll(() => {
  held.close();
  rmSync(folder, { recursive: true });
});

const { signal } = new AbortController();

test('files are counted once, links not followed', async () => {
  expect(await layerSize(held, signal)).toEqual({ files: 2, bytes: 1234, cut: false });
});

test('a walk ends where it was told to, and says so', async () => {
  const size = await layerSize(held, signal, 3);
  expect(size.cut).toBe(true);
  expect(size.files).toBeLessThan(3);
});

test('an interruption is the reason', async () => {
  const reason = new Error('stop');
  await expect(layerSize(held, AbortSignal.abort(reason))).rejects.toBe(reason);
});

test('tar reads a layer: kinds and sizes', async () => {
  const entries = await readUpper(held, signal);
  expect(entries.map(({ path, kind, bytes }) => [path, kind, bytes])).toContainEqual([
    '/a/b/two',
    'file',
    234,
  ]);
  expect(entries.find(({ path }) => path === '/a/b')?.kind).toBe('directory');
  expect(entries.find(({ path }) => path === '/a/away')?.kind).toBe('link');
});

test('a layer that tar cannot read is a missing capability', async () => {
  const none = new HeldFolder(openSync(join(folder, 'one'), 'r'), 'none');
  await expect(readUpper(none, signal).finally(() => none.close())).rejects.toMatchObject({
    code: 'upper-unreadable',
    exitCode: 3,
  });
});
