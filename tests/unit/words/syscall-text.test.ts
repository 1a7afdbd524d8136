import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import { RECORDED_ARGUMENTS } from '../../../src/model/syscalls/syscalls.js';
import { errorName } from '../../../src/words/errno.js';
import { syscallText } from '../../../src/words/syscall-text.js';
import { lacks } from '../../support/requirements.js';

const call = (name: string, values: number[], texts: [number, string][] = []): string =>
  syscallText(name, values, new Map(texts));

describe('a syscall as text', () => {
  it.each([
    ['unshare', [0x6c020000], [], 'unshare(NEWNS|NEWUTS|NEWIPC|NEWPID|NEWNET)'],
    ['clone3', [0x200000000 + 0x100 + 0x4000], [], 'clone3(VM|VFORK|INTO_CGROUP)'],
    ['setns', [9, 0x40000000], [[8, '/run/netns/x']], 'setns(9</run/netns/x>, NEWNET)'],
    [
      'mount',
      [1, 2, 3, 0],
      [
        [0, 'proc'],
        [1, '/proc'],
        [2, 'proc'],
      ],
      'mount("proc", "/proc", "proc", 0)',
    ],
    ['umount2', [1, 2], [[0, '.']], 'umount2(".", DETACH)'],
    ['openat', [4294967196, 1, 0x41], [[1, '/a']], 'openat(AT_FDCWD, "/a", WRONLY|CREAT)'],
    ['openat', [-100, 1, 0], [[1, '/a']], 'openat(AT_FDCWD, "/a", RDONLY)'],
    [
      'write',
      [7, 1, 4],
      [[8, '/sys/fs/cgroup/cgroup.procs']],
      'write(7</sys/fs/cgroup/cgroup.procs>, …, 4)',
    ],
    ['prctl', [38, 1], [], 'prctl(SET_NO_NEW_PRIVS, 0x1)'],
    ['chmod', [1, 0o755], [[0, '/a']], 'chmod("/a", 0755)'],
    ['mkdir', [0x7ffe0000, 0], [], 'mkdir(0x7ffe0000, 0)'],
    ['futex', [], [], 'futex()'],
    ['mystery', [1, 2], [[0, 'text']], 'mystery("text")'],
    ['sethostname', [1], [[0, 'a\x1b[0m']], 'sethostname("a\\x1b[0m")'],
  ] as [string, number[], [number, string][], string][])('%s %j', (name, values, texts, text) =>
    expect(call(name, values, texts)).toBe(text));

  it('has a signature for every call whose texts are recorded', () => {
    const six = [1, 2, 3, 4, 5, 6];
    for (const [name, { texts = [], descriptor }] of Object.entries(RECORDED_ARGUMENTS)) {
      const marks = texts.map((index): [number, string] => [index, `text ${index}`]);
      if (descriptor !== undefined) marks.push([8 + descriptor, 'behind']);
      const text = call(name, six, marks);
      for (const [, mark] of marks) expect(text, name).toContain(mark);
    }
  });
});

describe('error names', () => {
  it.skipIf(lacks('linux'))('are those of this system', () => {
    const aliases = new Set(['EWOULDBLOCK', 'ENOTSUP']);
    for (const [name, number] of Object.entries(constants.errno)) {
      if (!aliases.has(name)) expect(errorName(-number)).toBe(name);
    }
  });

  it.each([
    [0, undefined],
    [3, undefined],
    [-5000, undefined],
    [-512, 'ERESTARTSYS'],
    [-1000, 'errno 1000'],
  ])('%d', (result, name) => expect(errorName(result)).toBe(name));
});
