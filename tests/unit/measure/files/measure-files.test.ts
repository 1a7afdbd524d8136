/** Transfers and file operations do what their figures say they did. */
import {
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { systemErrorCode } from '../../../../src/base/errors.js';
import { measureFreshFolder, measureLowerFolder } from '../../../../src/measure/files/metadata.js';
import { timeSteps } from '../../../../src/measure/files/timed-steps.js';
import {
  accessRandomly,
  megabytesPerSecond,
  operationsPerSecond,
  RANDOM_MODES,
  readSequentially,
  unlessWithoutDirect,
  WRITE_MODES,
  writeSequentially,
} from '../../../../src/measure/files/writes.js';
import { HeldFolder } from '../../../../src/platform/files/held-folder.js';
import { packagePath } from '../../../../src/platform/package-files.js';

/** Somewhere with O_DIRECT, which a tmpfs may not have: without it half of what is tested here would not be. */
function folderWithDirect(): string {
  for (const place of [tmpdir(), '/var/tmp', packagePath('node_modules')]) {
    const made = mkdtempSync(join(place, '.dit-files-'));
    try {
      closeSync(
        openSync(join(made, 'probe'), constants.O_WRONLY | constants.O_CREAT | constants.O_DIRECT),
      );
      rmSync(join(made, 'probe'));
      return made;
    } catch (error) {
      rmSync(made, { recursive: true });
      if (systemErrorCode(error) !== 'EINVAL') throw error;
    }
  }
  throw new Error('no folder of this machine takes O_DIRECT: set TMPDIR to one that does');
}

const folder = folderWithDirect();
const held = HeldFolder.open(folder);
afterAll(() => {
  held.close();
  rmSync(folder, { recursive: true });
});
const { signal } = new AbortController();
const BYTES = 4 << 20;
const path = join(folder, 'file');
const file = { folder: held, name: 'file' };

test('a second for 10^6 bytes is 1 MB/s', () => {
  const transfer = { bytes: 64 << 20, ns: 64e6, operations: 64 };
  expect(megabytesPerSecond(transfer)).toBeCloseTo(1048.576, 6);
  expect(operationsPerSecond(transfer)).toBeCloseTo(1000, 6);
});

test.each(WRITE_MODES)('a write that is %s leaves a file of that size', async (mode) => {
  const written = await unlessWithoutDirect(mode === 'direct', () =>
    writeSequentially(file, mode, BYTES, signal),
  );
  if (written === undefined) throw new Error('O_DIRECT was refused');
  expect(written).toMatchObject({ bytes: BYTES, operations: 4 });
  expect(written.ns).toBeGreaterThan(0);
  expect(statSync(path).size).toBe(BYTES);
});

test('reads end at the end of the file', async () => {
  await writeSequentially(file, 'buffered', BYTES, signal);
  expect(await readSequentially(file, false, BYTES, signal)).toMatchObject({ bytes: BYTES });
  await expect(readSequentially(file, false, BYTES + (1 << 20), signal)).rejects.toThrow(
    '0 of 1048576 bytes read',
  );
});

test.each(RANDOM_MODES)('random access (%s) keeps to the file and the limits', async (mode) => {
  await writeSequentially(file, 'buffered', BYTES, signal);
  const limits = { operations: 50, ns: 1e12, signal };
  const done = await unlessWithoutDirect(mode.startsWith('direct'), () =>
    accessRandomly(file, mode, BYTES, limits),
  );
  expect(done).toMatchObject({ operations: 50, bytes: 50 * 4096 });
  expect(statSync(path).size).toBe(BYTES);
});

test('a file system without O_DIRECT is told from a failure', async () => {
  const refuse = (code: string) => () => Promise.reject(Object.assign(new Error(code), { code }));
  expect(await unlessWithoutDirect(true, refuse('EINVAL'))).toBeUndefined();
  await expect(unlessWithoutDirect(false, refuse('EINVAL'))).rejects.toThrow('EINVAL');
  await expect(unlessWithoutDirect(true, refuse('ENOSPC'))).rejects.toThrow('ENOSPC');
});

test('files of a fresh folder are made and taken away', async () => {
  const fresh = join(folder, 'fresh');
  const times = await measureFreshFolder(held, 'fresh', 20, signal);
  expect(Object.values(times).every((ns) => ns > 0)).toBe(true);
  expect(readdirSync(fresh)).toEqual([]);
});

test('of a lower folder the old files go and the new ones stay', async () => {
  const lower = join(folder, 'lower');
  mkdirSync(lower);
  for (const name of ['a', 'b']) writeFileSync(join(lower, name), name);
  await measureLowerFolder(held.folder('lower'), ['a', 'b'], signal);
  expect(readdirSync(lower).sort()).toEqual(['new-a', 'new-b']);
});

test('steps end by number, by time, and when they are interrupted', async () => {
  const seen: number[] = [];
  expect((await timeSteps((i) => seen.push(i), { steps: 3, signal })).steps).toBe(3);
  expect(seen).toEqual([0, 1, 2]);
  const { steps, ns } = await timeSteps(() => {}, {
    steps: Number.POSITIVE_INFINITY,
    ns: 1e5,
    signal,
  });
  expect(ns).toBeGreaterThanOrEqual(1e5);
  expect(steps).toBeGreaterThan(0);
  const reason = new Error('stop');
  await expect(timeSteps(() => {}, { steps: 1, signal: AbortSignal.abort(reason) })).rejects.toBe(
    reason,
  );
});
