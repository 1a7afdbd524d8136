/** Summaries, tests and gates over platforms. */
import { describe, expect, it } from 'vitest';
import { newSettings } from '../../../src/bench/contract/settings.js';
import { writeDimension } from '../../../src/bench/measure/write.js';
import { compareBenches } from '../../../src/compare/compare-benches.js';
import { parseGate } from '../../../src/compare/gate.js';
import { isSignificant } from '../../../src/model/bench/bench-comparison.js';
import { dimensionOf, platformOf, valuesAround } from '../../support/made-benches.js';

const startup = (warm: number, seed: number, n = 30) =>
  dimensionOf('startup', {
    'alpine:3.20/warm': valuesAround(warm, n, seed),
    'alpine:3.20/cold': valuesAround(900, n, seed + 100),
  });

describe('platforms', () => {
  it('that differ in one group differ in that alone', () => {
    const { tests } = compareBenches(
      [platformOf('a', startup(500, 1)), platformOf('b', startup(550, 2))],
      [],
    );
    expect(tests.filter(isSignificant).map(({ first }) => first.group)).toEqual([
      'alpine:3.20/warm',
    ]);
    expect(tests[0]).toMatchObject({ magnitude: 'large', suspect: false });
    expect(tests[0]?.shift).toBeGreaterThan(35);
  });

  it('are compared in what both have, each pair of them', () => {
    const { tests, groups } = compareBenches(
      [
        platformOf('a', startup(500, 1)),
        platformOf('b', dimensionOf('startup', { 'alpine:3.20/cold': [900, 910, 905] })),
        platformOf('c', startup(500, 5), dimensionOf('pull', { alpine: [3, 4, 5] })),
      ],
      [],
    );
    const pairs = tests.map(({ first, second }) => `${first.platform}${second.platform}`);
    expect(pairs).toEqual(['02', '01', '02', '12']);
    expect(groups.map(({ dimension }) => dimension)).toEqual(['startup', 'startup', 'pull']);
    expect(groups[2]?.summaries.map((summary) => summary?.samples.length)).toEqual([
      undefined,
      undefined,
      3,
    ]);
  });

  it('of the same data find nothing in 40 trials of 12 groups, but for one in 20', () => {
    let trials = 0;
    for (let seed = 1; seed <= 40; seed++) {
      const run = (offset: number) =>
        platformOf(
          `run ${offset}`,
          dimensionOf(
            'startup',
            Object.fromEntries(
              Array.from({ length: 12 }, (_, index) => [
                `image${index}/warm`,
                valuesAround(500, 10, seed * 1000 + offset * 100 + index),
              ]),
            ),
          ),
        );
      if (compareBenches([run(1), run(2)], []).tests.some(isSignificant)) trials++;
    }
    expect(trials).toBeLessThanOrEqual(4);
  });

  it('that have one name, or other units, are refused', () => {
    const a = platformOf('a', startup(500, 1));
    expect(() => compareBenches([a, { ...a, path: '/benches/again' }], [])).toThrow(
      '"/benches/a" and "/benches/again" are both of the platform "a"',
    );
    const other = platformOf('b', dimensionOf('startup', { 'alpine/warm': [1] }, '%'));
    expect(() => compareBenches([a, other], [])).toThrow(
      '"/benches/a" measures startup in ms, "/benches/b" in %',
    );
  });

  it('keep what was missed and what stands out', () => {
    const dimension = {
      ...dimensionOf('pull', { alpine: [10, 11, 10.5, 10.2, 90, 10.7, 10.1] }),
      missing: [{ iteration: 8, group: 'alpine', reason: 'refused' }],
    };
    const { groups } = compareBenches([platformOf('a', dimension)], []);
    expect(groups[0]?.summaries[0]).toMatchObject({
      missing: 1,
      max: 90,
      outliers: [{ iteration: 5, value: 90 }],
    });
  });

  it('say how far limits of CPU time are missed, either way', () => {
    const { groups } = compareBenches(
      [platformOf('a', dimensionOf('cpu', { '50%': [49, 51, 52, 48] }, '%'))],
      [],
    );
    expect(groups.map(({ group, summaries }) => [group, summaries[0]?.mean])).toEqual([
      ['50%', 50],
      ['50%/deviation', 1.5],
    ]);
  });
});

it('modes are compared with the first that differs in the mode alone', () => {
  const { modes } = compareBenches(
    [
      platformOf(
        'a',
        dimensionOf('metadata', {
          'overlayfs/500': [5, 6, 7],
          'volume/500': [1, 2, 3],
          'overlayfs/100': [1, 2, 3],
          'volume/100': [4, 5, 6],
        }),
      ),
    ],
    [],
  );
  expect(modes.map(({ first, second }) => `${first.group} ${second.group}`)).toEqual([
    'overlayfs/500 volume/500',
    'overlayfs/100 volume/100',
  ]);
});

it('writes are compared with those of another place, each kind by itself', () => {
  const settings = newSettings({}, { seed: 0, platform: '' });
  const groups = writeDimension
    .measurements(settings)
    .flatMap(({ gives }) => gives.map(({ group }) => group));
  const values = Object.fromEntries(groups.map((group) => [group, [1, 2, 3]]));
  const { modes } = compareBenches([platformOf('a', dimensionOf('write', values, 'MB/s'))], []);
  const pairs = modes.map(({ first, second }) => `${first.group} ${second.group}`);
  expect(pairs.sort()).toEqual(
    ['', '-buffered', '-direct']
      .flatMap((kind) =>
        ['volume', 'bind', 'tmpfs'].map((place) => `overlayfs${kind} ${place}${kind}`),
      )
      .sort(),
  );
});

