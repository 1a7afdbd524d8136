import {
  chownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  namedOrLastTrace,
  newTracePath,
  storedTraces,
  tracesFolder,
} from '../../../src/store/trace-store.js';
import { lacks } from '../../support/requirements.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'dit-store-'));
});
afterEach(() => rmSync(root, { recursive: true }));

describe('the traces folder', () => {
  it.each([
    [{ HOME: '/h' }, '/h/.local/state/dit/traces'],
    [{ HOME: '/h', XDG_STATE_HOME: '/s' }, '/s/dit/traces'],
    [{ HOME: '/h', XDG_STATE_HOME: '/s', DIT_TRACES: '/t' }, '/t'],
  ])('%j', (env, folder) => expect(tracesFolder(env)).toBe(folder));
});

describe('a new trace', () => {
  const now = new Date('2025-11-21T08:05:12.345Z');

  it('is named by time and image, in a folder of its user alone', () => {
    const env = { DIT_TRACES: join(root, 'a/b') };
    expect(newTracePath(env, 'ghcr.io/x/alpine:3.20', now, '3f2a')).toBe(
      join(root, 'a/b/20251121-080512-alpine-3.20-3f2a.dit'),
    );
    expect(statSync(join(root, 'a/b')).mode & 0o777).toBe(0o700);
  });

  it('stays in that folder, whatever the image is called', () => {
    const path = newTracePath({ DIT_TRACES: root }, '../..', now, 'ab');
    expect(path).toBe(join(root, '20251121-080512-..-ab.dit'));
  });

  it('says what to do where the folder cannot be made', () => {
    writeFileSync(join(root, 'file'), '');
    expect(() => newTracePath({ DIT_TRACES: join(root, 'file/x') }, 'a', now, '')).toThrow(
      /^the traces folder ".*" cannot be made: /,
    );
  });
});

describe.skipIf(lacks('root'))('a trace behind sudo', () => {
  it('lies in the home of who called it, in folders that are theirs; root has none of it', () => {
    const home = join(root, 'home');
    mkdirSync(home);
    chownSync(home, 65534, 65534);
    const env = { HOME: home, SUDO_UID: '65534', SUDO_GID: '65534' };
    const path = newTracePath(env, 'a', new Date(0), '');
    for (const below of ['.local', '.local/state', '.local/state/dit', '.local/state/dit/traces']) {
      expect(statSync(join(home, below)).uid, below).toBe(65534);
    }
    // As that user, without sudo.
    expect(path.startsWith(tracesFolder({ HOME: home }))).toBe(true);
    expect(tracesFolder({ ...env, HOME: '/root' })).not.toMatch(/^\/root/);
  });
});

describe('stored traces', () => {
  it('are the .dit files, newest first; the newest is the last trace', () => {
    for (const [name, seconds] of [
      ['old.dit', 1000],
      ['new.dit', 3000],
      ['mid.dit', 2000],
      ['other.txt', 4000],
    ] as const) {
      writeFileSync(join(root, name), name);
      utimesSync(join(root, name), seconds, seconds);
    }
    const env = { DIT_TRACES: root };
    expect(storedTraces(env).map(({ path, bytes }) => [path, bytes])).toEqual([
      [join(root, 'new.dit'), 7],
      [join(root, 'mid.dit'), 7],
      [join(root, 'old.dit'), 7],
    ]);
    expect(namedOrLastTrace(env, undefined)).toBe(join(root, 'new.dit'));
    expect(namedOrLastTrace(env, 'named.dit')).toBe('named.dit');
  });

  it('are none where there is no folder', () => {
    expect(storedTraces({ DIT_TRACES: join(root, 'none') })).toEqual([]);
    expect(() => namedOrLastTrace({ DIT_TRACES: root }, undefined)).toThrow('there is no trace in');
  });
});
