/** Counting in the kernel: whose cgroup it is, and what is said of the counts. */
import { describe, expect, test } from 'vitest';
import { resultOf } from '../../../../src/checks/contract/check.js';
import { judgeEbpf } from '../../../../src/checks/ebpf/judge.js';
import { ebpfText } from '../../../../src/checks/ebpf/text.js';
import { cgroupKey, ownMemberships } from '../../../../src/container/cgroup/cgroup-keys.js';
import { countsBetween, largest, sumOf } from '../../../../src/measure/call-counts.js';

const ID = 'a1'.repeat(32);

test('a cgroup is known by its inode and its hierarchy, as the program computes it', () => {
  expect(cgroupKey(0x1234n, 0)).toBe(0x1234n);
  expect(cgroupKey(0x1234n, 3)).toBe(0x0300000000001234n);
  expect(cgroupKey(0x1234n, 300)).toBe(0x2c00000000001234n);
});

test('only the cgroups that are named after the container are its own', () => {
  const text = `9:name=systemd:/system.slice/docker-${ID}.scope\n3:cpuset:/docker/${ID}\n2:pids:/\n0::/system.slice/docker.service\n`;
  expect(ownMemberships(text, ID)).toEqual([
    `9:name=systemd:/system.slice/docker-${ID}.scope`,
    `3:cpuset:/docker/${ID}`,
  ]);
});

test('counts between two readings, most first', () => {
  const counts = countsBetween(
    new Map([['read', 5]]),
    new Map([
      ['read', 12],
      ['write', 9],
      ['brk', 9],
    ]),
  );
  expect(largest(counts, 2)).toEqual([
    ['brk', 9],
    ['write', 9],
  ]);
  expect(sumOf(counts)).toBe(25);
  expect(countsBetween(counts, counts).size).toBe(0);
});

describe('the verdict', () => {
  const result = (counted: number, more: { missed?: number; counting?: number } = {}) =>
    resultOf(
      { judge: judgeEbpf, text: ebpfText },
      {
        known: [{ container: 'busy', call: 'read', made: 3000, counted }],
        mixed: new Map([
          ['openat', 30],
          ['read', 70],
        ]),
        mixedSeconds: 0.5,
        missed: more.missed ?? 0,
        rounds: [20, 22, 90].map((without) => ({
          without,
          counting: without + (more.counting ?? 40),
        })),
        cgroups: ['0::/docker/a1', '0::/docker/a2'],
      },
    );
  const figure = (name: string, counting?: number) =>
    result(3000, counting === undefined ? {} : { counting }).figures.find(
      (each) => each.name === name,
    )?.value;

  test('exact counts pass; the cost is that of the middle round', () => {
    expect(result(3000).verdict).toBe('pass');
    expect(figure('rate')).toBe(200);
    // 40 ms more for 400,000 calls.
    expect(figure('more per call')).toBeCloseTo(100);
  });

  test.each([2999, 3001, 0])('%i of 3000 calls fails', (counted) => {
    expect(result(counted)).toMatchObject({
      verdict: 'fail',
      reason: expect.stringContaining('of 3000'),
    });
  });

  test('calls that were passed over, or dear counting, warn', () => {
    expect(result(3000, { missed: 2 })).toMatchObject({
      verdict: 'warn',
      reason: expect.stringContaining('the kernel skipped 2 calls'),
    });
    expect(result(3000, { counting: 500 })).toMatchObject({
      verdict: 'warn',
      reason: expect.stringContaining('1250 ns per call, more than 1000'),
    });
  });

  test('comes with the cgroups that were counted', () => {
    expect(result(3000).evidence.slice(1)).toEqual([
      'busy container: 0::/docker/a1',
      'quiet container: 0::/docker/a2',
    ]);
  });
});
