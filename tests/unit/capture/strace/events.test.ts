import { describe, expect, test } from 'vitest';
import { MAX_LINE_BYTES } from '../../../../src/capture/strace/line-splitter.js';
import { parseLine } from '../../../../src/capture/strace/lines.js';
import type { KnownThreads } from '../../../../src/capture/strace/threads.js';
import { FILE_OF_ARGUMENT } from '../../../../src/model/recording/event-kinds.js';
import { Decoded } from './logs.js';

const PROCESS: KnownThreads = { pid: 10, comm: 'engine', tids: [10, 11], otherPids: false };
const INSIDE: KnownThreads = { pid: 20, comm: 'inner', tids: [20], otherPids: true };

/** "TID MILLISECOND text", as strace would stamp it. */
function decode(lines: readonly string[], options: ConstructorParameters<typeof Decoded>[1] = {}) {
  const stamped = lines.map((line) => {
    const [, tid, ms, text] = /^(\d+) (\d+) (.*)$/s.exec(line) ?? [];
    return `${tid} 1700000000.${String(ms).padStart(3, '0')}000000 ${text}`;
  });
  return new Decoded(stamped, { known: [PROCESS, INSIDE], ...options });
}

const forks = (log: Decoded): number[][] =>
  log
    .rows('fork')
    .map((row) => [
      log.table.pid.at(row),
      log.table.tid.at(row),
      log.table.value(row, 'child_pids'),
      log.table.value(row, 'child_tids'),
    ]);

describe('lines', () => {
  test.each([
    [
      '[pid    12] 1.5 pause( <unfinished ...>',
      { kind: 'begun', tid: 12, name: 'pause', detached: false },
    ],
    [
      '12    1.5 futex(0x1, 0 <detached ...>',
      { kind: 'begun', tid: 12, text: '0x1, 0', detached: true },
    ],
    [
      '12 1.000000005 +++ killed by SIGSEGV (core dumped) +++',
      { kind: 'exit', tid: 12, code: -11, time: { seconds: 1, nanos: 5 } },
    ],
    ['12 1.5 +++ killed by SIGRT_3 +++', { kind: 'exit', code: -35 }],
    ['12 1.5 +++ exited with 300 +++', { kind: 'exit', code: 44 }],
    ['12 1.5 +++ superseded by execve in pid 13 +++', { kind: 'superseded', tid: 12, by: 13 }],
    ['12 1.5 --- SIGCHLD {si_signo=SIGCHLD} ---', { kind: 'signal' }],
    ['12 1.5 --- stopped by SIGSTOP ---', { kind: 'signal' }],
    ['12 1.5 <... ???? resumed>) = 0 <0.1>', { kind: 'resumed', name: '????' }],
    // Killed before strace could ask which syscall it was.
    ['12 1.5 ???( <unfinished ...>', { kind: 'begun', name: '???' }],
    ['strace: Process 12 attached with 3 threads', { kind: 'notice' }],
    ['[ Process PID=12 runs in 32 bit mode. ]', { kind: 'notice' }],
    ['12 1.5 +++ exited +++', { kind: 'malformed' }],
    ['12 1.5 ', { kind: 'malformed' }],
    ['', { kind: 'malformed' }],
    ['12 15 pause() = 0', { kind: 'malformed' }],
  ])('%s', (line, expected) => {
    expect(parseLine(line)).toMatchObject(expected);
  });
});

