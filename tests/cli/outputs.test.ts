/** Where results go: never over what is read, never with another owner, and 2 where they cannot. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chownSync,
  linkSync,
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
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { smallTraceFile } from '../support/recordings.js';
import { lacks } from '../support/requirements.js';
import { DIT, dit } from '../support/run-dit.js';

let folder: string;
const at = (name: string): string => join(folder, name);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dit-outputs-'));
  writeFileSync(at('a.dit'), smallTraceFile());
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('a recording', () => {
  it.each([
    ['its own name', 'a.dit'],
    ['a link', 'link'],
    ['a hard link', 'hard'],
  ])('is not overwritten by what is made of it, named by %s', async (_how, name) => {
    symlinkSync('a.dit', at('link'));
    linkSync(at('a.dit'), at('hard'));
    const output = at(name);
    for (const args of [
      ['trace', 'export', '--to', 'jsonl', at('a.dit'), '-o', output],
      ['trace', 'view', at('a.dit'), '-o', output],
      ['trace', 'query', 'SELECT count(*) FROM runs', at('a.dit'), '-o', output],
    ]) {
      const { exitCode, stderr } = await dit(args, { XDG_CACHE_HOME: at('cache') });
      expect({ exitCode, stderr }).toEqual({
        exitCode: 2,
        stderr: expect.stringMatching(/is read by this command.*\n {2}try: name another file/),
      });
      expect(readFileSync(at('a.dit')).equals(Buffer.from(smallTraceFile()))).toBe(true);
    }
    expect(readdirSync(folder).filter((each) => each.startsWith('.'))).toEqual([]);
  });
});

it('a FIFO that nobody reads is waited for, and Ctrl-C ends that', async () => {
  await once(spawn('mkfifo', [at('fifo')]), 'exit');
  const child = spawn(process.execPath, [
    DIT,
    'trace',
    'export',
    '--to',
    'jsonl',
    at('a.dit'),
    '-o',
    at('fifo'),
  ]);
  const ended = once(child, 'exit') as Promise<[number | null, string | null]>;
  let over = false;
  void ended.then(() => {
    over = true;
  });
  // Whether it waits already does not matter: it must not end by itself, and must end now.
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(over).toBe(false);
  child.kill('SIGINT');
  const [code, signal] = await ended;
  expect(code === 130 || signal === 'SIGINT').toBe(true);
});

describe.skipIf(lacks('root'))('as root', () => {
  it('a file that is replaced keeps its owner, one that is new gets who called sudo', async () => {
    writeFileSync(at('others.jsonl'), '', { mode: 0o640 });
    chownSync(at('others.jsonl'), 1234, 1234);
    writeFileSync(at('roots.jsonl'), '', { mode: 0o600 });
    for (const [name, uid] of [
      ['others', 1234],
      ['roots', 0],
      ['new', 65534],
    ] as const) {
      const args = [
        'trace',
        'export',
        '--to',
        'jsonl',
        at('a.dit'),
        '-o',
        at(`${name}.jsonl`),
        '-q',
      ];
      expect(await dit(args, { SUDO_UID: '65534', SUDO_GID: '65534' })).toMatchObject({
        exitCode: 0,
      });
      expect(statSync(at(`${name}.jsonl`)).uid, name).toBe(uid);
    }
    expect(statSync(at('others.jsonl')).mode & 0o777).toBe(0o640);
  });

  it('no browser is run without sudo', async () => {
    const { exitCode, stderr } = await dit(['trace', 'view', at('a.dit'), '--open']);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 2,
      stderr: expect.stringMatching(/does not run a browser as root\n {2}try: leave --open out/),
    });
  });
});
