import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { traceJson } from '../../../../src/render/json/json.js';
import { ACTED_ON } from '../../../support/terminal.js';
import {
  cutTrace,
  failedTrace,
  hostileTrace,
  SAMPLE_ID,
  startedTrace,
} from '../../../support/traces.js';

// biome-ignore lint/suspicious/noExplicitAny: a document is looked into
const parsed = (trace = startedTrace()): any => JSON.parse(traceJson(trace));

describe('the JSON document of a trace', () => {
  it('has the run, whole', () => {
    const document = parsed();
    expect(document).toMatchObject({
      schema: 'dit.trace/1',
      trace_id: '00112233445566778899aabbccddeeff',
      start_ns: '123456789012345',
      complete: true,
      outcome: 'complete',
      events: 6,
      lost: 0,
    });
    const [run] = document.runs;
    expect(run).toMatchObject({
      container_id: SAMPLE_ID,
      exit_code: 3,
      window: { start_ns: 50_000_000, end_ns: 314_113_201, length_ns: 264_113_201 },
      phases: {
        runtime: 193_000_201,
        kernel: 43_000_000,
        storage: 28_000_000,
        unattributed: 113_000,
      },
    });
    expect(run.milestones[0]).toEqual({
      name: 'create requested',
      time_ns: 50_000_000,
      certainty: 'exact',
      evidence: { mark: 0, text: 'api: create request sent' },
    });
  });

  it('adds up: phases, categories, shares and segments are the window', () => {
    const [run] = parsed().runs;
    const sum = (numbers: number[]) => numbers.reduce((total, ns) => total + ns, 0);
    const length = run.window.length_ns;
    expect(sum(Object.values(run.phases))).toBe(length);
    expect(sum(run.categories.map(({ ns }: { ns: number }) => ns))).toBe(length);
    expect(sum(run.shares.map(({ ns }: { ns: number }) => ns))).toBe(length);
    let at = run.window.start_ns;
    for (const segment of run.segments) {
      expect(segment.start_ns).toBe(at);
      at = segment.end_ns;
    }
    expect(at).toBe(run.window.end_ns);
  });

  it('says null for what is not known', () => {
    expect(parsed(cutTrace())).toMatchObject({
      complete: false,
      outcome: null,
      lost: null,
      losses: null,
    });
    expect(parsed(cutTrace()).runs[0]).toMatchObject({ window: null, exit_code: null });
    expect(parsed(failedTrace())).toMatchObject({ outcome: 'failed', lost: 1234 });
  });

  it('is safe to print', () => {
    expect(ACTED_ON.test(traceJson(hostileTrace()).replaceAll('\n', ''))).toBe(false);
  });

  it('has every field that is documented', () => {
    const documentation = readFileSync(
      new URL('../../../../docs/json.md', import.meta.url),
      'utf8',
    );
    const chapter = /## The analysis of a trace[\s\S]*?(?=\n## )/.exec(documentation)?.[0] ?? '';
    const rows = [...chapter.matchAll(/^\| (`\w+`(?:, `\w+`)*) \| (.*) \|$/gm)];
    expect(rows.length).toBeGreaterThan(40);
    const found = new Set(
      [...traceJson(startedTrace()).matchAll(/"(\w+)":/g)].map(([, key]) => key),
    );
    const documented = rows.flatMap(([, names = '']) =>
      [...names.matchAll(/\w+/g)].map(([key]) => key),
    );
    expect(documented.filter((key) => !found.has(key))).toEqual([]);
    // What a window is, stands in words.
    expect(Object.keys(parsed().runs[0].window)).toEqual([
      'start_ns',
      'end_ns',
      'length_ns',
      'from',
      'to',
    ]);
  });

  it('is documented field by field', () => {
    const documentation = readFileSync(
      new URL('../../../../docs/json.md', import.meta.url),
      'utf8',
    );
    const documented = new Set(
      [...documentation.matchAll(/`([a-z0-9_]+)`/g)].map(([, name]) => name),
    );
    const keys = new Set<string>();
    const visit = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      if (!Array.isArray(value)) for (const key of Object.keys(value)) keys.add(key);
      for (const child of Object.values(value)) visit(child);
    };
    visit(parsed(cutTrace()));
    visit(parsed(hostileTrace()));
    expect([...keys].filter((key) => !documented.has(key))).toEqual([]);
  });
});