describe('forks', () => {
  test('a child that is heard before its parent is a child all the same', () => {
    const log = decode([
      '11 1 vfork( <unfinished ...>',
      '30 2 execve("/bin/a", ["a"], 0x0 /* 1 var */ <unfinished ...>',
      '30 4 <... execve resumed>) = 0 <0.002>',
      '30 5 prctl(0xf, "named") = 0 <0.0001>',
      '11 6 <... vfork resumed>) = 30 <0.005>',
    ]);
    expect(forks(log)).toEqual([[10, 11, 30, 30]]);
    expect(log.table.time.at(log.rows('fork')[0] ?? -1)).toBe(2e6);
    expect(log.rows('exec').map((row) => log.table.time.at(row))).toEqual([4e6]);
    expect(log.rows('fork').map((row) => log.text(row, 'child_comms'))).toEqual(['engine']);
  });

  test('grandchildren of a clone under way', () => {
    const log = decode([
      '10 1 clone(child_stack=NULL, flags=17 <unfinished ...>',
      '30 2 clone(child_stack=NULL, flags=17) = 31 <0.0001>',
      '31 3 clone(child_stack=NULL, flags=0x10f00) = 32 <0.0001>',
      '32 4 +++ exited with 0 +++',
      '10 5 <... clone resumed>) = 30 <0.004>',
    ]);
    expect(forks(log)).toEqual([
      [10, 10, 30, 30],
      [30, 30, 31, 31],
      [31, 31, 31, 32],
    ]);
  });

  test('in another pid namespace: the oldest clone that is not claimed', () => {
    const log = decode([
      '20 1 clone3({flags=0x10f00, exit_signal=0}, 88) = 2 <0.0001>',
      '20 2 clone(child_stack=NULL, flags=17) = 3 <0.0001>',
      '51 3 mount("a", "/a", "proc", 0, NULL) = 0 <0.0001>',
      '52 4 execve("/bin/a", ["a"], 0x0) = 0 <0.0001>',
    ]);
    expect(forks(log)).toEqual([
      [20, 20, 20, 51],
      [20, 20, 52, 52],
    ]);
    expect(log.calls('mount')[0]?.pid).toBe(20);
  });

  test('a result that strace translates is believed', () => {
    const log = decode([
      "20 1 clone(child_stack=NULL, flags=17) = 3 /* 99 in strace's PID NS */ <0.0001>",
    ]);
    expect(forks(log)).toEqual([[20, 20, 99, 99]]);
  });

  test('a child of unshare and setns is in another namespace, and so are its own', () => {
    const ids = (call: string): number[][] =>
      forks(
        decode([
          `10 1 ${call} = 0 <0.0001>`,
          '10 2 clone(child_stack=NULL, flags=17) = 30 <0.0001>',
          '30 3 clone(child_stack=NULL, flags=17) = 2 <0.0001>',
          '31 4 +++ exited with 0 +++',
        ]),
      );
    const expected = [
      [10, 10, 30, 30],
      [30, 30, 31, 31],
    ];
    expect(ids('unshare(0x20000000)')).toEqual(expected);
    expect(ids('setns(3</proc/1/ns/pid>, 0)')).toEqual(expected);
    expect(ids('setns(3<pid:[4026532]>, 0)')).toEqual(expected);
    expect(ids('setns(3, CLONE_NEWPID)')).toEqual(expected);
    expect(ids('setns(3</proc/1/ns/net>, 0x40000000)')).not.toEqual(expected);
  });

  test('a failed clone has no child', () => {
    expect(forks(decode(['10 1 clone(flags=17) = -1 EAGAIN (…) <0.0001>']))).toEqual([]);
  });

  test('threads are of their process; unknown ones are processes', () => {
    const log = decode(['11 1 sync() = ? <0.1>', '77 1 sync() = 0 <0.0001>']);
    expect(log.calls('sync').map(({ pid, tid }) => [pid, tid])).toEqual([
      [10, 11],
      [77, 77],
    ]);
  });
});

