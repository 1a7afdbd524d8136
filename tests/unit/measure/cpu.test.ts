import { describe, expect, test } from 'vitest';
import { busyLoops } from '../../../src/measure/cpu.js';
import { cpuShare, cpusOf, parseCpuStat } from '../../../src/measure/cpu-share.js';

describe('cpu.stat', () => {
  test('of version 1 counts in ns, beside cpuacct.usage', () => {
    const stat =
      'nr_periods 57\nnr_throttled 56\nthrottled_time 4753335859\nnr_bursts 0\nburst_time 0';
    expect(parseCpuStat(stat, '594312589')).toEqual({
      usageNs: 594312589,
      periods: 57,
      throttledPeriods: 56,
      throttledNs: 4753335859,
      lines: [
        'cpuacct.usage 594312589',
        'nr_periods 57',
        'nr_throttled 56',
        'throttled_time 4753335859',
      ],
    });
  });

  test('of version 2 counts in µs', () => {
    const stat =
      'usage_usec 2500000\nuser_usec 2400000\nsystem_usec 100000\nnr_periods 50\nnr_throttled 49\nthrottled_usec 2450000';
    expect(parseCpuStat(stat, undefined)).toMatchObject({
      usageNs: 2.5e9,
      periods: 50,
      throttledPeriods: 49,
      throttledNs: 2.45e9,
    });
  });

  test('without a quota has no periods', () => {
    expect(parseCpuStat('usage_usec 7', undefined)).toMatchObject({ usageNs: 7000, periods: 0 });
  });

  test('gives the share of one CPU between two readings', () => {
    const at = (atMs: number, usageNs: number, periods: number) => ({
      atMs,
      ...{ usageNs, periods, throttledPeriods: periods, throttledNs: 0, lines: [] },
    });
    expect(cpuShare(at(1000, 5e9, 10), at(6000, 12.5e9, 60))).toMatchObject({
      share: 1.5,
      intervalMs: 5000,
      periods: 50,
    });
  });
});

test('lists of CPUs are ranges and numbers', () => {
  expect(cpusOf('0-2,5')).toEqual([0, 1, 2, 5]);
  expect(cpusOf('')).toEqual([]);
  expect(cpusOf('0-999999999')).toHaveLength(8192);
});

test('busy loops are as many as asked for, the shell itself being one', () => {
  const [, , one] = busyLoops(1);
  const [, , three] = busyLoops(3);
  expect(one?.match(/while/g)).toHaveLength(1);
  expect(three?.match(/while/g)).toHaveLength(3);
  expect(three?.match(/&/g)).toHaveLength(2);
});
