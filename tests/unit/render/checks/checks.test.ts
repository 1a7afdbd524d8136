/** The results of the toolkit tests as text, Markdown, HTML and JSON. */
import { describe, expect, test } from 'vitest';
import type { CheckReport, Figure } from '../../../../src/model/checks/check.js';
import { renderCheck, renderVerdicts } from '../../../../src/render/checks/checks.js';
import { checksHtml as htmlWith } from '../../../../src/render/checks/checks-html.js';
import { type ChecksDocument, checksJson } from '../../../../src/render/checks/checks-json.js';
import { checksMarkdown } from '../../../../src/render/checks/checks-markdown.js';
import { columnsOf } from '../../../../src/render/common/columns.js';
import { PLAIN_THEME } from '../../../../src/render/common/theme.js';
import { Stream } from '../../../support/stream.js';

const checksHtml = (document: ChecksDocument): string => htmlWith(document, () => 'sum');
const HOSTILE = '<img src=x onerror=alert(1)>\x1b[2J|`** @octocat https://x.test &lt;b&gt;';
const REPORT: CheckReport = {
  name: 'cpu',
  shows: 'A quota holds a container to its share of the CPUs.',
  thresholds: 'within 1 point passes',
  verdict: 'warn',
  reason: `the share at 0.5 CPUs is 51.9 % in ${HOSTILE}`,
  remedy: 'measure on an idle machine',
  ms: 12_430,
  figures: [
    {
      name: 'share at 0.5',
      value: 51.9,
      unit: '%',
      source: 'cpuacct.usage',
      certainty: 'exact',
      group: 'quota',
      part: { kind: 'typical', of: 'share' },
    },
    { name: 'copied', value: 10 << 20, unit: 'bytes', source: HOSTILE, certainty: 'inferred' },
  ],
  findings: [{ severity: 'high', id: 'x', title: HOSTILE, remedy: 'leave --privileged out' }],
  evidence: [`nr_throttled 42 ${HOSTILE}`],
};
const { host, engine } = new Stream().recording().header;
const DOCUMENT: ChecksDocument = {
  begun: '2026-02-15T00:48:41.000Z',
  interrupted: false,
  ditVersion: '1',
  host,
  engine,
  reports: [REPORT, { ...REPORT, name: 'io', verdict: 'pass' }],
  leftBehind: [],
};
const LEFT = { ...DOCUMENT, leftBehind: ['removing volume <b>: busy'] };

describe('on a terminal', () => {
  test.each([
    40, 60, 80, 120,
  ])('%i columns wide, every line fits and nothing is acted on', (width) => {
    const text = renderCheck(REPORT, PLAIN_THEME, width);
    for (const line of text.split('\n')) expect(columnsOf(line)).toBeLessThanOrEqual(width);
    const words = text.replace(/\s+/g, ' ');
    for (const said of [REPORT.shows, REPORT.thresholds, 'by cpuacct.usage']) {
      expect(words).toContain(said);
    }
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what must not be there
    expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f]/);
    expect(text).toMatch(/^WARN {2}cpu/);
    expect(text).toContain('12.4 s');
    expect(text).toContain('51.9 %');
    expect(text).toContain('~10.0 MiB');
    expect(text).toContain('try: measure on an idle machine');
  });

  test('figures of several sources are told apart', () => {
    const [figure] = REPORT.figures;
    const figures = ['one', 'two'].map((source) => ({ ...figure, source }) as Figure);
    const text = renderCheck({ ...REPORT, figures }, PLAIN_THEME, 80);
    expect(text).toMatch(/51\.9 % \[1\]\n.*51\.9 % \[2\]\n *\[1\] one\n *\[2\] two\n/);
  });

  test('evidence keeps its indentation, and ends after three lines', () => {
    const evidence = ['    child', `lowerdir=${'/a'.repeat(400)}`];
    const text = renderCheck({ ...REPORT, evidence }, PLAIN_THEME, 80);
    const lines = text.trimEnd().split('\n').slice(-4);
    expect(lines[0]).toBe(`${' '.repeat(12)}child`);
    expect(lines[3]).toMatch(/ …$/);
  });

  test('at the end is a line for each test, and how many there are of each verdict', () => {
    const text = renderVerdicts(DOCUMENT.reports, PLAIN_THEME, 60);
    expect(text).toMatch(/^WARN {2}cpu {9}the share at 0\.5 CPUs is .*…\nPASS {2}io /);
    expect(text).toMatch(/\n1 pass, 1 warn in 24\.9 s\n$/);
    for (const line of text.split('\n')) expect(columnsOf(line)).toBeLessThanOrEqual(60);
  });
});

