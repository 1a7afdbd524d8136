/** What `dit trace watch` prints. */
import { describe, expect, it } from 'vitest';
import { columnsOf } from '../../../../src/render/common/columns.js';
import { PLAIN_THEME } from '../../../../src/render/common/theme.js';
import {
  renderStart,
  renderSummary,
  startJson,
  startLine,
  summaryJson,
  watchHeading,
} from '../../../../src/render/text/watch.js';
import { ACTED_ON } from '../../../support/terminal.js';
import { HOSTILE, sampleRun } from '../../../support/traces.js';

const AT = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

const summary = {
  seconds: 60,
  starts: 240,
  failed: 1,
  hidden: 2,
  median: 2e8,
  p95: 4e8,
  most: [['network set-up', 200] as const],
  events: 1000,
  lost: 3,
  cpuMs: 600,
};

describe('a line', () => {
  it('tells who, how long and what took most of it', () => {
    const line = startLine(AT, sampleRun(), undefined);
    const text = renderStart(line, PLAIN_THEME, 140);
    expect(text).toMatch(/^03:04:05\.678 {2}0123456789ab {2}eager_lamport/);
    expect(text).toContain(` ${((line.totalNs ?? 0) / 1e6).toFixed(1)} `);
    expect(text).toMatch(/ \d+\.\d ms, \d+ %$/);
    const { runtime, kernel, storage, unattributed } = line.phases;
    expect(runtime + kernel + storage + unattributed).toBe(line.totalNs);
    expect(columnsOf(watchHeading(PLAIN_THEME, 140))).toBeLessThanOrEqual(140);
  });

  it.each([40, 41, 63, 64, 80, 109, 110, 130, 160])('keeps to %i columns', (width) => {
    const wide = { name: '猫'.repeat(60), image: 'x'.repeat(300) };
    const line = startLine(AT, sampleRun(wide), undefined);
    const failed = startLine(
      AT,
      sampleRun({ ...wide, window: undefined, segments: [] }),
      undefined,
    );
    const lines = [
      watchHeading(PLAIN_THEME, width),
      renderStart(line, PLAIN_THEME, width),
      renderStart(failed, PLAIN_THEME, width),
      ...renderSummary(summary, PLAIN_THEME, width).trimEnd().split('\n'),
    ];
    expect(Math.max(...lines.map(columnsOf))).toBeLessThanOrEqual(width);
    // The total is what a start is looked at for.
    expect(lines[1]).toContain(` ${((line.totalNs ?? 0) / 1e6).toFixed(1)}`);
    expect(lines[0]).toContain('total ms');
  });

  it('says what failed', () => {
    const run = sampleRun({ window: undefined, segments: [], failure: 'no such \x1b[2Jfile' });
    const line = startLine(AT, run, undefined);
    expect(renderStart(line, PLAIN_THEME, 100)).toContain('no such \\x1b[2Jfile');
    expect(JSON.parse(startJson(line))).toMatchObject({ window: null, phases: null, most: null });
  });

  it('lets nothing through that a terminal acts on', () => {
    const run = sampleRun({ name: 'evil\x1b]0;x\x07\n', image: 'a\rb' });
    const text = renderStart(startLine(AT, run, undefined), PLAIN_THEME, 140);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
    expect(text).not.toMatch(/[\x00-\x1f\x7f]/);
  });

  it('is JSON that a terminal may show', () => {
    const run = sampleRun({ name: HOSTILE, image: HOSTILE, failure: HOSTILE });
    const json = startJson(startLine(AT, run, HOSTILE));
    expect(json).not.toMatch(ACTED_ON);
    expect(JSON.parse(json)).toMatchObject({ name: HOSTILE, failure: HOSTILE, file: HOSTILE });
  });
});

describe('the summary', () => {
  it('prints loss and its own price', () => {
    const text = renderSummary(summary, PLAIN_THEME, 100);
    expect(text).toContain('240 starts in 60 s, 1 of them never reached an entrypoint, 2 filtered');
    expect(text).toContain('median 200.0 ms, 95 % within 400.0 ms');
    expect(text).toContain('lost events: 3 of 1,003');
    expect(text).toContain('600 ms, 1.0 % of a core, 2.5 ms per start');
  });

  it('needs no start', () => {
    const empty = { ...summary, starts: 0, failed: 0, median: undefined, p95: undefined, most: [] };
    expect(renderSummary({ ...empty, seconds: 0 }, PLAIN_THEME, 100)).not.toMatch(
      /NaN|Infinity|undefined/,
    );
    expect(JSON.parse(summaryJson(empty))).toMatchObject({ starts: 0, median: null, p95: null });
  });
});
