/** Where state and caches lie, and whose what is made is. */
import { chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { homeOfLine, sudoUser, userFolder } from '../../../../src/platform/files/owner.js';
import { lacks } from '../../../support/requirements.js';

let base: string;
beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), 'dit-owner-'));
});
afterAll(() => rmSync(base, { recursive: true }));

it('a home is a field of a line, found by the id', () => {
  const passwd =
    'root:x:0:0:root:/root:/bin/sh\n10:x:7:7::/no:/bin/sh\nbob:x:10:10:B:/home/b:/bin/sh\n';
  expect(homeOfLine(passwd, 10)).toBe('/home/b');
  expect(homeOfLine(passwd, 11)).toBeUndefined();
  expect(homeOfLine('bob:x:10:10', 10)).toBeUndefined();
});

describe.skipIf(lacks('root'))('behind sudo', () => {
  const nobody = { SUDO_UID: '65534', SUDO_GID: '65534' };

  it('is who called it, where that is another user than root', () => {
    expect(sudoUser(nobody)).toEqual({ uid: 65534, gid: 65534 });
    for (const SUDO_UID of ['0', '-1', '4294967295', '1e3', '', undefined]) {
      expect(sudoUser({ SUDO_UID, SUDO_GID: '1' })).toBeUndefined();
    }
  });

  it('folders are below the home of who called it, whatever sudo made of HOME', () => {
    // Debian's nobody.
    expect(userFolder('state', { ...nobody, HOME: '/root' })).toBe('/nonexistent/.local/state');
    expect(userFolder('cache', { ...nobody, HOME: '/root', XDG_CACHE_HOME: '/root/.cache' })).toBe(
      '/nonexistent/.cache',
    );
  });

  it('folders that were kept are believed where they are that user’s', () => {
    const home = join(base, 'home');
    mkdirSync(home);
    chownSync(home, 65534, 65534);
    expect(userFolder('state', { ...nobody, HOME: home })).toBe(join(home, '.local/state'));
    const XDG_STATE_HOME = join(home, 'not/yet');
    expect(userFolder('state', { ...nobody, HOME: '/root', XDG_STATE_HOME })).toBe(XDG_STATE_HOME);
  });

  it('without sudo it is as the variables say', () => {
    expect(userFolder('cache', { HOME: '/root' })).toBe('/root/.cache');
    expect(userFolder('cache', { HOME: '/root', XDG_CACHE_HOME: '/c' })).toBe('/c');
  });
});
