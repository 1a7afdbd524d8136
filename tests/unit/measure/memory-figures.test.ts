import { describe, expect, test } from 'vitest';
import { memoryV1, memoryV2 } from '../../../src/container/cgroup/cgroup-memory.js';
import { processMemory, sumOfMemory } from '../../../src/container/process/process-memory.js';

const ROLLUP = `00400000-7ffe3d1f1000 ---p 00000000 00:00 0                          [rollup]
Rss:                1372 kB
Pss:                 183 kB
Pss_Dirty:            52 kB
Pss_Anon:             52 kB
Shared_Clean:       1316 kB
Shared_Dirty:          4 kB
Private_Clean:         8 kB
Private_Dirty:        44 kB
Referenced:         1372 kB
SwapPss:               0 kB
`;
const kilobytes = (rss: number, pss: number) => ({
  rss: rss * 1024,
  pss: pss * 1024,
  sharedClean: 1316 * 1024,
  private: 52 * 1024,
});

describe('processes', () => {
  test("the kernel's sums, in bytes", () => {
    expect(processMemory(ROLLUP)).toEqual(kilobytes(1372, 183));
  });

  test('all mappings of a smaps are summed', () => {
    const smaps = ['Rss: 4 kB\nPss: 1 kB', 'VmFlags: rd mr', 'Rss: 8 kB\nPss: 8 kB'].join('\n');
    expect(processMemory(smaps)).toMatchObject({ rss: 12 * 1024, pss: 9 * 1024, private: 0 });
    expect(processMemory('')).toEqual({ rss: 0, pss: 0, sharedClean: 0, private: 0 });
  });

  test('containers are summed', () => {
    expect(sumOfMemory([processMemory(ROLLUP), processMemory(ROLLUP)])).toMatchObject({
      rss: 2 * 1372 * 1024,
      private: 2 * 52 * 1024,
    });
  });
});

describe('cgroups', () => {
  const files = (all: Record<string, string>) => (name: string) => {
    const text = all[name];
    if (text === undefined) throw new Error(`ENOENT ${name}`);
    return text;
  };

  test('version 1', () => {
    const read = memoryV1(
      files({
        'memory.stat': 'cache 8003584\nrss 53248\nrss_huge 0\nmapped_file 4096\ntotal_cache 9\n',
        'memory.usage_in_bytes': '331776\n',
        'memory.limit_in_bytes': '9223372036854771712\n',
        'memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 1\n',
      }),
    );
    expect(read).toMatchObject({
      usage: 331_776,
      cache: 8_003_584,
      anonymous: 53_248,
      limit: Number.POSITIVE_INFINITY,
      oomKills: 1,
    });
    expect(read.lines).toContain('memory.stat cache 8003584');
    expect(read.lines).toContain('memory.oom_control oom_kill 1');
  });

  test('version 2', () => {
    const text = {
      'memory.stat': 'anon 53248\nfile 8003584\nkernel 1\nfile_mapped 4096\n',
      'memory.current': '9000000\n',
      'memory.max': '33554432\n',
      'memory.events': 'low 0\nhigh 0\nmax 41\noom 1\noom_kill 1\noom_group_kill 0\n',
    };
    expect(memoryV2(files(text))).toMatchObject({
      usage: 9_000_000,
      cache: 8_003_584,
      anonymous: 53_248,
      limit: 33_554_432,
      oomKills: 1,
    });
    const unlimited = memoryV2(files({ ...text, 'memory.max': 'max\n' }));
    expect(unlimited.limit).toBe(Number.POSITIVE_INFINITY);
  });

  test('a kernel that does not count kills', () => {
    const read = memoryV1(
      files({
        'memory.stat': 'cache 0\nrss 0\n',
        'memory.usage_in_bytes': '0\n',
        'memory.limit_in_bytes': '33554432\n',
        'memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\n',
      }),
    );
    expect(read.oomKills).toBeUndefined();
    expect(read.limit).toBe(32 << 20);
  });
});
