/** Files and folders that commands make for their users. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { giveToSudoUser, makeFolders, makeUserFolders } from '../../../src/cli/user-files.js';

let base: string;
beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), 'dit-folders-'));
});
afterAll(() => rmSync(base, { recursive: true }));

const SUDO_ENV = { SUDO_UID: '65534', SUDO_GID: '65534' };

describe('makeFolders', () => {
  it('makes what is missing, outermost first, with its mode', () => {
    const [a, b, c] = [join(base, 'a'), join(base, 'a/b'), join(base, 'a/b/c')];
    expect(makeFolders(c, 0o700)).toEqual([a, b, c]);
    for (const each of [a, b, c]) expect(statSync(each).mode & 0o777).toBe(0o700);
    expect(makeFolders(c)).toEqual([]);
    expect(makeFolders(`${c}/../d/`)).toEqual([join(b, 'd')]);
  });

  it('takes a link to a folder for one, and nothing else', () => {
    symlinkSync(base, join(base, 'link'));
    expect(makeFolders(join(base, 'link/e'))).toEqual([join(base, 'link/e')]);
    writeFileSync(join(base, 'file'), '');
    expect(() => makeFolders(join(base, 'file'))).toThrow(/EEXIST/);
    expect(() => makeFolders(join(base, 'file/below'))).toThrow(/ENOTDIR/);
    symlinkSync(join(base, 'nowhere'), join(base, 'dangling'));
    expect(() => makeFolders(join(base, 'dangling'))).toThrow(/EEXIST/);
  });

  it('ends where the kernel takes no folders', () => {
    expect(() => makeFolders('/proc/dit/traces')).toThrow(/ENOENT.*'\/proc\/dit'/);
  });
});

describe.skipIf(process.getuid?.() !== 0)('what sudo made', () => {
  it('gives the folders that it made, and no other, to whoever typed sudo', () => {
    const [there, made] = [join(base, 'there'), join(base, 'there/made')];
    makeFolders(there);
    chmodSync(there, 0o755);
    makeUserFolders(join(made, 'below'), SUDO_ENV);
    const owner = (path: string) => statSync(path).uid;
    expect([there, made, join(made, 'below')].map(owner)).toEqual([0, 65534, 65534]);
  });

  it('is a file; a pipe or a device that was written to stays with its owner', () => {
    const [file, pipe] = [join(base, 'written'), join(base, 'pipe')];
    writeFileSync(file, '');
    execFileSync('mkfifo', [pipe]);
    for (const path of [file, pipe]) giveToSudoUser(path, SUDO_ENV);
    expect([file, pipe].map((path) => statSync(path).uid)).toEqual([65534, 0]);
  });
});
