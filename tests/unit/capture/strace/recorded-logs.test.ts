/** Real logs of four releases: what the workload did is what the events say. */
import { describe, expect, test } from 'vitest';
import { EXIT_FLAG, FILE_OF_ARGUMENT } from '../../../../src/model/recording/event-kinds.js';
import { Decoded, readLog, VERSIONS } from './logs.js';

const ODD = '/tmp/workload/a"b\\c<d>,\n\u0001\ufffdé)';

describe.each(VERSIONS)('strace %s', (version) => {
  const log = new Decoded(readLog(version));
  const { table } = log;
  const [mainExec = -1] = log.rows('exec');
  const main = table.pid.at(mainExec);
  const children = log
    .rows('fork', (row) => table.value(row, 'child_pids') !== table.pid.at(row))
    .map((row) => ({
      parent: table.pid.at(row),
      pid: table.value(row, 'child_pids'),
      time: table.time.at(row),
    }));
  const child = (index: number): number => children[index]?.pid ?? -1;
  const exitOf = (pid: number): number[] =>
    log.rows('exit', (row) => table.tid.at(row) === pid).map((row) => table.value(row, 'codes'));
  const execsOf = (pid: number): string[][] =>
    log.rows('exec', (row) => table.pid.at(row) === pid).map((row) => log.argv(row));

  test('has no line that makes no sense', () => {
    expect(table.count('malformed')).toBe(0);
  });

  test('every process has its parent, its program and its end', () => {
    expect(children).toHaveLength(8);
    expect(children.map(({ parent }) => parent)).toEqual([
      ...Array.from({ length: 6 }, () => main),
      child(5),
      child(6),
    ]);
    expect(exitOf(main)).toEqual([3]);
    expect(children.map(({ pid }) => exitOf(pid))).toEqual([
      [3],
      [0],
      [-9],
      [0],
      [7],
      [5],
      [4],
      [0],
    ]);
    expect(execsOf(main)).toEqual([['/tmp/dit-workload']]);
    expect(execsOf(child(3))).toEqual([['/bin/true', 'one', 't\two\ufffd', '']]);
    expect(execsOf(child(4))).toEqual([['sh', '-c', 'exit 7']]);
    expect(execsOf(child(7))).toEqual([['true', 'inner']]);
  });

  test('nothing of a child comes before its fork', () => {
    for (const { pid, time } of children) {
      for (let row = 0; row < table.length; row++) {
        if (table.pid.at(row) === pid) expect(table.time.at(row)).toBeGreaterThanOrEqual(time);
      }
    }
  });

  test('threads are of their process, and one that executes a program becomes its leader', () => {
    const pid = child(4);
    const threads = log
      .rows('fork', (row) => table.pid.at(row) === pid)
      .map((row) => [table.value(row, 'child_pids'), table.value(row, 'child_tids')] as const);
    expect(threads.map(([owner]) => owner)).toEqual([pid, pid]);
    const [waiting = 0, executing = 0] = threads.map(([, tid]) => tid);
    const [exec = -1] = log.rows('exec', (row) => table.pid.at(row) === pid);
    expect([table.tid.at(exec), table.value(exec, 'old_tids')]).toEqual([pid, executing]);
    const ends = log.rows('exit', (row) => table.pid.at(row) === pid);
    expect(ends.map((row) => [table.tid.at(row), table.value(row, 'flags')])).toEqual([
      [waiting, 0],
      [pid, EXIT_FLAG.lastThread],
    ]);
  });

  test('names are those that a process gives itself, and its programs', () => {
    const names = (pid: number): string[] =>
      log.rows('rename', (row) => table.pid.at(row) === pid).map((row) => log.text(row, 'comms'));
    expect(names(child(0))).toEqual(['odd "name"']);
    expect(names(child(3))).toEqual(['true']);
    expect(names(child(6))).toEqual(['inner']);
    expect(names(child(7))).toEqual(['true']);
  });

  test('strings have their bytes', () => {
    expect(log.calls('mkdir')[0]?.texts).toEqual({ 0: '/tmp/workload' });
    const [made] = log.calls('openat').filter(({ texts }) => texts[1] === ODD);
    expect(made?.arguments.slice(0, 1).concat(made.arguments.slice(2, 4))).toEqual([
      -100, 0x241, 0o600,
    ]);
    expect(made?.result).toBe(3);
    expect(log.calls('rename')[0]?.texts).toEqual({ 0: ODD, 1: '/tmp/workload/b' });
    expect(log.calls('fsync')[0]?.texts).toEqual({ [FILE_OF_ARGUMENT]: ODD });
    // Deleted by then, which strace says in two ways.
    expect(log.calls('fdatasync')[0]?.texts).toEqual({ [FILE_OF_ARGUMENT]: '/tmp/workload/b' });
    expect(log.calls('write').map(({ result }) => result)).toEqual([5, 300]);
  });

  test('an error is its number; who only reads has no arguments', () => {
    const opens = log.calls('openat');
    const missing = opens.find(({ texts }) => texts[1] === '/nonexistent/file');
    expect(missing?.result).toBe(-2);
    expect(missing?.arguments[2]).toBe(2);
    expect(opens.filter(({ arguments: { length } }) => length === 0).length).toBeGreaterThan(4);
  });

  test('waits that a signal ends, that are restarted, and that a death ends', () => {
    expect(log.calls('wait4').filter(({ result }) => result === -512).length).toBeGreaterThan(0);
    expect(log.calls('poll').map(({ result }) => result)).toEqual([-516]);
    const restarted = log.calls('restart_syscall').filter(({ pid }) => pid === child(1));
    expect(restarted).toHaveLength(1);
    expect(restarted[0]?.durationNs).toBeGreaterThan(10e6);
    const killed = log.calls('pause').find(({ pid }) => pid === child(2));
    expect(killed?.unfinished).toBe(false);
    expect(killed?.durationNs).toBeGreaterThan(1e6);
  });

  test('a call in two lines is one, from its beginning to its end', () => {
    const [wait] = log.calls('wait4').filter(({ pid, result }) => pid === main && result > 0);
    expect(wait?.durationNs).toBeGreaterThan(10e6);
    expect(log.calls('exit_group').every(({ unfinished }) => unfinished)).toBe(true);
    const others = log.rows('syscall', (row) => log.text(row, 'names') !== 'exit_group');
    expect(others.filter((row) => (table.value(row, 'flags') & 1) !== 0)).toEqual([]);
  });

  test('flags are numbers', () => {
    expect(log.calls('unshare').map((call) => call.arguments[0])).toEqual([0x24020000]);
    const flags = log.calls('clone').map((call) => call.arguments[0]);
    expect(flags).toContain(0x1200011);
    expect(flags).toContain(0x8011);
    expect(log.calls('clone3').map((call) => call.arguments[0])).toEqual([0x3d0f00, 0x3d0f00]);
  });
});

describe.each(VERSIONS)('strace %s with names, attached, its messages in between', (version) => {
  const log = new Decoded(readLog(`${version}-names`));
  const { table } = log;

  test('is read as well', () => {
    expect(table.count('malformed')).toBe(0);
    const execs = log.rows('exec').map((row) => log.argv(row));
    expect(execs).toEqual([
      ['mkdir', '-p', '/tmp/workload'],
      ['/bin/true', 'one'],
      ['sleep', '0.3'],
      ['sleep', '9'],
    ]);
    const ends = log.rows('exit').map((row) => table.value(row, 'codes'));
    expect(ends).toEqual([0, 4, 0, 0]);
    expect(log.calls('clone').map((call) => call.arguments[0])).toEqual([0x1200011]);
    const opens = log.calls('mkdir').map(({ texts, result }) => [texts[0], result]);
    expect(opens).toEqual([
      ['/tmp', -17],
      ['workload', 0],
    ]);
  });

  test('what it was detached in the middle of is unfinished', () => {
    const sleeps = log.calls('clock_nanosleep').filter(({ unfinished }) => unfinished);
    expect(sleeps).toHaveLength(1);
  });
});
