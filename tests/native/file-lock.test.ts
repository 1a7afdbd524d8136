/** The lock between processes: flock(2) of the addon, with no other program's help. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { withFileLock } from '../../src/platform/files/file-lock.js';

const folder = mkdtempSync(join(tmpdir(), 'dit-file-lock-'));
const path = join(folder, 'lock');
afterAll(() => rmSync(folder, { recursive: true }));

/** Longer than any test: a wait that is meant to succeed. */
const LONG_S = 60;

/** Another process that holds the lock until its input ends, or it is killed. */
async function holder(of: string) {
  const module = new URL('../../src/platform/files/file-lock.ts', import.meta.url).href;
  const script = `
    const { withFileLock } = await import(${JSON.stringify(module)});
    await withFileLock(${JSON.stringify(of)}, 0, async () => {
      console.log('held');
      for await (const _ of process.stdin);
    });`;
  const child = spawn(
    process.execPath,
    ['--import', import.meta.resolve('tsx'), '--input-type=module', '-e', script],
    { stdio: ['pipe', 'pipe', 'inherit'], env: { PATH: '/nonexistent', TSX_DISABLE_CACHE: '1' } },
  );
  const [output] = await once(child.stdout, 'data');
  expect(String(output)).toBe('held\n');
  return child;
}

test('works where no program is on the PATH, and gives back what the work gives', async () => {
  const child = await holder(path);
  child.stdin.end();
  await once(child, 'exit');
  expect(child.exitCode).toBe(0);
  expect(await withFileLock(path, 0, async () => 7)).toBe(7);
});

test('refuses with the remedy where another process holds it too long', async () => {
  const child = await holder(path);
  await expect(withFileLock(path, 0, async () => 1)).rejects.toMatchObject({
    code: 'lock-busy',
    exitCode: 4,
    remedy: expect.stringContaining(path),
  });
  child.stdin.end();
  await once(child, 'exit');
});

test('a killed holder holds nothing', async () => {
  const child = await holder(path);
  const waiting = withFileLock(path, LONG_S, async () => 'mine');
  child.kill('SIGKILL');
  expect(await waiting).toBe('mine');
});

test('a signal ends the wait with its reason', async () => {
  const child = await holder(path);
  const controller = new AbortController();
  const waiting = withFileLock(path, LONG_S, async () => 1, controller.signal);
  const reason = new Error('interrupted');
  setImmediate(() => controller.abort(reason));
  await expect(waiting).rejects.toBe(reason);
  child.stdin.end();
  await once(child, 'exit');
});

test('a folder can be locked', async () => {
  const child = await holder(folder);
  await expect(withFileLock(folder, 0, async () => 1)).rejects.toMatchObject({ code: 'lock-busy' });
  child.stdin.end();
  await once(child, 'exit');
});

test('two in one process exclude each other, and work that fails lets go', async () => {
  let inside = 0;
  const alone = (fails: boolean) => async () => {
    inside += 1;
    expect(inside).toBe(1);
    await new Promise((resolve) => setImmediate(resolve));
    inside -= 1;
    if (fails) throw new Error('the work failed');
  };
  const results = await Promise.allSettled([
    withFileLock(path, LONG_S, alone(true)),
    withFileLock(path, LONG_S, alone(false)),
    withFileLock(path, LONG_S, alone(true)),
  ]);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'rejected']);
});
