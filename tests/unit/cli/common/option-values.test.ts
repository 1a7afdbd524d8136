import { describe, expect, it } from 'vitest';
import {
  numberBetween,
  parseMemory,
  parseUntil,
} from '../../../../src/cli/common/option-values.js';

describe('--until', () => {
  it.each(['started', 'exit', 'removed'])('%s', (word) => expect(parseUntil(word)).toBe(word));
  it('seconds', () => expect(parseUntil('1.5')).toBe(1.5));
  it.each(['', 'never', '-1', '86401', '1e3', 'Infinity'])('%j is refused', (text) => {
    expect(() => parseUntil(text)).toThrow(`invalid value '${text}' for --until`);
  });
});

describe('--memory', () => {
  it.each([
    ['1048576', 1_048_576],
    ['64m', 67_108_864],
    ['64MB', 67_108_864],
    ['1.5g', 1_610_612_736],
    ['6k', 6144],
    ['10b', 10],
  ])('%s', (text, bytes) => expect(parseMemory(text)).toBe(bytes));
  it.each(['', 'm', '-1', '0', '1t', '64 m', '0x10', '9'.repeat(30)])('%j is refused', (text) => {
    expect(() => parseMemory(text)).toThrow(/^invalid value '.*' for --memory$/);
  });
});

describe('a number in a range', () => {
  const parse = numberBetween('--n', -1, 10);
  it('takes its ends', () => expect([parse('-1'), parse('10')]).toEqual([-1, 10]));
  it.each(['11', '-2', '1.5', '', ' 1', '1x', 'NaN', '0x1'])('refuses %j', (text) => {
    expect(() => parse(text)).toThrow(`invalid value '${text}' for --n`);
  });
  it('may have decimals', () => expect(numberBetween('--n', 0, 1, 'decimal')('0.25')).toBe(0.25));
});
