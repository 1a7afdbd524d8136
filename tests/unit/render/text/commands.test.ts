/** What holds for every command's page: its width, nothing a terminal acts on, sums, documented JSON. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Trace } from '../../../../src/model/trace/trace.js';
import { columnsOf } from '../../../../src/render/common/columns.js';
import { PLAIN_THEME } from '../../../../src/render/common/theme.js';
import { blameJson, renderBlame } from '../../../../src/render/text/blame.js';
import { chainJson, renderChain } from '../../../../src/render/text/chain.js';
import { diffJson, renderDiff } from '../../../../src/render/text/diff.js';
import { explanationJson, renderExplanation } from '../../../../src/render/text/explain.js';
import { renderRuns, runsJson } from '../../../../src/render/text/runs.js';
import {
  explainedTrace,
  hostileDiff,
  sampleChain,
  sampleDiff,
  sampleExplanation,
  sampleRunsSummary,
} from '../../../support/summaries.js';
import { ACTED_ON } from '../../../support/terminal.js';
import {
  HOSTILE,
  HOSTILE_CATEGORY,
  hostileTrace,
  kernelThread,
  sampleRun,
  segmentsFrom,
  startedTrace,
} from '../../../support/traces.js';

const hostileRuns = () =>
  sampleRunsSummary({
    image: HOSTILE,
    phases: sampleRunsSummary().phases.map((phase) => ({
      ...phase,
      categories: phase.categories.map((category) => ({ ...category, category: HOSTILE_CATEGORY })),
    })),
    failures: [{ start: 1, message: HOSTILE }],
    medianTrace: HOSTILE,
    folder: HOSTILE,
  });
const hostileChain = () =>
  sampleChain().map((link) => ({
    ...link,
    parts: link.parts.map((part) => ({ ...part, category: HOSTILE_CATEGORY })),
  }));
const hostileExplanation = (run: Parameters<typeof sampleExplanation>[0]) =>
  sampleExplanation(run).map((rule) => ({
    ...rule,
    categories: [HOSTILE_CATEGORY],
    longest: run.segments.slice(0, 2),
  }));
/** Processes whose names are theirs to choose. */
function hostileNames(): Trace {
  const trace = hostileTrace();
  const exec = { time: -1e12, filename: HOSTILE, argv: [HOSTILE], event: 0 } as never;
  return {
    ...trace,
    processes: trace.processes.map((life, index) => ({
      ...life,
      execs: index % 2 === 0 ? [exec] : [],
      comms: [{ time: 0 as never, comm: HOSTILE, event: undefined }],
    })),
  };
}

type Page = readonly [name: string, text: (width: number) => string];
const page = (width: number) => ({ theme: PLAIN_THEME, width });
const chainPage = (width: number) => ({ ...page(width), leastNs: 1e6, all: true });

const HOSTILE_PAGES: readonly Page[] = [
  ['blame', (width) => renderBlame(hostileTrace(), page(width))],
  ['chain', (width) => renderChain(hostileNames(), hostileChain, chainPage(width))],
  ['diff', (width) => renderDiff(hostileDiff(), { ...page(width), leastNs: 0 })],
  ['explain', (width) => renderExplanation(hostileTrace(), hostileExplanation, page(width))],
  ['runs', (width) => renderRuns(hostileRuns(), page(width))],
];
const PAGES: readonly Page[] = [
  ...HOSTILE_PAGES,
  ['plain blame', (width) => renderBlame(startedTrace(), page(width))],
  ['plain chain', (width) => renderChain(startedTrace(), sampleChain, chainPage(width))],
  ['plain diff', (width) => renderDiff(sampleDiff(), { ...page(width), leastNs: 1e6 })],
  ['plain explain', (width) => renderExplanation(explainedTrace(), sampleExplanation, page(width))],
  ['plain runs', (width) => renderRuns(sampleRunsSummary(), page(width))],
];
const DOCUMENTS: readonly (readonly [string, () => string])[] = [
  ['blame', () => blameJson(hostileTrace())],
  ['chain', () => chainJson(hostileNames(), hostileChain, 1e6)],
  ['diff', () => diffJson(hostileDiff())],
  ['explain', () => explanationJson(hostileTrace(), hostileExplanation)],
  ['runs', () => runsJson(hostileRuns(), hostileTrace())],
];

