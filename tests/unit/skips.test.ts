/** A test that is skipped says why, and scripts/test prints it. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { packagePath } from '../../src/platform/package-files.js';
import { lacks } from '../support/requirements.js';

const folder = mkdtempSync(join(tmpdir(), 'dit-skips-'));
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

const testFiles = readdirSync(packagePath('tests'), { recursive: true, encoding: 'utf8' }).filter(
  (path) => path.endsWith('.test.ts'),
);

test('no test is skipped on any other condition', () => {
  const wrong = testFiles.flatMap((path) => {
    const text = readFileSync(packagePath(`tests/${path}`), 'utf8');
    const calls = [...text.matchAll(/\.(skipIf|runIf|skip|todo|only)\b\(([^\n]*)/g)];
    return calls
      .filter(
        ([, how, condition]) => how !== 'skipIf' || !/^(lacks\(|!there\))/.test(condition ?? ''),
      )
      .map(([call]) => `${path}: ${call}`);
  });
  expect(wrong).toEqual([]);
});

function summary(tests: unknown, skips: readonly unknown[]) {
  const [report, log] = [join(folder, 'tests.json'), join(folder, 'skips')];
  writeFileSync(report, JSON.stringify(tests));
  writeFileSync(log, skips.map((line) => `${JSON.stringify(line)}\n`).join(''));
  return spawnSync(process.execPath, [packagePath('scripts/lib/test-summary.mjs'), report, log], {
    cwd: packagePath('.'),
    encoding: 'utf8',
  });
}

const reportOf = (file: string, ...statuses: readonly string[]) => ({
  numPassedTests: 1,
  numFailedTests: 0,
  numPendingTests: statuses.length,
  testResults: [
    { name: packagePath(file), assertionResults: statuses.map((status) => ({ status })) },
  ],
});

test('the summary has the reason of each file', () => {
  const skip = { file: 'tests/live/a.test.ts', requirement: 'qemu', reason: 'QEMU is needed' };
  const { status, stdout } = summary(reportOf('tests/live/a.test.ts', 'skipped', 'pending'), [
    skip,
    skip,
    { ...skip, file: 'tests/live/b.test.ts' },
  ]);
  expect(stdout).toBe(
    '1 passed, 0 failed, 2 skipped\nskipped: qemu: QEMU is needed (2 in tests/live/a.test.ts)\n',
  );
  expect(status).toBe(0);
});

test('a skip without a reason is told as that', () => {
  const { status, stdout } = summary(reportOf('tests/live/a.test.ts', 'skipped'), []);
  expect(stdout).toContain('skipped: none: no reason is given (1 in tests/live/a.test.ts)');
  expect(status).toBe(0);
});

test('what is lacking is written down, with the file that asks', () => {
  const log = join(folder, 'written');
  vi.stubEnv('DIT_SKIPS', log);
  vi.stubEnv('DIT_REQUIRE', '');
  vi.spyOn(process, 'getuid').mockReturnValue(65534);
  expect(lacks('root')).toBe(true);
  vi.restoreAllMocks();
  expect(JSON.parse(readFileSync(log, 'utf8'))).toEqual({
    file: 'tests/unit/skips.test.ts',
    requirement: 'root',
    reason: 'root is needed: sudo scripts/test',
  });
});
