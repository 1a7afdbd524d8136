import { expect, test } from 'vitest';
import { rootMount } from '../../../../src/container/mounts/overlay-mount.js';

const PLAIN =
  '107 55 0:42 / / rw,relatime master:4 - overlay overlay rw,lowerdir=/d/l/B:/d/l/A,upperdir=/d/7/diff,workdir=/d/7/work,index=off,nouserxattr';
const lowerOf = (options: string): readonly string[] | undefined =>
  rootMount(`1 0 0:1 / / rw - overlay overlay rw,${options}`)?.overlay?.lower;

test('layers of a root, topmost first, and what else the kernel says of it', () => {
  const text = `22 1 0:2 / /proc rw - proc proc rw\n${PLAIN}\n`;
  expect(rootMount(text)).toEqual({
    type: 'overlay',
    overlay: {
      lower: ['/d/l/B', '/d/l/A'],
      upper: '/d/7/diff',
      work: '/d/7/work',
      options: ['rw', 'index=off', 'nouserxattr'],
      line: PLAIN,
    },
  });
});

test('layers given one by one, data-only ones too', () => {
  expect(lowerOf('lowerdir+=/a:b,lowerdir+=/c,datadir+=/d,upperdir=/u/1/fs')).toEqual([
    '/a:b',
    '/c',
    '/d',
  ]);
  expect(lowerOf('lowerdir=/a::/d,upperdir=/u/1/fs')).toEqual(['/a', '/d']);
});

test('names with colons, commas and blanks', () => {
  // A colon is written with a backslash, which the kernel shows as \134.
  expect(lowerOf('lowerdir=/a\\134:1\\040x:/b\\054c,upperdir=/u/1/fs')).toEqual(['/a:1 x', '/b,c']);
});

test('relative layers lie beside the one of the upper layer', () => {
  expect(lowerOf('lowerdir=l/B:7/fs,upperdir=/data/snapshots/9/fs,workdir=/x')).toEqual([
    '/data/snapshots/l/B',
    '/data/snapshots/7/fs',
  ]);
});

test('a root without an upper layer, one that is no overlay, and none', () => {
  expect(rootMount('1 0 0:1 / / ro - overlay overlay ro,lowerdir=/a:/b')?.overlay).toMatchObject({
    lower: ['/a', '/b'],
    upper: '',
    work: '',
  });
  expect(rootMount('1 0 0:1 / / rw - btrfs /dev/vda rw')).toEqual({
    type: 'btrfs',
    overlay: undefined,
  });
  expect(rootMount('1 0 0:1 / /dev rw - tmpfs tmpfs rw\nno mount\n')).toBeUndefined();
});

test('of two mounts on the root the last one counts', () => {
  expect(rootMount(`1 0 0:1 / / rw - ext4 /dev/vda rw\n${PLAIN}`)?.type).toBe('overlay');
});