describe('programs', () => {
  test('of a descriptor have the name that the kernel gives them', () => {
    const filename = (call: string): string => {
      const log = decode([`10 1 ${call} = 0 <0.0001>`]);
      return log.text(log.rows('exec')[0] ?? -1, 'filenames');
    };
    expect(filename('execveat(6</>, "", ["runc", "init"], 0x0, 0x1000)')).toBe('/dev/fd/6');
    expect(filename('execveat(6</>, "bin/a", ["a"], 0x0, 0)')).toBe('/dev/fd/6/bin/a');
    expect(filename('execveat(-100</>, "bin/a", ["a"], 0x0, 0)')).toBe('bin/a');
    expect(filename('execve("/proc/self/exe", ["runc", "init"], 0x0)')).toBe('/proc/self/exe');
  });

  test('their arguments can be kept out', () => {
    const id = 'a'.repeat(64);
    const log = decode(
      [`10 1 execve("/bin/a", ["a", "secret", "create", "${id}"], 0x0) = 0 <0.1>`],
      {
        redact: true,
      },
    );
    expect(log.argv(log.rows('exec')[0] ?? -1)).toEqual(['a', '…', 'create', id]);
    const host = decode(['10 1 sethostname("secret", 6) = 0 <0.1>'], { redact: true });
    expect(host.calls('sethostname')[0]?.texts).toEqual({ 0: '…' });
  });

  test('arguments that strace cut are known to be cut', () => {
    const log = decode(['10 1 execve("/bin/a", ["a", "bc"...], 0x0) = 0 <0.1>']);
    const exec = log.rows('exec')[0] ?? -1;
    expect(log.argv(exec)).toEqual(['a', 'bc']);
    expect(log.table.value(exec, 'argument_bytes')).toBe(6);
  });

  test('one that cannot be executed is no exec', () => {
    const log = decode(['10 1 execve("/bin/a", ["a"], 0x0) = -1 ENOENT (…) <0.1>']);
    expect([log.table.count('exec'), log.table.count('rename')]).toEqual([0, 0]);
  });
});

describe('cgroups', () => {
  const moves = (lines: string[]): unknown[] => {
    const log = decode(lines);
    return log
      .rows('cgroup_attach')
      .map((row) => [
        log.text(row, 'paths'),
        log.table.value(row, 'hierarchy_ids'),
        log.table.value(row, 'target_pids'),
        log.table.value(row, 'target_tids'),
      ]);
  };

  test('are entered by a write', () => {
    expect(
      moves([
        String.raw`10 1 write(9</sys/fs/cgroup/memory/docker/x/cgroup.procs>, "30\n", 3) = 3 <0.1>`,
        '11 2 write(9</sys/fs/cgroup/unified/docker/x/cgroup.procs>, "0", 1) = 1 <0.1>',
        '11 3 write(9</sys/fs/cgroup/pids/docker/tasks>, "11", 2) = 2 <0.1>',
        '11 4 write(9</sys/fs/cgroup/pids/docker/pids.max>, "12", 2) = 2 <0.1>',
        '11 5 write(9</sys/fs/cgroup/pids/docker/cgroup.procs>, "12", 2) = -1 ESRCH (…) <0.1>',
        '11 6 write(9</tmp/cgroup.procs>, "12", 2) = 2 <0.1>',
        // Of another pid namespace: nobody knows whose id it is.
        '20 7 write(9</sys/fs/cgroup/pids/x/cgroup.procs>, "12", 2) = 2 <0.1>',
      ]),
    ).toEqual([
      ['/docker/x', 5, 30, 30],
      ['/docker/x', 0, 10, 10],
      ['/docker', 8, 10, 11],
    ]);
  });

  test('are entered at birth', () => {
    expect(
      moves([
        '10 1 clone3({flags=CLONE_VFORK|CLONE_INTO_CGROUP, exit_signal=17, cgroup=5</sys/fs/cgroup/unified/x>}, 88) = 30 <0.1>',
      ]),
    ).toEqual([['/x', 0, 30, 30]]);
  });

  test('are folders', () => {
    const log = decode([
      '10 1 mkdir("/sys/fs/cgroup/cpu/a", 0755) = 0 <0.1>',
      '10 2 mkdirat(3</sys/fs/cgroup/unified>, "b/c", 0755) = 0 <0.1>',
      '10 3 mkdirat(-100</x>, "/sys/fs/cgroup/cpu/a", 0755) = -1 EEXIST (…) <0.1>',
      '10 4 mkdirat(-100</x>, "d", 0755) = 0 <0.1>',
    ]);
    expect(log.rows('cgroup_mkdir').map((row) => log.text(row, 'paths'))).toEqual(['/a', '/b/c']);
  });

  test('of writes, only those to cgroups have arguments', () => {
    const log = decode([
      '10 1 write(9</tmp/x>, "a", 1) = 1 <0.1>',
      '10 2 write(9</sys/fs/cgroup/cpu/cpu.shares>, "2", 1) = 1 <0.1>',
    ]);
    expect(log.calls('write').map((call) => [call.arguments, call.texts])).toEqual([
      [[], {}],
      [[9, 0, 1, 0, 0, 0], { [FILE_OF_ARGUMENT]: '/sys/fs/cgroup/cpu/cpu.shares' }],
    ]);
  });
});

