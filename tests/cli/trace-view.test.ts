/** The page as a file: for its owner, whole or not at all, and never in the place of something else. */
import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { smallTraceFile } from '../support/recordings.js';
import { dit } from '../support/run-dit.js';

let folder: string;
const path = (name: string): string => join(folder, name);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dit-view-'));
  writeFileSync(path('a.dit'), smallTraceFile());
});
afterAll(() => rmSync(folder, { recursive: true }));

const view = (...args: string[]) => dit(['trace', 'view', path('a.dit'), ...args]);

it('is beside the trace, for its owner alone', async () => {
  expect(await view()).toEqual({ exitCode: 0, stdout: `${path('a.html')}\n`, stderr: '' });
  expect(statSync(path('a.html')).mode & 0o777).toBe(0o600);
  expect(readFileSync(path('a.html'), 'utf8')).toMatch(/<\/html>\s*$/);
  expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([]);
});

it('goes through a link to the file behind it, which keeps its mode', async () => {
  writeFileSync(path('target.html'), 'before', { mode: 0o640 });
  symlinkSync(path('target.html'), path('link.html'));
  expect((await view('-o', path('link.html'))).exitCode).toBe(0);
  expect(lstatSync(path('link.html')).isSymbolicLink()).toBe(true);
  expect(readFileSync(path('target.html'), 'utf8')).toMatch(/<\/html>\s*$/);
  expect(statSync(path('target.html')).mode & 0o777).toBe(0o640);
});

it('takes no place of another file that was not named', async () => {
  writeFileSync(path('a.html'), 'mine');
  expect(await view()).toMatchObject({ exitCode: 2, stdout: '' });
  expect(readFileSync(path('a.html'), 'utf8')).toBe('mine');
});

it('is told where it cannot be written', async () => {
  for (const file of [path('no/such/folder.html'), folder, '/dev/full']) {
    const { exitCode, stdout, stderr } = await view('-o', file);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(
      /^dit: ".*" cannot be written: (E|.* is a folder).*\n {2}try: .*-o FILE.*\n$/,
    );
  }
});
