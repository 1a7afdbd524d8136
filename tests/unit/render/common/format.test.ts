import { describe, expect, it } from 'vitest';
import {
  formatBytes,
  formatCount,
  formatDate,
  formatDuration,
  formatMs,
  formatPercent,
  plural,
} from '../../../../src/render/common/format.js';

describe('numbers', () => {
  it.each([
    [0, '0'],
    [999, '999'],
    [1000, '1,000'],
    [264_113_201, '264,113,201'],
    [-1234, '-1,234'],
  ])('count %d', (count, text) => expect(formatCount(count)).toBe(text));

  it.each([
    [0, '0.000'],
    [264_113_201, '264.113'],
    [1_264_113_201, '1,264.113'],
    [-2_500_000, '-2.500'],
    [-1, '0.000'],
  ])('%d ns in ms', (ns, text) => expect(formatMs(ns)).toBe(text));

  it('ms without decimals', () => expect(formatMs(1_999_600_000, 0)).toBe('2,000'));

  it.each([
    [0, '0 ns'],
    [850, '850 ns'],
    [999.7, '1.00 µs'],
    [12_345, '12.3 µs'],
    [9_994_000, '9.99 ms'],
    [264_113_201, '264 ms'],
    [999_600_000, '1.00 s'],
    [1_264_113_201, '1.26 s'],
    [3_600e9, '3,600 s'],
  ])('duration of %d ns', (ns, text) => expect(formatDuration(ns)).toBe(text));

  it.each([
    [0, '0.0 %'],
    [0.00001, '<0.1 %'],
    [0.5732, '57.3 %'],
    [1, '100.0 %'],
  ])('share %d', (share, text) => expect(formatPercent(share)).toBe(text));

  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [441_988, '432 KiB'],
    [1_048_575, '1.0 MiB'],
    [25_276_510_208, '23.5 GiB'],
  ])('%d bytes', (bytes, text) => expect(formatBytes(bytes)).toBe(text));

  it('plurals', () => {
    expect(plural(1, 'probe')).toBe('1 probe');
    expect(plural(1200, 'probe')).toBe('1,200 probes');
  });
});

describe('dates', () => {
  it('in UTC', () =>
    expect(formatDate(1_700_000_000_123_456_789n)).toBe('2023-11-14 22:13:20 UTC'));
  it('that no calendar has are nothing', () => expect(formatDate(2n ** 63n * 1000n)).toBe(''));
});