describe('what is not whole', () => {
  test('a call that strace came into the middle of has its end and its length', () => {
    const log = decode(['10 9 <... futex resumed>) = 0 <0.008>']);
    expect(log.calls('futex')).toMatchObject([{ start: 1e6, durationNs: 8e6, unfinished: false }]);
  });

  test('a call that has not returned is unfinished, with its arguments', () => {
    const log = decode(['10 1 mount("a", "/b",  <unfinished ...>']);
    expect(log.calls('mount')).toMatchObject([
      { start: 1e6, durationNs: 0, unfinished: true, texts: { 0: 'a', 1: '/b' } },
    ]);
  });

  test('two beginnings, a wrong end, an end of nothing: each is said', () => {
    const log = decode([
      '10 1 pause( <unfinished ...>',
      '10 2 pause( <unfinished ...>',
      '10 3 <... poll resumed>) = 0 <0.1>',
      '10 4 <... poll resumed>) = 0',
      '10 5 getpid(} = 0',
    ]);
    expect(log.calls('pause')).toMatchObject([{ start: 1e6, unfinished: true }]);
    expect(log.table.count('malformed')).toBe(3);
  });

  test('a call in three pieces', () => {
    const log = decode([
      '10 1 read(3</x>,  <unfinished ...>',
      '10 2 <... read resumed>"a",  <unfinished ...>',
      '10 3 <... read resumed>1) = 1 <0.002>',
    ]);
    expect(log.calls('read')).toMatchObject([{ start: 1e6, durationNs: 2e6, result: 1 }]);
  });

  test('beginnings without end do not fill the memory', () => {
    const text = 'x'.repeat(MAX_LINE_BYTES);
    const lines = Array.from(
      { length: 40 },
      (_, tid) => `${tid + 100} 1 open("${text} <unfinished ...>`,
    );
    const log = decode(lines);
    expect(log.table.count('malformed')).toBeGreaterThan(5);
    expect(log.table.count('malformed') + log.table.count('syscall')).toBe(40);
  });

  test('lines of threads without a parent are held, not for ever', () => {
    const lines = ['10 1 vfork( <unfinished ...>'];
    for (let i = 0; i < 20_010; i++) lines.push('30 2 sync() = 0 <0.1>');
    const log = decode(lines);
    expect(log.calls('sync')).toHaveLength(20_010);
    expect(log.calls('sync')[0]?.pid).toBe(30);
  });

  test('a syscall without a name is called as by other sources', () => {
    const log = decode([
      '10 1 syscall_0x3e8(0, 0) = -1 ENOSYS (…) <0.1>',
      '10 1 syscall_0xa6() = 0 <0.1>',
    ]);
    expect(log.calls('syscall_1000')).toMatchObject([{ result: -38 }]);
    expect(log.calls('umount2')).toHaveLength(1);
  });
});
