/** Whose browser is asked. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openInBrowser, refuseRootsBrowser } from '../../../../src/cli/common/open-in-browser.js';
import { lacks } from '../../../support/requirements.js';

describe.skipIf(lacks('root'))('as root', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'dit-open-'));
    chmodSync(folder, 0o777);
    const program = join(folder, 'xdg-open');
    writeFileSync(
      program,
      `#!/bin/sh\n{ id -u; id -g; id -G; env; } >${folder}/new\nmv ${folder}/new ${folder}/said\n`,
    );
    chmodSync(program, 0o755);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('none is, without sudo', () => {
    expect(() => refuseRootsBrowser({})).toThrow('dit does not run a browser as root');
    expect(() => refuseRootsBrowser({ SUDO_UID: '0', SUDO_GID: '0' })).toThrow();
  });

  it('it is that of who called sudo, with nothing of root', async () => {
    const sudo = { SUDO_UID: '65534', SUDO_GID: '65533', SUDO_USER: 'nobody' };
    const env = {
      ...sudo,
      PATH: `${folder}:/usr/bin:/bin`,
      HOME: '/root',
      DISPLAY: ':7',
      TOKEN: 'x',
    };
    expect(() => refuseRootsBrowser(env)).not.toThrow();
    expect(await openInBrowser('/page.html', env)).toBe(true);
    await vi.waitFor(() => expect(existsSync(join(folder, 'said'))).toBe(true), {
      timeout: 10_000,
    });
    const [uid, gid, groups, ...lines] = readFileSync(join(folder, 'said'), 'utf8')
      .trim()
      .split('\n');
    expect([uid, gid, groups]).toEqual(['65534', '65533', '65533']);
    expect(lines).toEqual(
      expect.arrayContaining(['USER=nobody', 'DISPLAY=:7', 'XDG_RUNTIME_DIR=/run/user/65534']),
    );
    expect(lines.filter((line) => /^(SUDO_|TOKEN|HOME=\/root)/.test(line))).toEqual([]);
  });
});
