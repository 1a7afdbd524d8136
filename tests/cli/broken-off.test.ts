/** What ends a command in the middle, full outputs and bugs: told once, and nothing is left behind. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DIT, dit } from '../support/run-dit.js';
import { samplePath } from '../support/samples.js';

const SAMPLE = samplePath('docker-28.5/bridge.dit');
const FAILED = `dit: standard output cannot be written: ENOSPC: no space left on device, write
  try: make room there, or send it elsewhere
`;

let folder: string;
let full: number;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dit-full-'));
  full = openSync('/dev/full', 'w');
});
afterAll(() => {
  closeSync(full);
  rmSync(folder, { recursive: true });
});

/** @returns how it ended, and what it said on the output that is not full */
async function onFull(which: 'stdout' | 'stderr', args: readonly string[], env = {}) {
  const child = spawn(process.execPath, [DIT, ...args], {
    env: { PATH: process.env.PATH, HOME: '/nonexistent', ...env },
    stdio: ['ignore', which === 'stdout' ? full : 'pipe', which === 'stderr' ? full : 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  }
  const [exitCode] = (await once(child, 'close')) as [number | null];
  return { exitCode, said };
}

describe('standard output that is full', () => {
  it.each([
    ['one text', ['trace', 'show', SAMPLE]],
    ['many', ['trace', 'events', SAMPLE]],
    ['help', ['--help']],
  ])('is told once: %s', async (_what, args) => {
    expect(await onFull('stdout', args)).toEqual({ exitCode: 2, said: FAILED });
  });

  it('ends a command, which takes away what it made', async () => {
    const noFolder = join(folder, 'file');
    writeFileSync(noFolder, '');
    const env = { XDG_CACHE_HOME: noFolder, TMPDIR: folder };
    const sql = 'SELECT * FROM slices a, range(1000)';
    const ended = await onFull('stdout', ['trace', 'query', sql, SAMPLE, '--format', 'csv'], env);
    expect(ended).toEqual({ exitCode: 2, said: FAILED });
    expect(readdirSync(folder)).toEqual(['file']);
  });
});

it('a bug ends a command, which takes away what it made', async () => {
  const noFolder = join(folder, 'file');
  writeFileSync(noFolder, '');
  const tables = join(folder, 'tables');
  mkdirSync(tables);
  // Thrown from nowhere, as soon as the command has made its folder.
  const bug = `import { readdirSync } from 'node:fs';
    const timer = setInterval(() => {
      if (readdirSync('${tables}').length === 0) return;
      clearInterval(timer);
      throw new Error('late');
    }, 10).unref();`;
  const ended = await dit(
    ['trace', 'query', 'SELECT count(*) FROM slices a, range(10000000)', SAMPLE],
    {
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(bug)}`,
      XDG_CACHE_HOME: noFolder,
      TMPDIR: tables,
    },
  );
  expect(ended).toEqual({
    exitCode: 1,
    stdout: '',
    stderr:
      'dit: bug: Error: late\n  try: run it again with DIT_DEBUG=1, and report what it prints\n',
  });
  expect(readdirSync(tables)).toEqual([]);
});

it('an error output that is full ends nothing, and is not passed over', async () => {
  const file = join(folder, 'a.svg');
  const args = ['trace', 'export', '--to', 'svg', '-o', file, SAMPLE];
  expect(await onFull('stderr', args)).toEqual({ exitCode: 2, said: '' });
  expect(readFileSync(file, 'utf8')).toContain('</svg>');
});
