/** A query ends when it is told to, takes no more memory than it may, and leaves no process. */
import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { dit, eventually, startDit } from '../support/dit.js';

const ENDLESS =
  'WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n FROM t) SELECT count(*) FROM t';

it.each([
  'SIGINT',
  'SIGTERM',
] as const)('a statement that never ends is ended by %s', async (name) => {
  const running = startDit(['trace', 'query', ENDLESS]);
  // Its process is there, and has begun: it takes CPU time.
  const worker = await eventually(() => childOf(running.pid));
  await eventually(() => (cpuTicks(worker ?? 0) > 50 ? true : undefined));
  running.child.kill(name);
  expect(await running.ended).toMatchObject({ code: name === 'SIGINT' ? 130 : 143, stdout: '' });
  expect(await eventually(() => (existsSync(`/proc/${worker}`) ? undefined : 'gone'))).toBe('gone');
});

it('a dit that is killed takes its query with it', async () => {
  const running = startDit(['trace', 'query', ENDLESS]);
  const worker = await eventually(() => childOf(running.pid));
  running.child.kill('SIGKILL');
  await running.ended;
  expect(await eventually(() => (existsSync(`/proc/${worker}`) ? undefined : 'gone'))).toBe('gone');
});

it.each([
  'SELECT list(range) FROM range(100000000)',
  'SELECT list(range) FROM range(8000000)',
  "SELECT repeat('x', 400000000)",
  "SELECT repeat('x', 10000000) FROM range(100)",
])('memory has a limit, whatever takes it: %s', async (sql) => {
  const ended = await dit(['trace', 'query', sql, '--format', 'csv', '--memory', '300m']);
  expect(ended).toMatchObject({ code: 2, stdout: expect.not.stringMatching(/\n.*\n/) });
  expect(ended.stderr).toMatch(/^dit: the query needs more memory: .*\n {2}try: give it more: /);
});

it('a query that needs little may have little', async () => {
  const args = ['trace', 'query', 'SELECT 1 AS one', '--format', 'csv', '--memory', '64m'];
  expect(await dit(args)).toMatchObject({ code: 0, stdout: 'one\n1\n' });
});

/** The first process whose parent is `pid`. */
function childOf(pid: number): number | undefined {
  const [first] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ');
  return Number(first) || undefined;
}

/** User and system time so far, in clock ticks. */
function cpuTicks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return Number(fields[11]) + Number(fields[12]);
}
