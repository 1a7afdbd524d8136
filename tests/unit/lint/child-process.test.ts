/** The check that no module starts programs by itself: it holds here, and sees what it must. */
import { expect, it } from 'vitest';
import { allChildProcessFaults, childProcessFaults } from '../../../scripts/lint/child-process.js';

it('holds for all of src', () => {
  expect(allChildProcessFaults()).toEqual([]);
});

it.each([
  "import { spawn } from 'node:child_process';",
  "import * as processes from 'child_process';",
  "import {\n  type ChildProcess,\n  execFile,\n} from 'node:child_process';",
  "import { execa } from 'execa';",
  "const { execa } = await import('execa');",
  "const { spawnSync } = await import(\n  'node:child_process'\n);",
  "require('child_process').exec(x);",
  "process.getBuiltinModule('node:child_process').exec(x);",
  "export { fork } from 'node:child_process';",
])('sees %s', (text) => {
  expect(childProcessFaults('cli/any.ts', text)).toEqual([
    'cli/any.ts starts programs by itself: use platform/processes/child-process.ts',
  ]);
});

it.each([
  "import { runProgram } from '../platform/processes/child-process.js';",
  "// import { spawn } from 'node:child_process';",
])('lets %s pass', (text) => {
  expect(childProcessFaults('cli/any.ts', text)).toEqual([]);
});
