/** Other programs: none is waited for without end, whatever it does. */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { DitError, EXIT } from '../../../../src/base/errors.js';
import {
  HANDED_FILE,
  needProgram,
  printedBy,
  runProgram,
  startProgram,
} from '../../../../src/platform/processes/child-process.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dit-children-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const sh = (script: string): [string, string[]] => ['sh', ['-c', script]];
const file = (name: string): string => join(folder, name);
/** The pids that a script has written. */
const pidsIn = (name: string): number[] =>
  readFileSync(file(name), 'utf8').trim().split('\n').map(Number);
const gone = (pid: number): void => {
  // A zombie has ended, and waits for whoever has adopted it.
  const stat = (): string => {
    try {
      return readFileSync(`/proc/${pid}/stat`, 'utf8');
    } catch {
      return ') Z';
    }
  };
  expect(stat()).toMatch(/\) Z/);
};

describe('a program that is run', () => {
  it('gives what it says and how it ends', async () => {
    const ran = await runProgram(...sh('echo out; echo err >&2; exit 7'));
    expect(ran).toMatchObject({ stdout: 'out\n', stderr: 'err\n', status: 7 });
    expect(await runProgram(...sh('kill -TERM $$'))).toMatchObject({ status: 143 });
  });

  it('has nothing to read, and the files that it is handed', async () => {
    writeFileSync(file('handed'), 'text');
    const handed = openSync(file('handed'), 'r');
    try {
      const ran = await runProgram('cat', ['-', HANDED_FILE], { files: [handed] });
      expect(ran.stdout).toBe('text');
    } finally {
      closeSync(handed);
    }
  });

  it.each([
    ['is endless', ''],
    ['ignores SIGTERM', "trap '' TERM INT HUP; "],
  ])(
    'that %s is killed by its limit, with what it started',
    async (_what, first) => {
      const name = `late${first.length}`;
      const script = `${first}sleep 600 & echo $! >'${file(name)}'; echo $$ >>'${file(name)}'; while :; do wait; done`;
      const error = (await runProgram(...sh(script), { limitMs: 3_000 }).catch(
        (thrown: unknown) => thrown,
      )) as DitError;
      expect(error).toMatchObject({ code: 'program-late', exitCode: EXIT.unavailable });
      expect(error.message).toMatch(/^'sh -c .*' does not end within 3 s and was killed$/);
      expect(error.remedy).toMatch(/^run it by hand, and see what it waits for: sh -c /);
      await vi.waitFor(() => pidsIn(name).forEach(gone), { timeout: 10_000 });
    },
    30_000,
  );

  it('is killed by the signal, whose reason is thrown', async () => {
    const interrupted = new DitError({ code: 'interrupted', exitCode: 130, message: 'by SIGINT' });
    const controller = new AbortController();
    const script = `trap '' TERM INT; echo $$ >'${file('aborted')}'; while :; do sleep 600; done`;
    const running = runProgram(...sh(script), { signal: controller.signal });
    const thrown = running.catch((error: unknown) => error);
    await vi.waitFor(() => expect(pidsIn('aborted')[0]).toBeGreaterThan(0), { timeout: 10_000 });
    controller.abort(interrupted);
    expect(await thrown).toBe(interrupted);
    await vi.waitFor(() => pidsIn('aborted').forEach(gone), { timeout: 10_000 });
    await expect(runProgram('true', [], { signal: controller.signal })).rejects.toBe(interrupted);
  }, 30_000);

  it('that writes without end is killed; what it complains of is cut', async () => {
    await expect(runProgram('yes', [])).rejects.toMatchObject({
      code: 'program-chatty',
      exitCode: EXIT.unavailable,
      message: "'yes' writes more than 16 MiB and was killed",
    });
    const ran = await runProgram(...sh('yes | head -c 20000000 >&2'));
    expect(ran.status).toBe(0);
    expect(ran.stderr.length).toBe(16 << 20);
  }, 60_000);

  it('that is missing, may not be run or fails is said, with what to do', async () => {
    await expect(runProgram('no-such-program', [])).rejects.toMatchObject({
      code: 'program-missing',
      exitCode: EXIT.unavailable,
      message: "'no-such-program' is not installed",
      remedy: 'install it: apt-get install no-such-program',
    });
    writeFileSync(file('plain'), 'text');
    await expect(runProgram(file('plain'), [])).rejects.toMatchObject({
      code: 'program-unusable',
      exitCode: EXIT.unavailable,
    });
    await expect(runProgram('true', ['x'.repeat(4 << 20)])).rejects.toMatchObject({
      code: 'program-unusable',
      message: expect.stringContaining('E2BIG'),
    });
    await expect(needProgram(...sh("echo 'no way' >&2; exit 3"))).rejects.toMatchObject({
      code: 'program-failed',
      exitCode: EXIT.unavailable,
      message: expect.stringMatching(/' fails: no way$/),
    });
  });
});

it('what a program prints is undefined where it fails', () => {
  expect(printedBy('echo', ['text'])).toBe('text\n');
  expect(printedBy('false', [])).toBeUndefined();
  expect(printedBy('no-such-program', [])).toBeUndefined();
});

describe('a program that is started', () => {
  it.each([
    ['later', false],
    ['before', true],
  ])('is killed by a signal that is aborted %s', async (_when, before) => {
    const controller = new AbortController();
    if (before) controller.abort();
    const child = startProgram('sleep', ['600'], {
      endedBy: controller.signal,
      stdio: 'ignore',
    });
    const ended = new Promise((resolve) => child.once('exit', (_code, by) => resolve(by)));
    controller.abort();
    expect(await ended).toBe('SIGKILL');
  });
});
