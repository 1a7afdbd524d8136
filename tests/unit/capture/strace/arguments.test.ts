import { describe, expect, test } from 'vitest';
import {
  argumentField,
  argumentList,
  argumentNumber,
  argumentPath,
  argumentText,
  parseCallText,
} from '../../../../src/capture/strace/arguments.js';
import { decodeEscapes, readQuoted } from '../../../../src/capture/strace/strings.js';

const parsed = (text: string): { sources: string[]; result: number | undefined } => {
  const call = parseCallText(text);
  return { sources: call?.arguments.map(({ source }) => source) ?? [], result: call?.result };
};

describe('a call', () => {
  test.each([
    ['', ') = 12', [], 12],
    ['numbers', '3, 0x10, -1, 0600) = 0', ['3', '0x10', '-1', '0600'], 0],
    ['strings', String.raw`"a, \"b)", "c\\") = 0`, [String.raw`"a, \"b)"`, String.raw`"c\\"`], 0],
    ['structures', '{a=1, b=[{c=2}, 3]}, 88) = 0', ['{a=1, b=[{c=2}, 3]}', '88'], 0],
    [
      'expressions',
      '[{WIFEXITED(s) && WEXITSTATUS(s) == 3}], 0, NULL) = 9',
      ['[{WIFEXITED(s) && WEXITSTATUS(s) == 3}]', '0', 'NULL'],
      9,
    ],
    ['paths', '3</a,b)>, 0) = 4</x) = 7> <0.1>', ['3</a,b)>', '0'], 4],
    ['sockets', '3<TCP:[1.2.3.4:1->5.6.7.8:2]>, 0) = 0', ['3<TCP:[1.2.3.4:1->5.6.7.8:2]>', '0'], 0],
    ['devices', '3</dev/null<char 1:3>>, 0) = 0', ['3</dev/null<char 1:3>>', '0'], 0],
    ['comments', '0x7ff /* 12, vars) */, 0) = 0', ['0x7ff /* 12, vars) */', '0'], 0],
    ['shifts', '1<<3, 1<<4|1<<5) = 0', ['1<<3', '1<<4|1<<5'], 0],
    [
      'restarts',
      '<... resuming interrupted poll ...>) = 0',
      ['<... resuming interrupted poll ...>'],
      0,
    ],
    ['pointers', '0) = 0x7f0000000000', ['0'], 0x7f0000000000],
    ['errors', '0) = -1 EEXIST (File exists)', ['0'], -17],
    ['unnamed errors', '0) = -1 (errno 524)', ['0'], -524],
    ['words', '0) = 1 ([{fd=3, revents=POLLIN}])', ['0'], 1],
    ['restarted calls', '0) = ? ERESTARTSYS (To be restarted if SA_RESTART is set)', ['0'], -512],
    ['calls without return', '0) = ?', ['0'], undefined],
  ])('%s: %s', (_what, text, sources, result) => {
    expect(parsed(text)).toEqual({ sources, result });
  });

  test('has the time that it took, and its result in two pid namespaces', () => {
    expect(parseCallText(') = 0 <1.000000002>')?.durationNs).toBe(1_000_000_002);
    expect(parseCallText(') = 0 <0.000031>')?.durationNs).toBe(31_000);
    expect(parseCallText(') = 0')?.durationNs).toBeUndefined();
    const call = parseCallText(") = 2 /* 30454 in strace's PID NS */ <0.1>");
    expect([call?.result, call?.translatedResult]).toEqual([2, 30454]);
  });

  test.each([
    '',
    '"',
    '0',
    '0)',
    '0) =',
    '0) = x',
    '"a) = 0',
    '{0) = 0',
    '{0]) = 0',
    '0]) = 0',
    '3<a) = 0',
    '/* ) = 0',
    ') = 3<x',
  ])('that makes no sense is none: %s', (text) => {
    expect(parseCallText(text)).toBeUndefined();
  });

  test('names of arguments are not part of them', () => {
    const call = parseCallText('child_stack=NULL, flags=0x4100|17) = 5');
    expect(call?.arguments).toEqual([
      { name: 'child_stack', source: 'NULL' },
      { name: 'flags', source: '0x4100|17' },
    ]);
  });
});

describe('an argument', () => {
  test.each([
    ['0x4100|17', 0x4111],
    ['CLONE_VM|CLONE_VFORK|SIGCHLD', 0x4111],
    ['CLONE_NEWNET|CLONE_NEWTIME', 0x40000080],
    ['CLONE_INTO_CGROUP|CLONE_VM', 0x200000100],
    ['O_WRONLY|O_CREAT|O_TRUNC|O_CLOEXEC', 0x80241],
    ['AT_FDCWD</tmp>', -100],
    ['-100</a b>', -100],
    ['3</x>', 3],
    ['0600', 0o600],
    ['1<<3', 8],
    ['2 /* 99 in strace’s PID NS */', 2],
    ['NULL', 0],
    ['"12"', 0],
    ['{a=1}', 0],
    ['O_UNHEARD_OF|O_RDWR', 2],
    ['__proto__', 0],
  ])('%s is the number %d', (source, number) => {
    expect(argumentNumber(source)).toBe(number);
  });

  test('may be a path, a text, a list, a structure', () => {
    expect(argumentPath(String.raw`3</a\74b\76\n>`)).toBe('/a<b>\n');
    expect(argumentPath('3</a (deleted)>')).toBe('/a');
    expect(argumentPath('AT_FDCWD</>')).toBe('/');
    expect(argumentPath('3')).toBeUndefined();
    expect(argumentText('"runc:[0:PARENT]"...')).toEqual({
      text: 'runc:[0:PARENT]',
      cut: true,
      end: 20,
    });
    expect(argumentText('0x12')).toBeUndefined();
    expect(argumentList('["a", "b, c"]')).toEqual({ items: ['a', 'b, c'], cut: false });
    expect(argumentList('["a", "b"..., "c"]').cut).toBe(true);
    expect(argumentList('["a", ...]')).toEqual({ items: ['a'], cut: true });
    expect(argumentList('[]')).toEqual({ items: [], cut: false });
    expect(argumentList('NULL')).toEqual({ items: [], cut: false });
    expect(argumentField('{flags=0x1, cgroup=5</sys/fs/cgroup/x>} => {a=[1]}', 'cgroup')).toBe(
      '5</sys/fs/cgroup/x>',
    );
  });
});

describe('a string', () => {
  test.each([
    [String.raw`\1\0`, '\u0001'],
    [String.raw`\0011`, '\u00011'],
    [String.raw`\303\251`, 'é'],
    [String.raw`\xc3\xa9`, 'é'],
    [String.raw`\377`, '\ufffd'],
    [String.raw`\t\n\v\f\r\"\\`, '\t\n\v\f\r"\\'],
    ['plain', 'plain'],
    ['ends in \\', 'ends in \\'],
  ])('%s', (escaped, text) => {
    expect(decodeEscapes(escaped)).toBe(text);
  });

  test('ends at its quote', () => {
    expect(readQuoted(String.raw`x "a\"" y`, 2)).toEqual({ text: 'a"', cut: false, end: 7 });
    expect(readQuoted('"a', 0)).toBeUndefined();
    expect(readQuoted('"a\\"', 0)).toBeUndefined();
  });
});
