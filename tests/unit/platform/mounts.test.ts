import { expect, test } from 'vitest';
import { cgroupMounts, mountsBelow, readMounts } from '../../../src/platform/mounts.js';

const MOUNT_INFO = `22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 22 0:26 / /sys/fs/cgroup/cpu rw shared:9 master:1 - cgroup cgroup rw,cpu
31 22 0:27 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
40 22 254:0 /a /data/engine rw - ext4 /dev/vda rw
41 40 0:40 / /data/engine/overlay2/x\\040y/merged rw - overlay overlay rw,lowerdir=/a-b
42 41 0:41 / /data/engine/overlay2/x\\040y/merged/dev rw - tmpfs tmpfs rw
43 22 0:42 / /data/engine-b/overlay2 rw - overlay overlay rw
a line that is none
`;

test('reads targets and types, optional fields or none, blanks in paths', () => {
  const mounts = readMounts(MOUNT_INFO);
  expect(mounts).toHaveLength(7);
  expect(mounts[1]).toEqual({ target: '/sys/fs/cgroup/cpu', type: 'cgroup' });
  expect(mounts[4]).toEqual({ target: '/data/engine/overlay2/x y/merged', type: 'overlay' });
});

test('lists what is strictly below a folder, innermost first, and no namesake', () => {
  expect(mountsBelow('/data/engine', readMounts(MOUNT_INFO))).toEqual([
    '/data/engine/overlay2/x y/merged/dev',
    '/data/engine/overlay2/x y/merged',
  ]);
});

test('finds hierarchies of both cgroup versions', () => {
  expect(cgroupMounts(readMounts(MOUNT_INFO)).map((mount) => mount.target)).toEqual([
    '/sys/fs/cgroup/cpu',
    '/sys/fs/cgroup/unified',
  ]);
});
