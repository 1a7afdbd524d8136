import { describe, expect, it } from 'vitest';
import {
  newSettings,
  refuseOtherEnvironment,
  refuseOtherSettings,
} from '../../../../src/bench/contract/settings.js';
import { CSV_DIMENSIONS } from '../../../../src/model/bench/bench.js';

const FALLBACK = { seed: 5, platform: 'here' };

describe('settings', () => {
  it('are the defaults where nothing is asked for', () => {
    expect(newSettings({}, FALLBACK)).toEqual({
      dimensions: CSV_DIMENSIONS,
      iterations: 50,
      coldStarts: 20,
      pulls: 10,
      warmup: 1,
      seed: 5,
      platform: 'here',
      image: '',
    });
  });

  it('have no more cold starts and pulls than iterations, unless they are asked for', () => {
    expect(newSettings({ iterations: 3 }, FALLBACK)).toMatchObject({ coldStarts: 3, pulls: 3 });
    expect(newSettings({ iterations: 3, pulls: 9 }, FALLBACK)).toMatchObject({ pulls: 9 });
  });

  it('are gone on with where nothing else is asked for', () => {
    const recorded = newSettings({ iterations: 10, seed: 1 }, FALLBACK);
    const same = { iterations: 10, platform: undefined, seed: 1 };
    expect(() => refuseOtherSettings({}, recorded, 'd')).not.toThrow();
    expect(() => refuseOtherSettings(same, recorded, 'd')).not.toThrow();
  });

  it('are refused where they differ, with every difference', () => {
    const recorded = newSettings({ iterations: 10 }, FALLBACK);
    expect(() =>
      refuseOtherSettings({ iterations: 20, dimensions: ['cpu'], seed: 5 }, recorded, '/d'),
    ).toThrow(
      expect.objectContaining({
        code: 'bench-other-plan',
        exitCode: 2,
        message: `"/d" holds a benchmark with other settings: dimensions ${CSV_DIMENSIONS.join(',')}, not cpu; --iterations 10, not 20`,
        remedy: 'resume it: dit bench --out /d; or name another directory',
      }),
    );
  });
});

describe('the environment', () => {
  const here = { kernel: '6.1', storage: 'overlay2', 'load average': '0.1' };

  it('may have another load', () => {
    const busier = { ...here, 'load average': '7' };
    expect(() => refuseOtherEnvironment(busier, here, '/d')).not.toThrow();
  });

  it.each([
    ['changed', { ...here, kernel: '6.12' }, 'kernel "6.1", not "6.12"'],
    ['gone', { kernel: '6.1', 'load average': '0.1' }, 'storage "overlay2", not ""'],
    ['new', { ...here, CPU: 'x' }, 'CPU "", not "x"'],
  ])('is refused where a label is %s', (_what, now, difference) => {
    expect(() => refuseOtherEnvironment(now, here, '/d')).toThrow(
      expect.objectContaining({
        code: 'bench-other-environment',
        exitCode: 2,
        message: `"/d" was measured elsewhere: ${difference}`,
      }),
    );
  });
});
