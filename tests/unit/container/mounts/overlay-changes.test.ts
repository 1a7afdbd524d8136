import { expect, test } from 'vitest';
import {
  CHANGED_FOLDER,
  CHANGES,
  compareChanges,
  compareListed,
  FILE_BYTES,
  type LayerFault,
} from '../../../../src/container/mounts/overlay-changes.js';
import { type UpperEntry, upperEntry } from '../../../../src/container/mounts/upper-entries.js';

type Header = Parameters<typeof upperEntry>[0];
const entry = (name: string, rest: Partial<Header>): UpperEntry =>
  upperEntry({ name: `.${CHANGED_FOLDER}/${name}`, ...rest } as Header);
const file = (name: string, size: number) => entry(name, { type: 'file', size });
const whiteout = (name: string) =>
  entry(name, { type: 'character-device', devmajor: 0, devminor: 0 });
const opaque = { 'SCHILY.xattr.trusted.overlay.opaque': 'y' };

/** What Linux leaves there. */
const right = (): UpperEntry[] => [
  entry('', { type: 'directory' }),
  file('changed', FILE_BYTES + 1),
  file('chmodded', FILE_BYTES),
  whiteout('renamed'),
  file('renamed-now', FILE_BYTES),
  whiteout('deleted'),
  whiteout('gone'),
  entry('remade/', { type: 'directory', pax: opaque }),
  file('remade/new', 0),
  entry('kept/', { type: 'directory' }),
  file('kept/new', 1000),
];

const faultsOf = (upper: readonly UpperEntry[]): LayerFault[] =>
  compareChanges(upper).flatMap(({ faults }) => faults);
const at = (name: string): string => `${CHANGED_FOLDER}/${name}`;
const without = (name: string): UpperEntry[] =>
  right().filter(({ path }) => path !== `${CHANGED_FOLDER}/${name}`);

test('every change is as overlayfs makes it', () => {
  expect(faultsOf(right())).toEqual([]);
  const bytes = compareChanges(right()).map((seen) => [seen.change.script, seen.bytes]);
  expect(Object.fromEntries(bytes)).toMatchObject({
    'cat read >/dev/null': 0,
    'printf x >>changed': FILE_BYTES + 1,
    'rm deleted': 0,
    'head -c 1000 /dev/zero >kept/new': 1000,
  });
  expect(bytes).toHaveLength(CHANGES.length);
});

test('a whiteout of another device, a missing one and a half copy are wrong', () => {
  const other = entry('deleted', { type: 'character-device', devmajor: 1, devminor: 3 });
  expect(faultsOf([...without('deleted'), other])).toEqual([
    { kind: 'other kind', path: at('deleted'), found: 'other', expected: 'whiteout' },
  ]);
  expect(faultsOf(without('gone'))).toEqual([
    { kind: 'other kind', path: at('gone'), found: 'nothing', expected: 'whiteout' },
  ]);
  expect(faultsOf([...without('changed'), file('changed', 1)])).toEqual([
    { kind: 'other size', path: at('changed'), foundBytes: 1, expectedBytes: FILE_BYTES + 1 },
  ]);
});

test('a directory made again must be opaque', () => {
  const plain = entry('remade/', { type: 'directory' });
  expect(faultsOf([...without('remade'), plain])).toEqual([
    { kind: 'other kind', path: at('remade'), found: 'directory', expected: 'opaque directory' },
  ]);
});

test('what was only read must not be there', () => {
  expect(faultsOf([...right(), file('read', FILE_BYTES)])).toEqual([
    { kind: 'other kind', path: at('read'), found: 'file', expected: 'nothing' },
  ]);
});

test('a copy of only metadata takes no bytes', () => {
  const pax = { 'SCHILY.xattr.trusted.overlay.metacopy': '' };
  const upper = [
    ...without('chmodded'),
    entry('chmodded', { type: 'file', size: FILE_BYTES, pax }),
  ];
  const seen = compareChanges(upper).find(({ change }) => change.script.startsWith('chmod'));
  expect(seen).toMatchObject({ faults: [], bytes: 0 });
});

test('an entry is shown as it lies on the disk, with the attributes that say something', () => {
  expect(whiteout('deleted').line).toBe(`c 0,0 ${CHANGED_FOLDER}/deleted`);
  const pax = { ...opaque, 'SCHILY.xattr.trusted.overlay.origin': '\0\xfb', mtime: '1' };
  expect(entry('remade/', { type: 'directory', pax }).line).toBe(
    `d trusted.overlay.opaque="y" ${CHANGED_FOLDER}/remade`,
  );
  const user = { 'SCHILY.xattr.user.overlay.opaque': 'y' };
  expect(entry('x', { type: 'directory', pax: user }).kind).toBe('opaque directory');
});

test("the engine's list must tell changed, added and deleted", () => {
  const list = [
    ['changed', 0],
    ['chmodded', 0],
    ['renamed', 2],
    ['renamed-now', 1],
    ['deleted', 2],
    ['gone', 2],
    ['remade', 0],
    ['kept', 0],
    ['kept/new', 1],
  ].map(([name, Kind]) => ({ Path: `${CHANGED_FOLDER}/${name}`, Kind: Kind as number }));
  expect(compareListed(list)).toEqual([]);
  expect(compareListed([...list.slice(1), { Path: `${CHANGED_FOLDER}/read`, Kind: 0 }])).toEqual([
    { kind: 'listed otherwise', path: at('read'), found: 0, expected: undefined },
    { kind: 'listed otherwise', path: at('changed'), found: undefined, expected: 0 },
  ]);
});
