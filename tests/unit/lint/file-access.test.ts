/**
 * The check that nothing changes files past the one writer, or reads one of any kind and size: it holds here, and sees
 * what it must.
 */
import { expect, it } from 'vitest';
import { allFileAccessFaults, fileAccessFaults } from '../../../scripts/lint/file-access.js';

it('holds for all of src', () => {
  expect(allFileAccessFaults()).toEqual([]);
});

it.each([
  ["import { writeFileSync } from 'node:fs';", /imports writeFileSync/],
  ["import {\n  readSync,\n  openSync as open,\n} from 'node:fs';", /imports openSync/],
  ["import { rm } from 'node:fs/promises';", /imports rm/],
  ["import { createWriteStream } from 'fs';", /imports createWriteStream/],
  [
    "import { readFileSync } from 'node:fs';",
    /imports readFileSync: use platform.files.input-files/,
  ],
  ["import { readFile } from 'node:fs/promises';", /imports readFile: /],
  ["import * as fs from 'node:fs';", /imports all of node:fs/],
  ["import fs from 'node:fs';", /imports all of node:fs/],
  ["const { rmSync } = await import('node:fs');", /loads node:fs at run time/],
  ["process.getBuiltinModule('fs').rmSync(x);", /loads node:fs at run time/],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is code
  ['const path = `/proc/${pid}/root/etc`;', /makes a path into a process's root/],
  ["const path = '/proc/self/root';", /makes a path into a process's root/],
])('sees %s', (text, fault) => {
  expect(fileAccessFaults('cli/any.ts', text)).toEqual([expect.stringMatching(fault)]);
});

it.each([
  "import { closeSync, readSync, statSync, writeSync } from 'node:fs';",
  "let entries: import('node:fs').Dirent[];",
  '// below /proc/PID/root an absolute link leads to the host',
  "import type { Stats } from 'node:fs';",
])('lets %s pass', (text) => {
  expect(fileAccessFaults('cli/any.ts', text)).toEqual([]);
});
