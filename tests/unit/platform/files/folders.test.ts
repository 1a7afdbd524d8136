/** Folders that commands make for their users. */
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  makeFolders,
  makeNewFolder,
  removeEmptyFolder,
  removeFolder,
} from '../../../../src/platform/files/folders.js';
import { lacks } from '../../../support/requirements.js';

let base: string;
beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), 'dit-folders-'));
});
afterAll(() => rmSync(base, { recursive: true }));

const OWN = { mode: 0o700, owner: undefined };
const NOBODY = { uid: 65534, gid: 65534 };

describe('makeFolders', () => {
  it('makes what is missing, outermost first, with its mode', () => {
    const [a, b, c] = [join(base, 'a'), join(base, 'a/b'), join(base, 'a/b/c')];
    expect(makeFolders(c, OWN)).toEqual([a, b, c]);
    for (const each of [a, b, c]) expect(statSync(each).mode & 0o777).toBe(0o700);
    expect(makeFolders(c, OWN)).toEqual([]);
    expect(makeFolders(`${c}/../d/`, OWN)).toEqual([join(b, 'd')]);
  });

  it('takes a link to a folder for one, and nothing else', () => {
    symlinkSync(base, join(base, 'link'));
    expect(makeFolders(join(base, 'link/e'), OWN)).toEqual([join(base, 'e')]);
    writeFileSync(join(base, 'file'), '');
    expect(() => makeFolders(join(base, 'file'), OWN)).toThrow(/ENOTDIR/);
    expect(() => makeFolders(join(base, 'file/below'), OWN)).toThrow(/ENOTDIR/);
    symlinkSync(join(base, 'circle'), join(base, 'circle'));
    expect(() => makeFolders(join(base, 'circle/x'), OWN)).toThrow(/ELOOP/);
  });

  it('ends where the kernel takes no folders', () => {
    expect(() => makeFolders('/proc/dit/traces', OWN)).toThrow(/ENOENT.*'\/proc\/dit'/);
  });
});

it('a folder that must be new is; an empty one goes, a full one only when that is wanted', () => {
  const folder = join(base, 'new');
  makeNewFolder(folder, OWN);
  expect(() => makeNewFolder(folder, OWN)).toThrow(/EEXIST/);
  writeFileSync(join(folder, 'file'), '');
  removeEmptyFolder(folder);
  expect(statSync(folder).isDirectory()).toBe(true);
  removeFolder(folder);
  expect(() => statSync(folder)).toThrow(/ENOENT/);
  removeEmptyFolder(folder);
  removeFolder(folder);
});

it('a tree that is deeper than there are descriptors goes whole', () => {
  mkdirSync(join(base, 'deep', ...Array.from({ length: 1500 }, () => 'd')), { recursive: true });
  symlinkSync('/etc', join(base, 'deep/d/link'));
  removeFolder(join(base, 'deep'));
  expect(() => statSync(join(base, 'deep'))).toThrow(/ENOENT/);
});

describe.skipIf(lacks('root'))('as root', () => {
  it('gives the folders that it made, and no other, to whoever typed sudo', () => {
    const [there, made] = [join(base, 'there'), join(base, 'there/made')];
    makeFolders(there, OWN);
    chmodSync(there, 0o755);
    makeFolders(join(made, 'below'), { mode: 0o750, owner: NOBODY });
    const owner = (path: string) => statSync(path).uid;
    expect([there, made, join(made, 'below')].map(owner)).toEqual([0, 65534, 65534]);
    expect(statSync(made).mode & 0o777).toBe(0o750);
  });

  it('gives nothing away where others can rename: what it makes there is theirs from the start, or stays its own', () => {
    const made = (name: string, uid: number, mode: number) => {
      const folder = join(base, name);
      mkdirSync(folder);
      chownSync(folder, uid, 0);
      chmodSync(folder, mode);
      makeFolders(join(folder, 'a/b'), { mode: 0o750, owner: NOBODY });
      return ['a', 'a/b'].map((each) => {
        const stat = statSync(join(folder, each));
        return [stat.uid, stat.gid, stat.mode & 0o7777];
      });
    };
    const [theirs, ours] = [
      [NOBODY.uid, NOBODY.gid, 0o750],
      [0, 0, 0o750],
    ];
    expect(made('root-alone', 0, 0o755)).toEqual([theirs, theirs]);
    expect(made('sticky', 0, 0o1777)).toEqual([theirs, theirs]);
    expect(made('own', NOBODY.uid, 0o700)).toEqual([theirs, theirs]);
    expect(made('anybody', 0, 0o777)).toEqual([theirs, theirs]);
    // Where only root may make one. What is below it is in a folder that is root's alone.
    expect(made('third', 1234, 0o755)).toEqual([ours, theirs]);
    expect(made('group', 0, 0o775)).toEqual([ours, theirs]);
    // Nothing of the other user stays with this thread.
    expect(statSync(mkdtempSync(join(base, 'after-'))).uid).toBe(0);
    expect(() => makeNewFolder(join(base, 'own/a'), { mode: 0o750, owner: NOBODY })).toThrow(
      /^EEXIST: .*a/,
    );
  });

  it("follows another user's link only into a folder of that user", () => {
    const theirs = join(base, 'theirs');
    for (const name of ['', 'own', 'other']) mkdirSync(join(theirs, name), { recursive: true });
    for (const name of ['', 'own']) chownSync(join(theirs, name), 65534, 65534);
    symlinkSync(join(theirs, 'own'), join(theirs, 'to-own'));
    symlinkSync(join(theirs, 'other'), join(theirs, 'to-other'));
    makeFolders(join(theirs, 'to-own/made'), OWN);
    expect(statSync(join(theirs, 'own/made')).isDirectory()).toBe(true);
    expect(() => makeFolders(join(theirs, 'to-other/made'), OWN)).toThrow(
      /the link '.*to-other' can be exchanged by user 65534/,
    );
    expect(() => statSync(join(theirs, 'other/made'))).toThrow(/ENOENT/);
  });
});