describe('every page', () => {
  it.each(PAGES)('%s keeps to its columns', (_name, text) => {
    for (const width of [40, 41, 60, 80, 81, 120, 200]) {
      for (const line of text(width).split('\n')) {
        expect(columnsOf(line)).toBeLessThanOrEqual(width);
      }
    }
  });

  it.each(HOSTILE_PAGES)('%s lets nothing through that a terminal acts on', (_name, text) => {
    const page200 = text(200);
    expect(ACTED_ON.test(page200.replaceAll('\n', ''))).toBe(false);
    expect(page200).toContain('\\x1b[2J');
  });
});

describe('every document', () => {
  it.each(DOCUMENTS)('%s is safe to print, and JSON', (name, text) => {
    expect(ACTED_ON.test(text().replaceAll('\n', ''))).toBe(false);
    expect(JSON.parse(text())).toMatchObject({ schema: `dit.${name}/1` });
  });

  it.each(DOCUMENTS)('%s is documented field by field', (_name, text) => {
    const documentation = readFileSync(
      new URL('../../../../docs/json.md', import.meta.url),
      'utf8',
    );
    const documented = new Set(
      [...documentation.matchAll(/`([a-z0-9_]+)`/g)].map(([, name]) => name),
    );
    const keys = new Set<string>();
    JSON.parse(text(), (key, value: unknown) => {
      if (!/^\d*$/.test(key)) keys.add(key);
      return value;
    });
    expect([...keys].filter((key) => !documented.has(key))).toEqual([]);
  });
});

describe('blame', () => {
  it('keeps who waits apart from who runs; both are the window', () => {
    const document = JSON.parse(blameJson(startedTrace())).runs[0];
    const sum = (rows: { ns: number }[]) => rows.reduce((total, { ns }) => total + ns, 0);
    expect(sum(document.self)).toBe(document.self_ns);
    expect(sum(document.waits)).toBe(document.waiting_ns);
    expect(document.self_ns + document.waiting_ns).toBe(document.window.length_ns);
    expect(document.waits).toContainEqual(
      expect.objectContaining({
        category: 'scheduling delay',
        state: 'runnable',
        waits_for: 'a CPU',
      }),
    );
    expect(renderBlame(startedTrace(), page(80))).toContain(
      '\nself 178,000,201 ns + waits 86,113,000 ns = window 264,113,201 ns\n',
    );
  });

  it('tells one wait from another by what is waited for, and joins those that are alike', () => {
    const segments = segmentsFrom(0, [
      [5e6, 'dockerd', 'blocked', 'storage', 'fsync', 'block-io'],
      [1e6, 'dockerd', 'blocked', 'storage', 'fsync', kernelThread('jbd2/sda')],
      [3e6, 'dockerd', 'blocked', 'storage', 'fsync', 'block-io'],
    ]);
    const { runs } = JSON.parse(blameJson(startedTrace({ runs: [sampleRun({ segments })] })));
    expect(runs[0].waits).toMatchObject([
      { waits_for: 'block I/O', ns: 8e6, segments: 2, longest_ns: 5e6 },
      { waits_for: 'jbd2/sda (kernel thread)', ns: 1e6, segments: 1 },
    ]);
  });

  it('marks what is inferred, with the reason', () => {
    const [segment] = segmentsFrom(0, [[5e6, 'init', 'blocked', 'runtime', 'runc']]);
    const inference = { kind: 'wake-up-missing' };
    const segments = [{ ...segment, certainty: 'inferred', inference } as never];
    const text = renderBlame(startedTrace({ runs: [sampleRun({ segments })] }), page(120));
    expect(text).toMatch(/5\.00 ms ~ init +runc: its wake-up was not recorded\n/);
    expect(text).toContain('~ inferred');
    expect(renderBlame(startedTrace(), page(120))).not.toContain('~');
  });
});