test('HTML shows untrusted text as text', () => {
  const page = checksHtml(DOCUMENT);
  expect(page).not.toContain('<img');
  expect(page).toContain('&lt;img src=x onerror=alert(1)&gt;\\x1b[2J');
  expect(page.match(/<section id="(cpu|io)" /g)).toHaveLength(2);
});

describe('HTML', () => {
  const figure = (name: string, value: number, more: Partial<Figure> = {}): Figure => ({
    name,
    value,
    unit: 'ms',
    source: 'a clock',
    certainty: 'exact',
    ...more,
  });
  const of = (...reports: readonly Partial<CheckReport>[]): string =>
    checksHtml({
      ...DOCUMENT,
      reports: reports.map((report) => ({ ...REPORT, figures: [], findings: [], ...report })),
    });
  const descriptions = (page: string): string[] =>
    [...page.matchAll(/<desc [^>]*>([^<]*)<\/desc>/g)].map(([, text]) => text as string);

  test('has the worst verdict first, and counts of each above all', () => {
    const page = of(
      { name: 'io', verdict: 'pass' },
      { name: 'ebpf', verdict: 'skipped' },
      { name: 'cpu', verdict: 'warn' },
      { name: 'network', verdict: 'fail' },
      { name: 'memory', verdict: 'pass' },
    );
    const order = ['network', 'cpu', 'ebpf', 'io', 'memory'];
    expect([...page.matchAll(/<section id="(\w+)"/g)].map(([, name]) => name)).toEqual(order);
    expect([...page.matchAll(/<a href="#(\w+)"/g)].map(([, name]) => name)).toEqual(order);
    const counts = [...page.matchAll(/<li class="(\w+)"><strong>(\d)</g)].map(([, ...all]) => all);
    expect(counts).toEqual([
      ['fail', '1'],
      ['warn', '1'],
      ['skipped', '1'],
      ['pass', '2'],
    ]);
    expect(page.indexOf('class="tally"')).toBeLessThan(page.indexOf('<table>'));
  });

  test('draws figures of one unit as bars from 0, with the range of what was repeated', () => {
    const page = of({
      figures: [
        figure('cold', 200, { group: 'start' }),
        figure('warm', 100, { group: 'start', part: { kind: 'typical', of: 'x' } }),
        figure('warm, least', 80, { group: 'start', part: { kind: 'low', of: 'x' } }),
        figure('warm, most', 150, { group: 'start', part: { kind: 'high', of: 'x' } }),
      ],
    });
    expect(descriptions(page)).toEqual(['cold 200 ms; warm 100 ms (80.0 ms to 150 ms)']);
    const [chart = ''] = /<svg[\s\S]*?<\/svg>/.exec(page) ?? [];
    const widths = [...chart.matchAll(/width="([\d.]+)%" height="12" fill="var\(--runtime\)"/g)];
    expect(Number(widths[0]?.[1]) / Number(widths[1]?.[1])).toBeCloseTo(2, 2);
    const [range] = chart.matchAll(/<line x1="([\d.]+)%" x2="([\d.]+)%"/g);
    expect(Number(range?.[1]) / Number(widths[1]?.[1])).toBeCloseTo(0.8, 2);
    expect(Number(range?.[2]) / Number(widths[1]?.[1])).toBeCloseTo(1.5, 2);
    // The table has all four.
    expect(page).toContain('warm, least');
    expect(page).toContain('warm, most');
  });

  test('stacks phases, as long as they are', () => {
    const phase = (name: 'runtime' | 'storage', value: number, group: string): Figure =>
      figure(name, value, { group, part: { kind: 'phase', phase: name } });
    const page = of({
      figures: [
        phase('runtime', 60, 'warm'),
        phase('storage', 40, 'warm'),
        phase('runtime', 100, 'cold'),
        phase('storage', 100, 'cold'),
      ],
    });
    expect(descriptions(page)).toEqual([
      'warm 100 ms: runtime 60.0 ms, storage 40.0 ms; cold 200 ms: runtime 100 ms, storage 100 ms',
    ]);
    const places = [...page.matchAll(/x="([\d.]+)%" y="\d+" width="([\d.]+)%" height="12"/g)];
    expect(places.map(([, x, width]) => [Number(x), Number(width)])).toEqual([
      [0, 30],
      [30, 20],
      [0, 50],
      [50, 50],
    ]);
  });

  test.each([
    ['one figure', [figure('a', 1)]],
    ['zeros', [figure('a', 0), figure('b', 0)]],
    ['negative figures', [figure('a', -1), figure('b', 2)]],
    ['infinite figures', [figure('a', Number.POSITIVE_INFINITY), figure('b', 2)]],
    [
      'counts and shares beside other units',
      [figure('a', 1, { unit: 'count' }), figure('b', 2, { unit: 'count' }), figure('c', 2)],
    ],
  ] as const)('draws no bars of %s', (_, figures) => {
    const page = of({ figures });
    expect(page).not.toContain('<svg');
    expect(page).toContain('<th scope="row" class="wide">a</th>');
  });

  test('is read aloud in order: one h1, no level left out, heads of tables, charts in words', () => {
    const page = of({
      figures: [figure(HOSTILE, 1), figure('b', 2)],
      evidence: [HOSTILE],
      findings: REPORT.findings,
    });
    const levels = [...page.matchAll(/<h([1-6])[ >]/g)].map(([, level]) => Number(level));
    expect(levels[0]).toBe(1);
    expect(levels.filter((level) => level === 1)).toHaveLength(1);
    levels.slice(1).forEach((level, index) => {
      expect(level).toBeLessThanOrEqual((levels[index] as number) + 1);
    });
    expect(page).not.toMatch(/<th(?! scope=)[ >]/);
    for (const [, title, desc] of page.matchAll(
      /<svg [^>]*role="img" aria-labelledby="(\S+) (\S+)"/g,
    )) {
      expect(page).toContain(`<title id="${title}">`);
      expect(page).toContain(`<desc id="${desc}">`);
    }
    const ids = [...page.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(page).not.toContain('<img');
    expect(page).not.toMatch(/<script|<\w[^>]* (src|on\w+|style)=/);
  });
});

test('Markdown shows untrusted text as text', () => {
  const text = checksMarkdown(DOCUMENT);
  const table = text.split('\n').filter((line) => line.startsWith('| cpu |'));
  expect(table).toHaveLength(1);
  // Unescaped bars are the table's own.
  expect(table[0]?.match(/(?<!\\)\|/g)).toHaveLength(4);
  const outsideCode = text.split('\n').filter((line) => !line.startsWith('    '));
  expect(outsideCode.join('\n')).not.toMatch(/(?<!\\)<img|@octocat|https:|(?<!\\)&lt;/);
  expect(text).toContain('    nr_throttled 42');
});

test('reports say what was left behind', () => {
  expect(checksHtml(LEFT)).toContain('Left behind: removing volume &lt;b&gt;: busy');
  expect(checksMarkdown(LEFT)).toMatch(/\*\*Left behind:\*\* removing volume .*b.*: busy/);
  expect(checksHtml(DOCUMENT) + checksMarkdown(DOCUMENT)).not.toContain('Left behind');
});

test('reports say that tests are missing', () => {
  const interrupted = { ...DOCUMENT, interrupted: true };
  const said = /interrupted: the other tests were not run/;
  expect(checksHtml(interrupted)).toMatch(said);
  expect(checksMarkdown(interrupted)).toMatch(said);
  expect(checksHtml(DOCUMENT) + checksMarkdown(DOCUMENT)).not.toMatch(said);
  expect(JSON.parse(checksJson(interrupted))).toMatchObject({ interrupted: true });
});

test('JSON holds all of it', () => {
  const document = JSON.parse(checksJson(DOCUMENT));
  expect(document).toMatchObject({
    schema: 'dit.test/1',
    begun: DOCUMENT.begun,
    interrupted: false,
    left_behind: [],
  });
  expect(document.tests[0]).toMatchObject({
    name: 'cpu',
    verdict: 'warn',
    ms: 12430,
    figures: REPORT.figures.map(({ part: _, ...figure }) => figure),
    findings: REPORT.findings,
    evidence: REPORT.evidence,
  });
  expect(Object.keys(document.tests[0].figures[0])).not.toContain('part');
});
