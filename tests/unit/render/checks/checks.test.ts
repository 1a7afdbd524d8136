/** The results of the toolkit tests as text, Markdown, HTML and JSON. */
import { describe, expect, test } from 'vitest';
import type { CheckReport, Figure } from '../../../../src/model/checks/check.js';
import { renderCheck, renderVerdicts } from '../../../../src/render/checks/checks.js';
import { checksHtml } from '../../../../src/render/checks/checks-html.js';
import { type ChecksDocument, checksJson } from '../../../../src/render/checks/checks-json.js';
import { checksMarkdown } from '../../../../src/render/checks/checks-markdown.js';
import { columnsOf } from '../../../../src/render/common/columns.js';
import { PLAIN_THEME } from '../../../../src/render/common/theme.js';
import { Stream } from '../../../support/stream.js';

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
  expect(page.match(/<section id="(cpu|io)">/g)).toHaveLength(2);
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
  const said = /interrupted: the other tests were not made/;
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
    figures: REPORT.figures,
    findings: REPORT.findings,
    evidence: REPORT.evidence,
  });
});
