import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { TableCache } from '../../../src/store/table-cache.js';
import { lacks } from '../../support/requirements.js';

const folder = mkdtempSync(join(tmpdir(), 'dit-table-cache-'));
afterAll(() => rmSync(folder, { recursive: true }));

const env = { XDG_CACHE_HOME: join(folder, 'cache') };
beforeEach(() => rmSync(env.XDG_CACHE_HOME, { recursive: true, force: true }));

const open = (bytes = 1000, files = 100): TableCache => new TableCache(env, { bytes, files });
const hundred = new Uint8Array(100);

/** Files of one use each, the first one longest ago. */
function fill(keys: readonly string[]): void {
  for (const [index, key] of keys.entries()) {
    const cache = open();
    cache.put(key, 'runs', hundred);
    const path = cache.find(key, 'runs') ?? '';
    cache.close();
    utimesSync(path, 1e9 + index, 1e9 + index);
  }
}

const kept = (keys: readonly string[]): string[] => {
  const cache = open();
  return keys.filter((key) => cache.find(key, 'runs') !== undefined);
};

describe('the cache of tables', () => {
  it('gives back what was put', () => {
    fill(['a']);
    expect(open().find('a', 'runs')).toMatch(/\/cache\/dit\/query\/1\/a\.runs\.parquet$/);
    expect(open().find('a', 'phases')).toBeUndefined();
    expect(open().find('b', 'runs')).toBeUndefined();
  });

  it.skipIf(lacks('root'))('is theirs who called sudo, folders and files', () => {
    const home = join(folder, 'home');
    mkdirSync(home);
    chownSync(home, 65534, 65534);
    const cache = new TableCache({ HOME: home, SUDO_UID: '65534', SUDO_GID: '65534' });
    cache.put('a', 'runs', hundred);
    const file = cache.find('a', 'runs') ?? '';
    expect(file.startsWith(join(home, '.cache/dit/query'))).toBe(true);
    for (let path = file; path !== home; path = dirname(path)) {
      expect(statSync(path).uid, path).toBe(65534);
    }
    expect(cache.temporary).toBe(false);
    cache.close();
  });

  it.each([
    ['bytes', 300, 100],
    ['files', 1000, 3],
  ])('makes room by %s: what was not used for longest goes', (_what, bytes, files) => {
    fill(['a', 'b', 'c']);
    const cache = open(bytes, files);
    cache.find('a', 'runs');
    cache.put('d', 'runs', hundred);
    cache.close();
    expect(kept(['a', 'b', 'c', 'd'])).toEqual(['a', 'c', 'd']);
  });

  it('keeps what the question itself needs, however much it is', () => {
    const keys = ['a', 'b', 'c', 'd'];
    const cache = open(200);
    for (const key of keys) cache.put(key, 'runs', hundred);
    cache.close();
    expect(kept(keys)).toEqual(keys);
  });

  it('leaves everything where nothing was added', () => {
    fill(['a', 'b', 'c']);
    const cache = open(0, 0);
    cache.find('a', 'runs');
    cache.close();
    expect(kept(['a', 'b', 'c'])).toEqual(['a', 'b', 'c']);
  });

  it('takes a folder for temporary files where its own is full or gone', () => {
    fill(['a']);
    const cache = open();
    const at = cache.find('a', 'runs') ?? '';
    renameSync(dirname(at), join(folder, 'moved'));
    cache.put('b', 'runs', hundred);
    renameSync(join(folder, 'moved'), dirname(at));
    expect(cache.temporary).toBe(true);
    expect(cache.find('a', 'runs')).toBe(at);
    const temporary = cache.find('b', 'runs') ?? '';
    expect(temporary).toContain(join(tmpdir(), 'dit-query-'));
    cache.close();
    expect(existsSync(dirname(temporary))).toBe(false);
    expect(kept(['a', 'b'])).toEqual(['a']);
  });

  it('ends well where its folder is gone by then', () => {
    const cache = open();
    cache.put('a', 'runs', hundred);
    rmSync(env.XDG_CACHE_HOME, { recursive: true });
    expect(() => cache.close()).not.toThrow();
  });

  it('knows a trace by its place, size and time', () => {
    const path = join(folder, 'a.dit');
    writeFileSync(path, 'one');
    utimesSync(path, 1000, 1000);
    const key = open().keyOf(path);
    expect(open().keyOf(path)).toBe(key);
    utimesSync(path, 1000, 1001);
    expect(open().keyOf(path)).not.toBe(key);
    writeFileSync(path, 'three');
    utimesSync(path, 1000, 1000);
    expect(open().keyOf(path)).not.toBe(key);
  });
});
