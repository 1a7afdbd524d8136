/** A comparison in every format: what it says, and that names from elsewhere do nothing in it. */

import { describe, expect, it } from 'vitest';
import { raw } from '../../../../src/base/foreign.js';
import { compareBenches } from '../../../../src/compare/compare-benches.js';
import { parseGate } from '../../../../src/compare/gate.js';
import { columnsOf } from '../../../../src/render/common/columns.js';
import { PLAIN_THEME } from '../../../../src/render/common/theme.js';
import { compareCharts } from '../../../../src/render/compare/compare-chart.js';
import { renderCompareHtml } from '../../../../src/render/compare/compare-html.js';
import { compareJson } from '../../../../src/render/compare/compare-json.js';
import { renderCompareLatex } from '../../../../src/render/compare/compare-latex.js';
import { renderCompareMarkdown } from '../../../../src/render/compare/compare-markdown.js';
import { formatP, formatValue } from '../../../../src/render/compare/compare-tables.js';
import { renderCompareText } from '../../../../src/render/compare/compare-text.js';
import { inShort } from '../../../../src/render/compare/in-short.js';
import { dimensionOf, platformOf, valuesAround } from '../../../support/made-benches.js';

const EVIL = '<script>x</script>@all https://x.test |`$(x)`\x1b[31m\u202e\\input{x}%{}_&"\'';

const comparison = compareBenches(
  [
    platformOf(
      'ssd',
      dimensionOf('startup', { [`${EVIL}/warm`]: valuesAround(500, 20, 1), 'b/warm': [1, 2] }),
      dimensionOf('write', { overlayfs: [0, 1000, 2, 3], volume: [5, 6, 7] }, 'MB/s'),
      {
        ...dimensionOf('pull', { alpine: [] }),
        missing: [{ iteration: 1, group: 'alpine', reason: 'x' }],
      },
    ),
    platformOf(EVIL, dimensionOf('startup', { [`${EVIL}/warm`]: valuesAround(600, 20, 2) })),
  ],
  [parseGate('startup.warm.p50>5%')].slice(1),
);
const sum = (text: string): string => `sum${text.length}`;
const page = { theme: PLAIN_THEME, width: 100 };
const documents = {
  text: renderCompareText(comparison, page),
  markdown: renderCompareMarkdown(comparison),
  latex: renderCompareLatex(comparison),
  json: compareJson(comparison),
  html: renderCompareHtml(comparison, sum),
  svg: compareCharts(comparison)
    .map(({ svg }) => svg)
    .join('\n'),
};

