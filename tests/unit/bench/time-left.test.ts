import { describe, expect, it } from 'vitest';
import { formatTimeLeft, StepTimes } from '../../../src/bench/time-left.js';
import { HEAD, PLAN } from '../../support/benches.js';

describe('the time left', () => {
  it('is guessed before anything was measured', () => {
    expect(new StepTimes(HEAD.measurements).of(PLAN)).toBe(2 * 1000 + 2 * 4000);
  });

  it('comes from what was measured, for each measurement', () => {
    const times = new StepTimes(HEAD.measurements);
    times.add('startup/warm', 100);
    times.add('startup/warm', 300);
    expect(times.of(PLAN)).toBe(2 * 200 + 2 * 4000);
    expect(times.of([])).toBe(0);
  });

  it.each([
    [0, '0 s'],
    [59_400, '59 s'],
    [59_600, '1 min'],
    [45 * 60_000, '45 min'],
    [3_599_999, '1 h 00 min'],
    [2 * 3_600_000 + 5 * 60_000, '2 h 05 min'],
  ])('of %d ms reads %s', (ms, text) => {
    expect(formatTimeLeft(ms)).toBe(text);
  });
});
