/** scripts/dit: what it sets up before it is dit, by command. */
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { packagePath } from '../../src/platform/package-files.js';

/** A checkout where nothing is set up, and whose set-up says what it was asked for. */
const checkout = mkdtempSync(join(tmpdir(), 'dit-launcher-'));

const write = (path: string, text: string, mode = 0o644): void => {
  writeFileSync(join(checkout, path), text);
  chmodSync(join(checkout, path), mode);
};

beforeAll(() => {
  for (const file of ['scripts/dit', 'scripts/lib/ready.sh']) {
    cpSync(packagePath(file), join(checkout, file));
  }
  write('scripts/set-up', '#!/bin/sh\necho "set-up: $*"\nexit 7\n', 0o755);
});
afterAll(() => rmSync(checkout, { recursive: true }));

/** An engine is named, so that none is missing. */
const launch = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
  spawnSync(join(checkout, 'scripts/dit'), args, {
    encoding: 'utf8',
    env: { ...process.env, DOCKER_HOST: 'unix:///nowhere' },
  });

const RECORDS = [
  'trace run',
  'trace run alpine ls --help',
  'trace run -m 1g alpine sh -h',
  'trace exec -- ls --help',
  'trace watch --out folder',
  'test',
  'test memory',
  'bench -n 5',
  'engine start',
  'engine stop',
];

const READS = [
  '',
  '--help',
  '--version',
  'doctor',
  'doctor --sources',
  'compare old new',
  'engine status',
  'engine start --help',
  ...['show', 'events', 'ls', 'blame', 'chain', 'diff', 'explain', 'view', 'export', 'query'].map(
    (command) => `trace ${command} x`,
  ),
  'trace run --help',
  'trace run -q --help',
  'trace run -o file --help',
  'trace exec -h',
  'trace watch --help',
  'test --list',
  'test memory --list',
  'bench --source ebpf --list',
  'bench -h',
];

describe('where nothing is set up', () => {
  test.each(RECORDS)('dit %s asks for all that recording needs', (line) => {
    expect(launch(...line.split(' '))).toMatchObject({ status: 7, stdout: 'set-up: recording\n' });
  });

  test.each(READS)('dit %s asks for no compiler', (line) => {
    const args = line === '' ? [] : line.split(' ');
    expect(launch(...args)).toMatchObject({ status: 7, stdout: 'set-up: reading\n' });
  });
});

describe('where recording is set up', () => {
  const OBJECTS = ['recorder', 'copy_up_fentry'];

  beforeEach(() => {
    const folders = ['.node', 'src', 'bpf/build', 'native/build/Release', 'dist/base', 'dist/cli'];
    for (const folder of folders) mkdirSync(join(checkout, folder), { recursive: true });
    for (const name of ['package.json', 'package-lock.json', 'tsconfig.json']) write(name, '');
    for (const name of OBJECTS) write(`bpf/${name}.bpf.c`, '');
    for (const name of OBJECTS) write(`bpf/build/${name}.bpf.o`, '');
    for (const name of ['native/build/Release/dit_native.node', 'dist/base/errors.js']) {
      write(name, '');
    }
    write('.node/node', '#!/bin/sh\nshift\necho "dit $*"\n', 0o755);
    const place = spawnSync(
      'sh',
      ['-c', `project=${checkout}; . ${checkout}/scripts/lib/ready.sh; this_place; echo "$here"`],
      { encoding: 'utf8' },
    ).stdout;
    for (const part of ['reading', 'recording']) write(`.node/${part}`, place);
  });

  test('nothing is set up again', () => {
    expect(launch('trace', 'run')).toMatchObject({ status: 0, stdout: 'dit trace run\n' });
  });

  test('but for BPF programs that are gone', () => {
    rmSync(join(checkout, 'bpf/build/copy_up_fentry.bpf.o'));
    expect(launch('trace', 'run').stdout).toBe('set-up: recording\n');
    expect(launch('trace', 'show').stdout).toBe('dit trace show\n');
  });
});
