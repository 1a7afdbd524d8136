/** What is not there is not confused with what may not be read. */
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { unlessAbsent } from '../../../src/base/errors.js';

const folder = mkdtempSync(join(tmpdir(), 'dit-absent-'));
afterAll(() => rmSync(folder, { recursive: true }));
const read = (name: string) => (): string => readFileSync(join(folder, name), 'utf8');
const failing = (code: string) => (): never => {
  throw Object.assign(new Error(code), { code });
};

it('is absent where nothing has that name, and where the process has ended', () => {
  writeFileSync(join(folder, 'file'), 'text');
  expect(unlessAbsent(read('file'), '')).toBe('text');
  expect(unlessAbsent(read('missing'), 'absent')).toBe('absent');
  expect(unlessAbsent(read('file/below'), 'absent')).toBe('absent');
  expect(unlessAbsent(failing('ESRCH'), 'absent')).toBe('absent');
});

it('is not absent where it cannot be read', () => {
  symlinkSync('loop', join(folder, 'loop'));
  expect(() => unlessAbsent(read('loop'), '')).toThrow('ELOOP');
  expect(() => unlessAbsent(read('.'), '')).toThrow('EISDIR');
  for (const code of ['EACCES', 'EPERM', 'EIO']) {
    expect(() => unlessAbsent(failing(code), '')).toThrow(code);
  }
  expect(unlessAbsent(failing('EACCES'), 'hidden', ['EACCES'])).toBe('hidden');
  expect(() =>
    unlessAbsent(() => {
      throw new TypeError('a bug');
    }, ''),
  ).toThrow('a bug');
});
