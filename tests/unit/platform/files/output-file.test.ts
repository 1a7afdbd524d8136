/** An output that somebody named: as a shell's redirection treats it. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readInput } from '../../../../src/platform/files/input-files.js';
import { checkOutput, openOutput } from '../../../../src/platform/files/output-file.js';
import { SMALL_INPUT } from '../../../support/small-input.js';

let base: string;
const at = (name: string): string => join(base, name);
beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), 'dit-output-'));
});
afterAll(() => rmSync(base, { recursive: true }));

const OWN = { mode: 0o600, owner: undefined };

it('a regular file takes its name when it is kept', async () => {
  const file = await openOutput(at('file'), OWN);
  expect(await file.write('text')).toBe(4);
  expect(existsSync(at('file'))).toBe(false);
  file.keep();
  expect(readFileSync(at('file'), 'utf8')).toBe('text');
});

it('a FIFO waits for its reader, and for one that reads slowly', async () => {
  execFileSync('mkfifo', [at('fifo')]);
  const opening = openOutput(at('fifo'), OWN);
  const reader = spawn('sh', ['-c', 'wc -c <"$1"', 'sh', at('fifo')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said = once(reader.stdout, 'data');
  const file = await opening;
  // More than a pipe takes at once.
  await file.write(Buffer.alloc(1 << 20, 'a'));
  file.keep();
  expect(String((await said)[0]).trim()).toBe(String(1 << 20));
});

it('a FIFO that nobody reads is waited for until the signal', async () => {
  execFileSync('mkfifo', [at('lonely')]);
  const abort = new AbortController();
  const opening = openOutput(at('lonely'), OWN, abort.signal);
  abort.abort(new Error('Ctrl-C'));
  await expect(opening).rejects.toThrow('Ctrl-C');
  expect(() => checkOutput(at('lonely'), OWN)).not.toThrow();
});

it('a reader that does not read is waited for until the signal', async () => {
  execFileSync('mkfifo', [at('slow')]);
  const holder = spawn('sh', ['-c', 'exec 4<"$1"; read -r _', 'sh', at('slow')], {
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  const abort = new AbortController();
  const file = await openOutput(at('slow'), OWN, abort.signal);
  const writing = file.write(Buffer.alloc(1 << 20));
  abort.abort(new Error('Ctrl-C'));
  await expect(writing).rejects.toThrow('Ctrl-C');
  file.discard();
  holder.stdin?.end();
  await once(holder, 'exit');
});

it('a device is written to as it is, and says what it says', async () => {
  const nothing = await openOutput('/dev/null', OWN);
  await nothing.write('text');
  nothing.keep();
  const full = await openOutput('/dev/full', OWN);
  await expect(full.write('text')).rejects.toThrow('ENOSPC');
  full.discard();
  expect(existsSync('/dev/full')).toBe(true);
});

it('/dev/fd/N is the open file, unless the command reads it', async () => {
  writeFileSync(at('open'), 'before, and longer');
  const descriptor = openSync(at('open'), 'r+');
  const file = await openOutput(`/dev/fd/${descriptor}`, OWN);
  await file.write('after');
  file.keep();
  expect(readFileSync(at('open'), 'utf8')).toBe('after');
  readInput(at('open'), SMALL_INPUT);
  await expect(openOutput(`/dev/fd/${descriptor}`, OWN)).rejects.toThrow(/is read by this command/);
  expect(readFileSync(at('open'), 'utf8')).toBe('after');
  closeSync(descriptor);
});

it('a socket or a folder takes nothing', async () => {
  const server = createServer().listen(at('socket'));
  await once(server, 'listening');
  await expect(openOutput(at('socket'), OWN)).rejects.toThrow('is a socket');
  expect(() => checkOutput(at('socket'), OWN)).toThrow('is a socket');
  expect(() => checkOutput(base, OWN)).toThrow('is a folder');
  server.close();
});
