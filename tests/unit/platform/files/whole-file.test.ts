/** The one writer: what it replaces, what it leaves alone, and whose the file is then. */
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readInput } from '../../../../src/platform/files/input-files.js';
import {
  openToExtend,
  removeFile,
  WholeFile,
  writeWholeFile,
} from '../../../../src/platform/files/whole-file.js';
import { lacks } from '../../../support/requirements.js';
import { SMALL_INPUT } from '../../../support/small-input.js';

let base: string;
const at = (name: string): string => join(base, name);
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'dit-whole-'));
});
afterEach(() => rmSync(base, { recursive: true }));

const OWN = { mode: 0o640, owner: undefined };
const NOBODY = { uid: 65534, gid: 65534 };
const names = () => readdirSync(base).sort();

describe('a file', () => {
  it('has its name when it is kept, and none when it is discarded', () => {
    const file = new WholeFile(at('new'), OWN);
    file.write('text');
    expect(existsSync(at('new'))).toBe(false);
    file.keep();
    expect(readFileSync(at('new'), 'utf8')).toBe('text');
    expect(statSync(at('new')).mode & 0o777).toBe(0o640 & ~process.umask());
    new WholeFile(at('new'), OWN).discard();
    expect(names()).toEqual(['new']);
  });

  it('goes through the links of its own user, to where there is nothing yet too', () => {
    symlinkSync('target', at('link'));
    symlinkSync(at('link'), at('again'));
    writeWholeFile(at('again'), 'one', OWN);
    writeWholeFile(at('again'), 'two', OWN);
    expect(readFileSync(at('target'), 'utf8')).toBe('two');
    expect(lstatSync(at('again')).isSymbolicLink()).toBe(true);
    expect(names()).toEqual(['again', 'link', 'target']);
  });

  it('lies in the folder that was opened, whatever has its name by then', () => {
    mkdirSync(at('folder'));
    const file = new WholeFile(at('folder/file'), OWN);
    mkdirSync(at('other'));
    // As another user would: the folder goes, a link to elsewhere comes.
    renameSync(at('folder'), at('moved'));
    symlinkSync(at('other'), at('folder'));
    file.write('text');
    file.keep();
    expect(readdirSync(at('moved'))).toEqual(['file']);
    expect(readdirSync(at('other'))).toEqual([]);
  });

  it('does not follow what is planted at its name meanwhile', () => {
    writeFileSync(at('victim'), 'before');
    const file = new WholeFile(at('out'), OWN);
    symlinkSync(at('victim'), at('out'));
    file.write('after');
    file.keep();
    expect(readFileSync(at('victim'), 'utf8')).toBe('before');
    expect(lstatSync(at('out')).isFile()).toBe(true);
  });

  it('is never one that the command reads, by any name', () => {
    writeFileSync(at('input'), 'precious');
    symlinkSync('input', at('link'));
    linkSync(at('input'), at('hard'));
    readInput(at('link'), SMALL_INPUT);
    for (const name of ['input', 'link', 'hard']) {
      expect(() => new WholeFile(at(name), OWN)).toThrow(/is read by this command/);
    }
    writeFileSync(at('late'), 'precious too');
    const file = new WholeFile(at('late'), OWN);
    readInput(at('late'), SMALL_INPUT);
    expect(() => file.keep()).toThrow(/is read by this command/);
    expect(readFileSync(at('late'), 'utf8')).toBe('precious too');
    expect(names()).toEqual(['hard', 'input', 'late', 'link']);
  });

  it('is nothing but a file', () => {
    expect(() => new WholeFile(base, OWN)).toThrow(/is a folder, not a regular file/);
    expect(() => new WholeFile('/dev/null', OWN)).toThrow(/is a device, not a regular file/);
    expect(() => new WholeFile(`${at('x')}/`, OWN)).toThrow(/ENOENT/);
    expect(() => removeFile(at('none'))).not.toThrow();
  });
});

describe.skipIf(lacks('root'))('as root', () => {
  const ownerOf = (name: string) => {
    const { uid, gid, mode } = statSync(at(name));
    return { uid, gid, mode: mode & 0o7777 };
  };

  it('gives what is new to who typed sudo; what is replaced stays as it was', () => {
    const file = { mode: 0o600, owner: NOBODY };
    writeWholeFile(at('new'), '', file);
    expect(ownerOf('new')).toEqual({ ...NOBODY, mode: 0o600 });
    writeFileSync(at('roots'), '');
    chmodSync(at('roots'), 0o440);
    writeWholeFile(at('roots'), '', file);
    expect(ownerOf('roots')).toEqual({ uid: 0, gid: 0, mode: 0o440 });
    writeFileSync(at('others'), '');
    chownSync(at('others'), 1234, 4321);
    chmodSync(at('others'), 0o664);
    writeWholeFile(at('others'), 'x', file);
    expect(ownerOf('others')).toEqual({ uid: 1234, gid: 4321, mode: 0o664 });
    expect(readFileSync(at('others'), 'utf8')).toBe('x');
  });

  it("takes no file that another user put into everybody's folder for it", () => {
    chmodSync(base, 0o1777);
    writeFileSync(at('planted'), '');
    chownSync(at('planted'), 1234, 1234);
    expect(() => writeWholeFile(at('planted'), 'x', OWN)).toThrow(/belongs to user 1234/);
    writeWholeFile(at('planted'), 'x', { mode: 0o600, owner: { uid: 1234, gid: 1234 } });
    expect(ownerOf('planted').uid).toBe(1234);
  });

  it('follows links of others in no way that they could not go', () => {
    mkdirSync(at('theirs'));
    mkdirSync(at('roots'));
    writeFileSync(at('roots/file'), 'before');
    symlinkSync(at('roots'), at('theirs/link'));
    symlinkSync(at('roots/file'), at('theirs/file'));
    symlinkSync(at('roots/new'), at('theirs/new'));
    chownSync(at('theirs'), 1234, 1234);
    for (const name of ['link/file', 'file', 'new', 'link/new']) {
      expect(() => writeWholeFile(at(`theirs/${name}`), 'x', OWN), name).toThrow(
        /root does not follow/,
      );
      expect(() => openToExtend(at(`theirs/${name}`), OWN), name).toThrow(/root does not follow/);
      expect(() => removeFile(at(`theirs/${name}`)), name).toThrow(/root does not follow/);
    }
    expect(readdirSync(at('roots'))).toEqual(['file']);
    expect(readFileSync(at('roots/file'), 'utf8')).toBe('before');
    chmodSync(base, 0o1777);
    symlinkSync('roots/file', at('sticky'));
    writeWholeFile(at('sticky'), 'x', OWN);
    expect(readFileSync(at('roots/file'), 'utf8')).toBe('x');
    chmodSync(base, 0o777);
    expect(() => writeWholeFile(at('sticky'), 'y', OWN)).toThrow(/exchanged by any user/);
  });
});
