/** The scripts in a clone where nothing is set up: they say what they do, and the shell says nothing. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { packagePath } from '../../src/platform/package-files.js';
import { lacks } from '../support/requirements.js';

let clone: string;
beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), 'dit-set-up-'));
  cpSync(packagePath('scripts'), join(clone, 'scripts'), { recursive: true });
});
afterEach(() => rmSync(clone, { recursive: true }));

/** The shell's own words name the script and the line: "common.sh: line 39: …". */
const complaints = (stderr: string): string[] =>
  stderr.split('\n').filter((line) => line !== '' && !line.startsWith('dit: '));

function run(script: string, path = process.env.PATH) {
  return spawnSync('bash', ['-euc', script], {
    cwd: clone,
    encoding: 'utf8',
    // bash takes a socket on its stdin for a remote login, and reads the machine's bashrc.
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: path, HOME: clone },
  });
}

const COMMON = '. scripts/lib/common.sh';

describe('in a clone that was never set up', () => {
  test('a logged command is logged', () => {
    expect(run(`${COMMON}; logged echo one; logged echo two`)).toMatchObject({
      status: 0,
      stdout: '',
      stderr: '',
    });
    expect(readFileSync(join(clone, 'set-up.log'), 'utf8')).toBe(
      '\n$ echo one\none\n\n$ echo two\ntwo\n',
    );
  });

  test('of a command that fails the output is shown, and its status kept', () => {
    const { status, stderr } = run(`${COMMON}; logged sh -c 'echo why >&2; exit 9'`);
    expect(status).toBe(9);
    expect(stderr).toContain('\nwhy\ndit: failed with status 9: sh -c');
  });

  test('package lists are read without a word of the shell', () => {
    const { status, stderr } = run(`${COMMON}; apt() { echo "apt $*"; }; with_lists apt install x`);
    expect({ status, complaints: complaints(stderr) }).toEqual({ status: 0, complaints: [] });
  });

  test.skipIf(lacks('root'))('the log is the owner’s where root writes first', () => {
    spawnSync('chown', ['-R', '1234:1234', clone]);
    expect(run(`${COMMON}; logged true; with_lists true`)).toMatchObject({ status: 0, stderr: '' });
    expect(statSync(join(clone, 'set-up.log')).uid).toBe(1234);
  });

  /** Programs that do nothing but what set-up looks at afterwards. */
  test.each(['reading', 'recording', 'tests'])('set-up %s says what it does', (part) => {
    const bin = join(clone, 'bin');
    mkdirSync(bin);
    const npm = `#!/bin/sh
case "$*" in
  ci*) mkdir -p node_modules ;;
  *build:ts) mkdir -p dist/base && touch dist/base/errors.js ;;
  *build:addon) mkdir -p native/build/Release && touch native/build/Release/dit_native.node ;;
esac
`;
    const programs = {
      npm,
      // Every package is installed.
      'dpkg-query': '#!/bin/sh\nshift 2; for each; do echo "$each installed"; done\n',
      'apt-get': '#!/bin/sh\nexit 1\n',
    };
    for (const [name, text] of Object.entries(programs)) {
      writeFileSync(join(bin, name), text);
      chmodSync(join(bin, name), 0o755);
    }
    for (const folder of ['src', 'bpf', 'native']) mkdirSync(join(clone, folder));
    for (const file of ['package.json', 'package-lock.json', 'tsconfig.json']) {
      writeFileSync(join(clone, file), '');
    }
    const node = join(process.execPath, '..');
    const { status, stderr } = run(`scripts/set-up ${part}`, `${bin}:${node}:${process.env.PATH}`);
    expect({ status, complaints: complaints(stderr) }).toEqual({ status: 0, complaints: [] });
    expect(stderr).toContain('dit: building the program\n');
  });
});

const SHELL = /^#!\/(?:usr\/)?bin\/(?:env )?(?:ba)?sh\b|^# shellcheck shell=/;
const shellFiles = readdirSync(packagePath('scripts'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name))
  .filter((path) => SHELL.test(readFileSync(path, 'utf8')));

describe('every shell script', () => {
  test.each(shellFiles)('%s is understood by its shell', (path) => {
    const shell = /bash/.test(readFileSync(path, 'utf8').split('\n', 1)[0] ?? '') ? 'bash' : 'sh';
    expect(spawnSync(shell, ['-n', path], { encoding: 'utf8' })).toMatchObject({
      status: 0,
      stderr: '',
    });
  });

  /** The shell opens in the order written: a missing file is complained about before stderr is put away. */
  test.each(shellFiles)('%s puts stderr away before it reads a file', (path) => {
    const wrong = readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => /(?<![<&])<\s*(?![<(&]|\/dev\/null)\S+[^|;]*\s2>\s*\/dev\/null/.test(line));
    expect(wrong).toEqual([]);
  });
});
