/** -q keeps progress and reports for people back, not the JSON that was asked for. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dit } from '../support/dit.js';
import { type FakeEngine, fakeEngine } from '../support/fake-engine.js';

let folder: string;
let engine: FakeEngine;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dit-quiet-'));
  engine = await fakeEngine();
});
afterAll(async () => {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

const run = (file: string, ...options: string[]) =>
  dit(
    [
      'trace',
      'run',
      '--source',
      'api',
      '-H',
      engine.unix,
      '-o',
      join(folder, file),
      ...options,
      'x',
    ],
    { env: { XDG_STATE_HOME: folder } },
  );

test('trace run -q --json prints what trace show --json does, and nothing else', async () => {
  const { code, stdout, stderr } = await run('one.dit', '-q', '--json');
  expect(code, stderr).toBe(0);
  const shown = await dit(['trace', 'show', '--json', join(folder, 'one.dit')]);
  expect(JSON.parse(stdout)).toEqual(JSON.parse(shown.stdout));
  expect(JSON.parse(stdout).runs).toHaveLength(1);
  expect(stderr).toMatch(/^trace saved: .*one\.dit\n$/);
}, 300_000);

test('trace run --runs -q --json prints the summary, and nothing else', async () => {
  const { code, stdout, stderr } = await run('many.dit', '--runs', '2', '-q', '--json');
  expect(code, stderr).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    windows_ns: [expect.any(Number), expect.any(Number)],
  });
  expect(stderr).not.toMatch(/dit: start/);
}, 300_000);

test('without --json, -q prints no report', async () => {
  const { code, stdout } = await run('none.dit', '-q');
  expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
}, 300_000);
