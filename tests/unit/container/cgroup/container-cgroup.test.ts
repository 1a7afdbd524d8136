import { describe, expect, test } from 'vitest';
import {
  cgroupFolder,
  cgroupHierarchies,
} from '../../../../src/container/cgroup/container-cgroup.js';

const V1 = `32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
45 27 254:0 / / rw - ext4 /dev/vda rw`;
const V2 = '41 31 0:38 / /sys/fs/cgroup rw,relatime - cgroup2 cgroup2 rw,nsdelegate';

describe('a container’s cgroup', () => {
  test('is found by its controller where the hierarchy is mounted with others', () => {
    const membership = '5:cpu,cpuacct:/docker/ab\n4:memory:/else/ab\n0::/\n';
    const hierarchies = cgroupHierarchies(V1);
    expect(cgroupFolder('cpuacct', membership, hierarchies)).toEqual({
      path: '/sys/fs/cgroup/cpu,cpuacct/docker/ab',
      version: 1,
    });
    expect(cgroupFolder('memory', membership, hierarchies)).toEqual({
      path: '/sys/fs/cgroup/memory/else/ab',
      version: 1,
    });
  });

  test('is the one of version 2 where no hierarchy of version 1 has the controller', () => {
    const hierarchies = cgroupHierarchies(V2);
    expect(cgroupFolder('cpu', '0::/system.slice/docker-ab.scope\n', hierarchies)).toEqual({
      path: '/sys/fs/cgroup/system.slice/docker-ab.scope',
      version: 2,
    });
  });

  test('is that of version 2 where no controller is named', () => {
    for (const [mounts, path] of [
      [V1, '/sys/fs/cgroup/unified/docker/ab'],
      [V2, '/sys/fs/cgroup/docker/ab'],
    ] as const) {
      expect(cgroupFolder('', '0::/docker/ab', cgroupHierarchies(mounts))).toEqual({
        path,
        version: 2,
      });
    }
  });

  test('is nowhere where its hierarchy is not mounted', () => {
    expect(cgroupFolder('pids', '3:pids:/docker/ab\n0::/x\n', cgroupHierarchies(V1))).toBe(
      undefined,
    );
    expect(cgroupFolder('cpu', '', cgroupHierarchies(V2))).toBe(undefined);
  });
});
