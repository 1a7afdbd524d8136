/** The published figures of the study of 2026 come out of its data; what is wrong with them is found. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compareBenches } from '../../../src/compare/compare-benches.js';
import type { GroupSummary } from '../../../src/model/bench/bench-comparison.js';
import { readBenchFolder } from '../../../src/store/read-bench-folder.js';
import { lacks, STUDY } from '../../support/requirements.js';

const NAMES = ['azure-premium-ssd', 'azure-standard-hdd', 'macos-docker-desktop'];
const there = !lacks('study');

interface Published {
  readonly title: string;
  readonly figures: ReadonlyMap<string, string>;
}

/** "  Mean   849.97 ms", by the heading of two blanks above it; sections are "  TEST 4: …". */
function published(name: string): { tests: Map<number, Published[]>; text: string } {
  const text = readFileSync(join(STUDY, name, 'analysis-summary.txt'), 'utf8');
  const tests = new Map<number, Published[]>();
  let blocks: Published[] = [];
  let title = '';
  let figures = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, test] = /^ {2}TEST (\d+):/.exec(line) ?? [];
    if (test !== undefined) {
      blocks = [];
      tests.set(Number(test), blocks);
    } else if (/^ {2}Metric +Value/.test(line)) {
      figures = new Map();
      blocks.push({ title, figures });
    } else {
      const [, key = '', value = ''] = /^ {2}(\S.*?) {3,}(\S.*)$/.exec(line) ?? [];
      const [, interval = ''] = /^ {2}95% CI range +(.*)$/.exec(line) ?? [];
      if (key !== '') figures.set(key, interval === '' ? value : interval);
      else if (/^ {2}[a-z]/i.test(line)) title = line.trim();
    }
  }
  return { tests, text };
}

/** Which group the heading means. */
function groupOf(test: number, title: string): [string, string] {
  const [first = ''] = title.split(' ');
  const mode = title.includes('cold') ? 'cold' : 'warm';
  switch (test) {
    case 1:
      return ['startup', `${first}/${mode}`];
    case 2:
      return ['copyup', '100MB'];
    case 3:
      return ['cpu', title.startsWith('Absolute') ? '50%/deviation' : '50%'];
    case 4:
      return ['write', first];
    case 5:
      return ['metadata', `${first}/500`];
    case 6:
      return ['pull', first];
    case 7:
      return ['namespaces', 'namespace_create'];
    case 8:
      return ['network', first];
    default:
      return ['memory', title.startsWith('Per') ? '3/per-container' : '3/total'];
  }
}

/** What the study prints, from dit's figures. */
function printed({ samples, mean, sd, min, max, study }: GroupSummary): Map<string, string> {
  return new Map([
    ['n (samples)', String(samples.length)],
    ['Mean', mean.toFixed(2)],
    ['Median', study.median.toFixed(2)],
    ['Std Dev (σ)', sd.toFixed(2)],
    ['95% CI', `±${study.margin.toFixed(2)}`],
    ['95% CI range', `[${(mean - study.margin).toFixed(2)}, ${(mean + study.margin).toFixed(2)}]`],
    ['Min', min.toFixed(2)],
    ['Max', max.toFixed(2)],
  ]);
}

describe.skipIf(!there)('the study of 2026', () => {
  const comparison = there
    ? compareBenches(
        NAMES.map((name) => readBenchFolder(join(STUDY, name))),
        [],
      )
    : undefined;

  it('names its platforms', () => {
    expect(comparison?.platforms.map(({ name }) => name)).toEqual(NAMES);
  });

  it.each(NAMES)('%s: every published figure, to the printed digit', (name) => {
    const platform = NAMES.indexOf(name);
    let compared = 0;
    for (const [test, blocks] of published(name).tests) {
      for (const { title, figures } of blocks) {
        const [dimension, group] = groupOf(test, title);
        const summary = comparison?.groups.find(
          (each) => each.dimension === dimension && each.group === group,
        )?.summaries[platform];
        if (summary === undefined) throw new Error(`there is no ${dimension} ${group}`);
        const own = printed(summary);
        for (const [key, value] of figures) {
          if (!own.has(key)) continue;
          const number = value.replace(/ (ms|%|MB\/s|MB)$/, '').replace(/± +/, '±');
          expect(`${title}: ${key} ${own.get(key)}`).toBe(`${title}: ${key} ${number}`);
          compared++;
        }
      }
    }
    // 8 figures each of 21 groups; on macOS namespaces were not measured.
    expect(compared).toBe(name.startsWith('macos') ? 160 : 168);
  });

  it('its p values and deltas, where it gives them', () => {
    const { text } = published('macos-docker-desktop');
    const given = [...text.matchAll(/\(p=([\d.]+)\)\s+Cliff's delta: (-?[\d.]+) \((\w+)\)/g)];
    const own = comparison?.modes.filter(
      ({ first, dimension }) => first.platform === 2 && ['write', 'network'].includes(dimension),
    );
    expect(
      own?.map(({ p, delta, magnitude }) => [p.toFixed(6), Math.abs(delta).toFixed(3), magnitude]),
    ).toEqual(given.map(([, p, delta, magnitude]) => [p, delta, magnitude]));
    expect(given).toHaveLength(2);
  });

  it('the data doctor finds the mixed units, the tautology and the zeros, and what follows', () => {
    const found = (id: string, dimension: string) =>
      comparison?.findings.filter((each) => each.id === id && each.dimension === dimension) ?? [];
    const units = found('mixed-units', 'write');
    expect(units.map(({ platform, groups }) => `${platform} ${groups.join()}`)).toEqual([
      '0 overlayfs',
      '0 volume',
      '1 overlayfs',
      '1 volume',
    ]);
    expect(units[0]?.effect).toContain('not 11 %, the other way round');
    expect(units[2]?.effect).toContain('not 15 %, the other way round');
    expect(found('tautology', 'memory').map(({ platform }) => platform)).toEqual([0, 1, 2]);
    for (const { effect } of found('tautology', 'memory')) expect(effect).toContain('(-0.1 %)');
    const zeros = found('censored', 'metadata');
    expect(new Set(zeros.map(({ platform }) => platform))).toEqual(new Set([0, 1, 2]));
    expect(zeros.find(({ platform }) => platform === 2)?.severity).toBe('wrong');
    for (const { effect } of zeros)
      expect(effect).toMatch(/-(23|79|21) % by the means, rests on it/);
    expect(found('censored', 'copyup')).toMatchObject([{ platform: 2, severity: 'wrong' }]);
  });

  it('no conclusion is drawn from what is wrong', () => {
    const write = comparison?.tests.filter(({ dimension }) => dimension === 'write') ?? [];
    expect(write).toHaveLength(6);
    expect(write.every(({ suspect }) => suspect)).toBe(true);
    expect(comparison?.tests.filter(({ dimension }) => dimension === 'startup')).toHaveLength(18);
    expect(
      comparison?.tests.some(({ dimension, suspect }) => dimension === 'startup' && suspect),
    ).toBe(false);
  });
});