describe('chain', () => {
  it('has the entrypoint on top and the request at the bottom', () => {
    const lines = renderChain(startedTrace(), sampleChain, chainPage(120)).split('\n').slice(4, 9);
    expect(lines.map((line) => line.replace(/ {2}(pid|exec).*/, ''))).toEqual([
      'entrypoint @264.1ms',
      '└─init @255.1ms +9.0ms',
      '  └─runc create @34.0ms +221.1ms',
      '    └─dockerd @3.0ms +31.0ms',
      '      └─client @0.0ms +3.0ms',
    ]);
  });

  it('does not run out of columns, however long it is', () => {
    const [link] = sampleChain();
    const many = () => Array.from({ length: 300 }, () => link as never);
    const lines = renderChain(startedTrace(), many, chainPage(80)).split('\n');
    expect(lines.filter((line) => line.startsWith('└─client'))).toHaveLength(300);
  });
});

describe('diff', () => {
  const titles = (text: string) => text.match(/^(GREW|SHRANK)/gm);

  it('begins with what weighs more, and names the largest change first', () => {
    const facts = sampleDiff();
    const text = renderDiff(facts, { ...page(80), leastNs: 1e6 });
    expect(titles(text)).toEqual(['GREW', 'SHRANK']);
    expect(text.split('\n')[9]).toMatch(/^ +\+200\.184 +108\.6 % .* runc create NEW sleep$/);
    const { comparison } = facts;
    const differences = comparison.differences.map(({ before, after, ...rest }) => ({
      ...rest,
      before: after,
      after: before,
    }));
    const reversed = { differences, before: comparison.after, after: comparison.before };
    const back = renderDiff(sampleDiff({ comparison: reversed }), { ...page(80), leastNs: 1e6 });
    expect(titles(back)).toEqual(['SHRANK', 'GREW']);
    expect(back.split('\n')[9]).toMatch(/^ +-200\.184 +108\.6 % .* runc create GONE sleep$/);
  });

  it('sums up what is smaller than asked for, and loses nothing', () => {
    const text = renderDiff(sampleDiff(), { ...page(80), leastNs: 10e6 });
    expect(text).toContain('and 2 smaller ones, together +7.200 ms');
    expect(text).toContain('sum of all changes +184,384,001 ns = change of the window\n');
    expect(renderDiff(sampleDiff(), { ...page(80), leastNs: 0 })).not.toContain('smaller');
  });

  it('says what makes the two hard to compare, and nothing where nothing does', () => {
    expect(renderDiff(sampleDiff(), { ...page(80), leastNs: 0 })).toContain('\n! engine: ');
    expect(renderDiff(sampleDiff({ notes: [] }), { ...page(80), leastNs: 0 })).not.toContain('!');
  });

  it('of a trace with itself is nothing', () => {
    const same = sampleDiff().comparison.differences.map((each) => ({
      ...each,
      after: each.before,
    }));
    const comparison = { differences: same, before: 118e6, after: 118e6 };
    const text = renderDiff(sampleDiff({ comparison }), { ...page(80), leastNs: 0 });
    expect(text).toContain('change  0.000 ms, 0.0 %');
    expect(titles(text)).toBeNull();
  });
});

describe('explain', () => {
  it('adds up with what other rules and no rule decided', () => {
    const text = renderExplanation(startedTrace(), sampleExplanation, page(200));
    expect(text).toContain(
      'these rules 40,000,000 ns + other rules 224,000,201 ns + no rule 113,000 ns = window 264,113,201 ns',
    );
  });
});

describe('runs', () => {
  it('shows medians with their intervals, and every failure', () => {
    const text = renderRuns(sampleRunsSummary(), page(80));
    expect(text).toMatch(/^window +270\.000 +259\.200 – +283\.500 +243\.000 +378\.000$/m);
    expect(text).toContain('6 asked for, 1 warm-up not counted, 1 failed');
    expect(text).toContain('! start 3 failed: the engine refused: no such image');
    expect(text).not.toContain('unattributed');
  });
});
