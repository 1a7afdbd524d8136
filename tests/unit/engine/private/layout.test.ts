import { afterEach, expect, test, vi } from 'vitest';
import { engineLayout } from '../../../../src/engine/private/layout.js';

afterEach(() => vi.unstubAllEnvs());

test('keeps two engines apart in everything', () => {
  const one = Object.values(engineLayout());
  const two = Object.values(engineLayout('other'));
  expect(one.filter((value) => two.includes(value))).toEqual([]);
});

test('the data root follows DIT_DATA_ROOT, and what is asked for goes first', () => {
  vi.stubEnv('DIT_DATA_ROOT', '/mnt/big');
  expect(engineLayout().dataRoot).toBe('/mnt/big/engine');
  expect(engineLayout('a', '/elsewhere').dataRoot).toBe('/elsewhere');
});

test.each([
  'engines',
  '',
  'Upper',
  '../up',
  'a/b',
  '-a',
  'a'.repeat(33),
])('refuses the name %j', (name) => {
  expect(() => engineLayout(name)).toThrow(expect.objectContaining({ exitCode: 2 }));
});
