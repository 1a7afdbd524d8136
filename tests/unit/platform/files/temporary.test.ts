/** Files that nobody keeps, where $TMPDIR is none. */
import {
  chmodSync,
  chownSync,
  existsSync,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { removeOwnFolder } from '../../../../src/platform/files/own-folder.js';
import {
  makeTemporaryFolder,
  openTemporaryFile,
} from '../../../../src/platform/files/temporary.js';
import { lacks } from '../../../support/requirements.js';

let base: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'dit-temporary-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(base, { recursive: true });
});

function made(): string {
  const folder = makeTemporaryFolder('test');
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  removeOwnFolder(folder);
  expect(existsSync(folder)).toBe(false);
  return dirname(folder);
}

it('is $TMPDIR', () => {
  vi.stubEnv('TMPDIR', base);
  expect(made()).toBe(base);
});

it('is another place where $TMPDIR is missing or no folder', () => {
  for (const place of [join(base, 'none'), '/dev/null', '/proc']) {
    vi.stubEnv('TMPDIR', place);
    expect(made()).toBe('/tmp');
    expect(fstatSync(openTemporaryFile(place)).nlink).toBe(0);
  }
});

it.skipIf(lacks('root'))('is another place where others can exchange what is in it', () => {
  mkdirSync(join(base, 'theirs/below'), { recursive: true });
  vi.stubEnv('TMPDIR', join(base, 'theirs/below'));
  expect(made()).toBe(join(base, 'theirs/below'));
  chownSync(join(base, 'theirs'), 65534, 65534);
  expect(made()).toBe('/tmp');
  chownSync(join(base, 'theirs'), 0, 0);
  chmodSync(join(base, 'theirs'), 0o777);
  expect(made()).toBe('/tmp');
  chmodSync(join(base, 'theirs'), 0o1777);
  expect(made()).toBe(join(base, 'theirs/below'));
});