describe('data of another method', () => {
  const network = (seed: number) =>
    dimensionOf('network', { bridge: valuesAround(2, 20, seed), host: valuesAround(1, 20, seed) });
  const write = (seed: number) =>
    dimensionOf('write', { overlayfs: valuesAround(200, 20, seed) }, 'MB/s');
  const study = (name: string, seed: number) =>
    ({ ...platformOf(name, network(seed), write(seed)), source: 'csv' }) as const;

  it('are said to be, and compared with their own alone', () => {
    const { findings, tests } = compareBenches(
      [
        study('a', 1),
        study('b', 2),
        platformOf('c', network(3), write(3)),
        platformOf('d', network(4)),
      ],
      [],
    );
    const found = findings.filter(({ id }) => id === 'other-method');
    expect(
      found.map(({ platform, severity, dimension, groups }) => [
        platform,
        severity,
        dimension,
        ...groups,
      ]),
    ).toEqual([
      [0, 'wrong', 'network', 'bridge', 'host'],
      [1, 'wrong', 'network', 'bridge', 'host'],
    ]);
    const suspect = tests.filter(({ suspect }) => suspect);
    expect(new Set(suspect.map(({ dimension }) => dimension))).toEqual(new Set(['network']));
    expect(
      [
        ...new Set(suspect.map(({ first, second }) => `${first.platform}${second.platform}`)),
      ].sort(),
    ).toEqual(['02', '03', '12', '13']);
  });

  it('are sound beside data of their own', () => {
    const { findings, modes } = compareBenches([study('a', 1), study('b', 2)], []);
    expect(findings.map(({ id }) => id)).not.toContain('other-method');
    expect(modes.some(({ suspect }) => suspect)).toBe(false);
  });

  it('are sound within a directory', () => {
    const { modes } = compareBenches([study('a', 1), platformOf('c', network(3))], []);
    expect(modes.map(({ suspect }) => suspect)).toEqual([false, false]);
  });
});

describe('a gate', () => {
  const judged = (gate: string, ...warm: readonly number[]) =>
    compareBenches(
      warm.map((centre, index) => platformOf(`p${index}`, startup(centre, index + 1))),
      [parseGate(gate)],
    ).gates.map(({ verdict }) => verdict);

  it('is decided by the interval', () => {
    expect(judged('startup.warm.p50>5%', 500, 560)).toEqual(['failed']);
    expect(judged('startup.warm.p50>5%', 500, 505)).toEqual(['held']);
    expect(judged('startup.warm.p50 > 5%', 500, 525)).toEqual(['undecided']);
    expect(judged('startup.warm.mean<-5%', 500, 440, 495)).toEqual(['failed', 'held']);
  });

  it('means a whole group, or each group with that part', () => {
    expect(judged('startup.alpine:3.20/warm.p50>5%', 500, 560)).toEqual(['failed']);
    expect(judged('startup.alpine:3.20.median>5%', 500, 560)).toEqual(['failed', 'held']);
  });

  it("means what is derived from a group by that one's own name alone", () => {
    const cpu = (spread: number) =>
      dimensionOf(
        'cpu',
        { '50%': Array.from({ length: 20 }, (_, index) => 50 + spread * ((index % 5) - 2)) },
        '%',
      );
    const gated = (gate: string) =>
      compareBenches(
        [platformOf('a', cpu(0.01)), platformOf('b', cpu(0.05))],
        [parseGate(gate)],
      ).gates.map(({ group, verdict }) => [group, verdict]);
    expect(gated('cpu.50%.mean>5%')).toEqual([['50%', 'held']]);
    expect(gated('cpu.50%/deviation.mean>5%')).toEqual([['50%/deviation', 'failed']]);
  });

  it('is undecided where the values are too few, or the first is 0', () => {
    const [a, b] = [startup(500, 1, 4), startup(900, 2, 4)];
    const judgedFew = compareBenches(
      [platformOf('a', a), platformOf('b', b)],
      [parseGate('startup.warm.p50>5%')],
    ).gates;
    expect(judgedFew).toMatchObject([
      { verdict: 'undecided', reason: '4 values are too few: 5 are needed' },
    ]);
    expect(judged('startup.warm.p99>5%', 500, 900)).toEqual(['undecided']);
    const zeros = dimensionOf('pull', { alpine: [0, 0, 0, 0, 0, 0] });
    const tens = dimensionOf('pull', { alpine: [10, 10, 10, 10, 10, 10] });
    expect(
      compareBenches(
        [platformOf('a', zeros), platformOf('b', tens)],
        [parseGate('pull.alpine.p50>5%')],
      ).gates,
    ).toMatchObject([{ verdict: 'undecided', reason: 'there is no share of 0' }]);
  });

  it('is never passed by absence', () => {
    expect(() => judged('startup.hot.p50>5%', 500, 500)).toThrow('means no group of the data');
    expect(() => judged('startup.warm.p50>5%', 500)).toThrow('there is only one');
    const absent = [platformOf('a', startup(500, 1)), platformOf('b')];
    expect(() => compareBenches(absent, [parseGate('startup.warm.p50>5%')])).toThrow(
      '"/benches/b" holds no value of startup "alpine:3.20/warm"',
    );
  });

  it.each([
    'startup.warm.p50',
    'startup.warm.p50>5',
    'startup.p50>5%',
    'startup.warm.p0>5%',
    'startup.warm.p100>5%',
    'startup.warm.best>5%',
    'startup.warm.p50=5%',
    '',
  ])('refuses "%s"', (text) => {
    expect(() => parseGate(text)).toThrow(`invalid value '${text}' for --fail-on`);
  });
});