describe.each(Object.entries(documents))('%s', (format, document) => {
  it('holds nothing that a terminal acts on', () => {
    expect(document).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
  });

  it('has no hole where a figure is none', () => {
    const words = format === 'json' ? document : document.replaceAll(/"[^"]*"/g, '');
    expect(words).not.toMatch(/undefined|NaN|\[object/);
  });

  it('names no element, command or cell of an image’s', () => {
    if (format === 'html' || format === 'svg') expect(document).not.toContain('<script>x');
    if (format === 'latex') expect(document).not.toContain('\\input{x}');
    if (format === 'markdown') {
      expect(document).not.toMatch(/(?<!\\)<script/);
      expect(document).not.toMatch(/(?<!\\)`|@all|https:/);
    }
  });
});

describe('in short', () => {
  const startup = (centre: number, seed: number) =>
    dimensionOf('startup', { 'a/warm': valuesAround(centre, 30, seed) });

  it('shows what differs, by how much, and which way', () => {
    const { sentences, table, more } = inShort(
      compareBenches([platformOf('a', startup(500, 1)), platformOf('b', startup(600, 2))], []),
    );
    expect(sentences.map(raw)).toEqual(['A→B: 1 of 1 test differs: 1 worse']);
    expect(table.columns.map(({ head }) => head).join(' ')).toBe(
      'what from to unit change 95 % share verdict effect',
    );
    const [row = []] = table.rows;
    expect(row.map(raw).join(' ')).toMatch(
      /^startup a\/warm \d+ \d+ ms \+\d+(\.\d)? \[\d+(\.\d)?, \d+(\.\d)?\] \+\d+\.\d % worse large$/,
    );
    expect([table.rows.length, table.tones, more]).toEqual([1, ['bad'], '']);
  });

  it('says that nothing does, and that data are wrong', () => {
    const zeros = {
      ...dimensionOf('metadata', { 'overlay/500': [0, 0, 0, 4, 5, 6, 7, 8, 9, 10] }),
    };
    const { sentences, table } = inShort(
      compareBenches(
        [platformOf('a', startup(500, 1), zeros), platformOf('b', startup(500, 2), zeros)],
        [],
      ),
    );
    expect(sentences.map(raw)).toEqual([
      'A→B: nothing differs, of 2 tests',
      '2 groups of data are wrong: see the data doctor',
    ]);
    expect(table.rows).toEqual([]);
  });

  it('has eight rows at most, the largest relative change first, and says where the rest is', () => {
    const centres = Array.from({ length: 10 }, (_, index) => index);
    const bench = (name: string, times: (index: number) => number, seed: number) =>
      platformOf(
        name,
        dimensionOf(
          'startup',
          Object.fromEntries(
            centres.map((index) => [
              `g${index}`,
              valuesAround(500 * times(index), 30, seed + index),
            ]),
          ),
        ),
      );
    const all = compareBenches(
      [bench('a', () => 1, 1), bench('b', (index) => (index === 9 ? 0.25 : 1.2 + index / 10), 50)],
      [],
    );
    const { sentences, table, more } = inShort(all);
    expect(sentences.map(raw)[0]).toBe('A→B: 10 of 10 tests differ: 9 worse, 1 better');
    // A quarter of the time is a larger change than twice as long.
    expect(table.rows.map(([what]) => raw(what ?? ''))).toEqual(
      ['g9', 'g8', 'g7', 'g6', 'g5', 'g4', 'g3', 'g2'].map((group) => `startup ${group}`),
    );
    expect(table.tones?.slice(0, 2)).toEqual(['good', 'bad']);
    expect(more).toBe('and 2 more changes: see Differences between platforms');
    const page = { theme: PLAIN_THEME, width: 100 };
    for (const text of [
      renderCompareText(all, page),
      renderCompareMarkdown(all),
      renderCompareHtml(all, sum),
      renderCompareLatex(all),
    ]) {
      expect(text).toContain(more);
      expect(text).toContain('95 %'.replace('%', text.includes('longtable') ? '\\%' : '%'));
    }
  });

  it('has a gate that failed first, once, and counts those that are undecided', () => {
    const two = (name: string, factor: number, seed: number) =>
      platformOf(
        name,
        dimensionOf('startup', {
          'a/warm': valuesAround(500 * factor, 30, seed),
          'b/warm': valuesAround(500 * factor ** 3, 30, seed + 5),
          'c/cold': [1, 2],
        }),
      );
    const gates = ['startup.a/warm.p50>5%', 'startup.c/cold.p50>5%'].map(parseGate);
    const { sentences, table } = inShort(
      compareBenches([two('a', 1, 1), two('b', 1.2, 30)], gates),
    );
    expect(table.rows.map(([what]) => raw(what ?? ''))).toEqual([
      'startup a/warm',
      'startup b/warm',
    ]);
    const [first = []] = table.rows;
    expect(raw(first[7] ?? '')).toBe('FAILED startup.a/warm.p50>5%');
    expect(raw(first[5] ?? '')).toMatch(/^\[\+\d+\.\d %, \+\d+\.\d %\]$/);
    expect(sentences.map(raw)).toEqual([
      'A→B: 2 of 3 tests differ: 2 worse; 1 gate failed',
      '1 gate undecided: see Gates',
    ]);
  });

  it('leaves suspect data out of the table, and says so', () => {
    const write = (scale: number) =>
      dimensionOf('write', { volume: [...valuesAround(150 * scale, 20, 3), 0.15] }, 'MB/s');
    const all = compareBenches([platformOf('a', write(1)), platformOf('b', write(3))], []);
    expect(all.tests.map(({ suspect }) => suspect)).toEqual([true]);
    const { sentences, table } = inShort(all);
    expect(raw(sentences[0] ?? '')).toBe(
      'A→B: nothing differs, of 1 test; not counted: 1 in suspect data',
    );
    expect(table.rows).toEqual([]);
  });
});

it('in short, groups of wrong data are counted once, and each of a finding', () => {
  const pairs = [3.25, 3.3, 3.27, 3.31, 3.24];
  const memory = dimensionOf(
    'memory',
    { '3/per-container': pairs, '3/total': pairs.map((each) => Number((3 * each).toFixed(3))) },
    'MB',
  );
  const study = { ...platformOf('study', memory), source: 'csv' } as const;
  const own = platformOf('own', dimensionOf('memory', { '3/total': pairs }, 'MB'));
  const comparison = compareBenches([study, own], []);
  const wrong = comparison.findings.filter(({ severity }) => severity === 'wrong');
  expect(wrong.map(({ id }) => id)).toEqual(['other-method', 'tautology']);
  expect(inShort(comparison).sentences.at(-1)).toBe(
    '2 groups of data are wrong: see the data doctor',
  );
});

it('tables of Markdown have as many cells in every row', () => {
  const rows = documents.markdown.split('\n').filter((line) => line.startsWith('|'));
  const cells = (line: string): number => line.match(/(?<!\\)\|/g)?.length ?? 0;
  let head = 0;
  for (const [index, line] of rows.entries()) {
    if (/^\| :?-/.test(rows[index + 1] ?? '')) head = cells(line);
    expect(cells(line)).toBe(head);
  }
  expect(rows.length).toBeGreaterThan(10);
});

it('tables of LaTeX have as many cells in every row', () => {
  for (const table of documents.latex.matchAll(/\\begin{longtable}\{@\{\}([lr]+)[\s\S]*?\\end/g)) {
    const rows = [...table[0].matchAll(/^(?!\\).*\\\\$/gm)].map(([row]) => row);
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows)
      expect(row.match(/(?<!\\)&/g)).toHaveLength((table[1]?.length as number) - 1);
  }
});

it.each([40, 60, 80, 100, 140, 200])('text keeps within %i columns', (width) => {
  for (const line of renderCompareText(comparison, { ...page, width }).split('\n')) {
    expect(columnsOf(line)).toBeLessThanOrEqual(width);
  }
});

it('the page applies its own style and nothing else', () => {
  const [, style = ''] = /<style>([\s\S]*?)<\/style>/.exec(documents.html) ?? [];
  expect(documents.html).toContain(`default-src 'none'; style-src 'sha256-${sum(style)}'`);
  expect(documents.html).not.toMatch(/<script|<\w[^>]* (href|src|on\w+)=/);
  expect(documents.html.match(/<svg /g)).toHaveLength(2);
  expect(documents.html).not.toMatch(/<th(?! scope=)[ >]/);
  // Its charts follow light and dark; those in files of their own have values.
  expect(documents.html).toContain('fill="var(--series-1)"');
  expect(documents.svg).not.toContain('var(');
  expect(documents.svg.match(/<desc /g)).toHaveLength(2);
});

it('JSON holds every value, and null where there is no number', () => {
  const { groups, tests, schema } = JSON.parse(documents.json);
  expect(schema).toBe('dit.compare/1');
  expect(groups.find((each: { group: string }) => each.group === 'volume').values).toEqual(
    [5, 6, 7].map((value, index) => ({ iteration: index + 1, value })),
  );
  expect(groups.find((each: { dimension: string }) => each.dimension === 'pull')).toMatchObject({
    n: 0,
    missing: 1,
    mean: null,
  });
  expect(tests).toHaveLength(1);
});

it('a chart draws every value, and a logarithmic axis only of what is above 0', () => {
  const charts = compareCharts(comparison);
  expect(charts.map(({ dimension }) => dimension)).toEqual(['startup', 'write']);
  expect(charts.map(({ svg }) => svg.match(/<circle/g)?.length)).toEqual([42, 7]);
  expect(charts[0]?.svg).toContain('logarithmic');
  expect(charts[1]?.svg).not.toContain('logarithmic');
});

it.each([
  [567.6154, '567.62'],
  [0.01234, '0.0123'],
  [0.99999, '1.00'],
  [-0.5, '-0.500'],
  [0, '0.00'],
  [Number.NaN, '-'],
])('%d reads %s', (value, text) => {
  expect(formatValue(value)).toBe(text);
});

it('a p that is not 0 does not read 0', () => {
  expect([1e-17, 0.00012, 1, Number.NaN].map(formatP)).toEqual([
    '<0.0001',
    '0.0001',
    '1.0000',
    '-',
  ]);
});
