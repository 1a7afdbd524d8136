import { describe, expect, it } from 'vitest';
import { jsonLines } from '../../../src/export/jsonl.js';
import { EVENT_KINDS } from '../../../src/model/recording/event-kinds.js';
import type { Trace } from '../../../src/model/trace/trace.js';
import { selectEvents } from '../../../src/render/common/select-events.js';
import { eventJson } from '../../../src/render/json/events-json.js';
import { traceDocument } from '../../../src/render/json/json.js';
import { SAMPLES, sampleTrace } from '../../support/samples.js';
import { failedTrace, hostileTrace } from '../../support/traces.js';

function* eventLines(trace: Trace): Generator<string> {
  const line = eventJson(trace);
  for (const event of selectEvents(trace, {})) yield line(event);
}

const text = (trace: Trace): string =>
  [...jsonLines(traceDocument(trace), eventLines(trace))].join('');

type Line = Readonly<Record<string, unknown>>;
const linesOf = (trace: Trace): Line[] =>
  text(trace)
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

const withRecord = (lines: readonly Line[], record: string): Line[] =>
  lines.filter((line) => line.record === record);

describe('JSON Lines', () => {
  it.each(SAMPLES)('hold every event of %s once, by kind', (name) => {
    const trace = sampleTrace(name);
    const { events } = trace.recording;
    const lines = withRecord(linesOf(trace), 'event');
    expect(lines).toHaveLength(events.length);
    for (const { name: kind } of EVENT_KINDS) {
      expect(lines.filter((line) => line.kind === kind)).toHaveLength(events.count(kind));
    }
    const calls = lines.filter((line) => line.kind === 'syscall');
    const durations = events.table('syscall').column('durations_ns').view();
    expect(calls.reduce((sum, line) => sum + Number(line.duration_ns), 0)).toBe(
      Array.from(durations).reduce((sum, ns) => sum + ns, 0),
    );
  });

  it('give back the document of the analysis', () => {
    const trace = sampleTrace('docker-28.5/bridge.dit');
    const lines = linesOf(trace);
    const { runs, marks, schema: _, ...document } = traceDocument(trace);
    const [{ record, schema, ...head } = {}] = lines;
    expect([record, schema]).toEqual(['trace', 'dit.lines/1']);
    expect(head).toEqual(JSON.parse(JSON.stringify(document)));
    const marked = withRecord(lines, 'mark').map(({ record: _, ...fields }) => fields);
    expect(marked).toEqual(JSON.parse(JSON.stringify(marks)));
    expect(marked.length).toBeGreaterThan(0);

    const [run] = JSON.parse(JSON.stringify(runs));
    const back = (name: string): Line[] =>
      withRecord(lines, name).map(({ record: _, container_id, ...fields }) => {
        expect(container_id).toBe(run.container_id);
        return fields;
      });
    const [{ record: __, ...own } = {}] = withRecord(lines, 'run');
    expect({
      ...own,
      milestones: back('milestone'),
      absent: back('absent_milestone'),
      categories: back('category'),
      shares: back('share'),
      findings: back('finding'),
      copy_ups: back('copy_up'),
      segments: back('segment'),
    }).toEqual(run);
  });

  it('tell of a start that failed', () => {
    const [run] = withRecord(linesOf(failedTrace()), 'run');
    expect(run).toMatchObject({ window: null, exit_code: 127 });
  });

  it('hold nothing that a terminal acts on', () => {
    expect(text(hostileTrace())).not.toMatch(/[^\P{C}\n]/u);
  });

  it('ask for an event when it is written, not before', () => {
    const asked: number[] = [];
    function* endless(): Generator<string> {
      for (let index = 0; ; index++) {
        asked.push(index);
        yield `{"time_ns":${index}}\n`;
      }
    }
    const chunks = jsonLines({ runs: [], marks: [] }, endless())[Symbol.iterator]();
    const first = chunks.next().value as string;
    expect(asked.length).toBe(first.split('\n').length - 2);
  });
});
