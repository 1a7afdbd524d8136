/** Folders of a process's own: what a dead one left goes, what is not ours stays. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeOwnFolder } from '../../../../src/platform/files/own-folder.js';

let below: string;
beforeEach(() => {
  below = mkdtempSync(join(tmpdir(), 'dit-own-folder-'));
});
afterEach(() => rmSync(below, { recursive: true }));

/** As a process that has ended left it. */
function left(name: string, mode = 0o700): string {
  const folder = join(below, name);
  mkdirSync(folder);
  writeFileSync(join(folder, 'file'), 'text');
  chmodSync(folder, mode);
  return name;
}

test('the folders of ended processes are taken away, those of running ones stay', () => {
  const { pid } = spawnSync('true');
  left(`dit-io-${pid}-1-abcdef`);
  // This pid lives, but it began at another time: it has been given again.
  left(`dit-io-${process.pid}-1-abcdef`);
  const first = makeOwnFolder(below, 'io');
  const second = makeOwnFolder(below, 'io');
  expect(readdirSync(below).sort()).toEqual([first, second].map((path) => basename(path)).sort());
});

test('what others may write, or is called otherwise, is not touched', () => {
  const { pid } = spawnSync('true');
  const kept = [
    left(`dit-io-${pid}-1-public`, 0o755),
    left(`dit-test-${pid}-1-abcdef`),
    left('dit-io-abcdef'),
    left(`dit-io-${pid}-1-abcdef.old`),
  ];
  const file = `dit-io-${pid}-1-ghijkl`;
  writeFileSync(join(below, file), '');
  makeOwnFolder(below, 'io');
  expect(readdirSync(below)).toEqual(expect.arrayContaining([...kept, file]));
});
