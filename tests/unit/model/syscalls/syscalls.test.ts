/** The table of syscalls, against the kernel's. */
import { expect, test } from 'vitest';
import { syscallNames } from '../../../../src/model/syscalls/syscall-names.js';
import { RECORDED_ARGUMENTS, SYSCALLS } from '../../../../src/model/syscalls/syscalls.js';

const machines = ['x86_64', 'aarch64'];
const known = new Set(machines.flatMap((machine) => syscallNames(machine)));

/** What overlayfs copies a lower file up for, besides opening it: a new name, owner, mode, time, attribute or size. */
const CHANGES =
  /^(link|linkat|rename|renameat2?|truncate|[fl]?chmod(at2?)?|[fl]?chown(at)?|utimes?|futimesat|utimensat|[fl]?(set|remove)xattr(at)?)$/;

test('names are those of syscalls', () => {
  expect(Object.keys(SYSCALLS).filter((name) => !known.has(name))).toEqual([]);
});

test('whatever changes a file may copy it up', () => {
  const changes = [...known].filter((name) => name !== undefined && CHANGES.test(name));
  expect(changes.length).toBeGreaterThan(20);
  expect(changes.filter((name) => RECORDED_ARGUMENTS[name ?? '']?.mayCopyUp !== true)).toEqual([]);
});
