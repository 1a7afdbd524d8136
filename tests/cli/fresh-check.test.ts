/** scripts/fresh-check: what its trial takes for a failure, in a checkout whose commands do what the test wants. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { packagePath } from '../../src/platform/package-files.js';

let checkout: string;
beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), 'dit-fresh-'));
  mkdirSync(join(checkout, 'results'));
  for (const file of ['README.md', 'scripts/lib/fresh-trial', 'scripts/lib/changes']) {
    cpSync(packagePath(file), join(checkout, file));
  }
  write('scripts/lib/outside', 'sort -u state');
  writeFileSync(join(checkout, 'state'), 'path /run/theirs: folder 1\n');
  write('bin/sudo', 'exec "$@"');
});
afterEach(() => rmSync(checkout, { recursive: true }));

function write(path: string, script: string): void {
  mkdirSync(join(checkout, path, '..'), { recursive: true });
  writeFileSync(join(checkout, path), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

const GREEN = 'echo "12 passed, 0 failed, 0 skipped"';

/** @param dit, @param tests what scripts/dit and scripts/test do */
function trial(dit: string, tests: string) {
  write('scripts/dit', `echo "dit $*" >>calls; ${dit}`);
  write('scripts/test', `echo "test $*" >>calls; ${tests}`);
  const { status, stderr } = spawnSync(
    join(checkout, 'scripts/lib/fresh-trial'),
    [join(checkout, 'results')],
    {
      encoding: 'utf8',
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: `${join(checkout, 'bin')}:${process.env.PATH}` },
    },
  );
  const lines = readFileSync(join(checkout, 'results/summary'), 'utf8').trimEnd().split('\n');
  expect({ stderr, last: lines.pop() }).toEqual({ stderr: '', last: 'the trial is complete' });
  return { status, lines, failures: lines.filter((line) => line.startsWith('FAILED')) };
}

describe('a trial', () => {
  test('is README’s two commands in their order, and the end of the engine', () => {
    const { status, lines, failures } = trial(':', GREEN);
    expect(failures).toEqual([]);
    expect(status).toBe(0);
    expect(lines).toContain('12 passed, 0 failed, 0 skipped');
    const calls = readFileSync(join(checkout, 'calls'), 'utf8')
      .split('\n')
      .map((line) => line.trim());
    expect(calls).toEqual(['dit trace run', 'test', 'dit engine stop', '']);
  });

  test.each([
    ['a command that fails', 'exit 3', GREEN, 'FAILED with status 3: sudo scripts/dit trace run'],
    ['tests that fail', ':', 'echo "11 passed, 1 failed, 0 skipped"', 'no count of tests without'],
    ['no count', ':', ':', 'no count of tests without'],
    ['a skip', ':', `${GREEN}; echo "skipped: root: needed (1 in x)"`, 'skipped: root: needed'],
    ['a skip without a reason', ':', `${GREEN}; echo "skipped: none: x"`, 'skipped: none: x'],
    [
      'words of bash',
      'echo "/d/scripts/lib/a.sh: line 3: /d/log: No such file" >&2',
      GREEN,
      'line 3',
    ],
    ['words of sh', 'echo "scripts/dit: 7: x: not found" >&2', GREEN, 'not found'],
    ['a folder that is left', 'echo "path /run/crun: folder 2" >>state', GREEN, '+ path /run/crun'],
    [
      'a file that is changed',
      'echo "path /run/theirs: folder 3" >state',
      GREEN,
      '- path /run/theirs',
    ],
    [
      'a rule that is left',
      ':',
      `${GREEN}; echo "nft: chain DOCKER" >>state`,
      '+ nft: chain DOCKER',
    ],
  ])('%s is a failure', (_, dit, tests, failure) => {
    const { status, failures } = trial(dit, tests);
    expect(failures).toContainEqual(expect.stringContaining(failure));
    expect(status).toBe(1);
  });

  test('a skip whose reason holds is told and is none', () => {
    const line = 'skipped: study: the data are not there (7 in tests/x.test.ts)';
    const { lines, failures } = trial(':', `${GREEN}; echo "${line}"`);
    expect(failures).toEqual([]);
    expect(lines).toContain(line);
  });

  test('what a package brought is not left behind', () => {
    const { failures } = trial(
      'echo "name /etc/passwd: f" >>state; echo "name /usr: d" >>state',
      GREEN,
    );
    expect(failures.filter((line) => line.includes('/usr'))).toEqual([]);
  });
});
