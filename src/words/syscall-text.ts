/** A syscall's arguments as strace writes them, for the calls whose arguments are recorded. */

import { escapeText } from '../base/escape.js';
import type { Foreign } from '../base/foreign.js';
import { own } from '../base/own.js';
import { FILE_OF_ARGUMENT } from '../model/recording/event-kinds.js';
import { SYSCALLS } from '../model/syscalls/syscalls.js';

type Flags = readonly (readonly [bit: number, name: string])[];

/** linux/sched.h */
const CLONE: Flags = [
  [0x100, 'VM'],
  [0x4000, 'VFORK'],
  [0x8000, 'PARENT'],
  [0x10000, 'THREAD'],
  [0x20000, 'NEWNS'],
  [0x2000000, 'NEWCGROUP'],
  [0x4000000, 'NEWUTS'],
  [0x8000000, 'NEWIPC'],
  [0x10000000, 'NEWUSER'],
  [0x20000000, 'NEWPID'],
  [0x40000000, 'NEWNET'],
  [0x200000000, 'INTO_CGROUP'],
];

/** linux/mount.h */
const MOUNT: Flags = [
  [0x1, 'RDONLY'],
  [0x2, 'NOSUID'],
  [0x4, 'NODEV'],
  [0x8, 'NOEXEC'],
  [0x20, 'REMOUNT'],
  [0x1000, 'BIND'],
  [0x2000, 'MOVE'],
  [0x4000, 'REC'],
  [0x20000, 'UNBINDABLE'],
  [0x40000, 'PRIVATE'],
  [0x80000, 'SLAVE'],
  [0x100000, 'SHARED'],
  [0x200000, 'RELATIME'],
];
const UMOUNT: Flags = [
  [0x1, 'FORCE'],
  [0x2, 'DETACH'],
  [0x4, 'EXPIRE'],
  [0x8, 'NOFOLLOW'],
];
/** asm-generic/fcntl.h; O_RDONLY is 0. */
const OPEN: Flags = [
  [0x1, 'WRONLY'],
  [0x2, 'RDWR'],
  [0x40, 'CREAT'],
  [0x80, 'EXCL'],
  [0x200, 'TRUNC'],
  [0x400, 'APPEND'],
  [0x800, 'NONBLOCK'],
  [0x10000, 'DIRECTORY'],
  [0x20000, 'NOFOLLOW'],
  [0x80000, 'CLOEXEC'],
  [0x200000, 'PATH'],
];

const PRCTL: Readonly<Record<number, string>> = {
  1: 'SET_PDEATHSIG',
  4: 'SET_DUMPABLE',
  8: 'SET_KEEPCAPS',
  15: 'SET_NAME',
  22: 'SET_SECCOMP',
  23: 'CAPBSET_READ',
  24: 'CAPBSET_DROP',
  36: 'SET_CHILD_SUBREAPER',
  38: 'SET_NO_NEW_PRIVS',
  39: 'GET_NO_NEW_PRIVS',
  47: 'CAP_AMBIENT',
};

const AT_FDCWD = -100;

/**
 * "mount("overlay", "/merged", "overlay", NODEV)"; "name()" where no argument was recorded.
 * @param texts by position: an argument's text, or at FILE_OF_ARGUMENT + n the path behind descriptor n
 */
export function syscallText(
  name: Foreign,
  values: readonly number[],
  texts: ReadonlyMap<number, Foreign>,
): string {
  const known = own(SYSCALLS, name)?.shown;
  // Of a call without a signature, the texts alone mean something.
  const parts =
    values.length === 0 || known === undefined
      ? [...texts.values()].map(quote)
      : [...known].map((letter, index) => argument(letter, values[index] ?? 0, index, texts));
  return `${escapeText(name)}(${parts.join(', ')})`;
}

function argument(
  letter: string,
  value: number,
  index: number,
  texts: ReadonlyMap<number, Foreign>,
): string {
  switch (letter) {
    case 's': {
      const text = texts.get(index);
      return text === undefined ? hex(value) : quote(text);
    }
    case 'a':
      // The upper half of the register is undefined for an int.
      return (value | 0) === AT_FDCWD ? 'AT_FDCWD' : descriptor(value, index, texts);
    case 'f':
      return descriptor(value, index, texts);
    case 'd':
      return String(value);
    case 'o':
      return value === 0 ? '0' : `0${value.toString(8)}`;
    case 'C':
      return flagText(value, CLONE);
    case 'M':
      return flagText(value, MOUNT);
    case 'U':
      return flagText(value, UMOUNT);
    case 'O':
      return flagText(value, OPEN) === '0' ? 'RDONLY' : flagText(value, OPEN);
    case 'P':
      return PRCTL[value] ?? String(value);
    case '_':
      return '…';
    default:
      return hex(value);
  }
}

function descriptor(value: number, index: number, texts: ReadonlyMap<number, Foreign>): string {
  const path = texts.get(FILE_OF_ARGUMENT + index);
  const number = String(value | 0);
  return path === undefined ? number : `${number}<${escapeText(path)}>`;
}

const quote = (text: Foreign): string => `"${escapeText(text)}"`;
const hex = (value: number): string => (value === 0 ? '0' : `0x${unsigned(value).toString(16)}`);
const unsigned = (value: number): number => (value < 0 ? value + 2 ** 64 : value);

/** Bits without a name are left out: the JSON holds the number. */
function flagText(value: number, flags: Flags): string {
  const bits = unsigned(value);
  const names = flags.filter(([bit]) => Math.floor(bits / bit) % 2 === 1).map(([, name]) => name);
  return names.length === 0 ? '0' : names.join('|');
}
