import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, describe, expect, it } from 'vitest';
import { buildTracks } from '../../../src/analysis/tracks/tracks.js';
import { csvFile } from '../../../src/export/csv.js';
import { rowsOf } from '../../../src/export/tables/rows.js';
import { TABLE_NAMES, TABLES, type TableName } from '../../../src/export/tables/schema.js';
import type { Trace } from '../../../src/model/trace/trace.js';
import { sampleTrace } from '../../support/samples.js';
import { HOSTILE, sampleRun, startedTrace } from '../../support/traces.js';

const folder = mkdtempSync(join(tmpdir(), 'dit-csv-'));
afterAll(() => rmSync(folder, { recursive: true }));

const rows = (trace: Trace, table: TableName) =>
  rowsOf(table, trace, { file: 'a.dit', tracks: () => buildTracks(trace) });
const csv = (trace: Trace, table: TableName): string => [...csvFile(rows(trace, table))].join('');

/** RFC 4180; null for an empty field without quotes. */
function parse(text: string): (string | null)[][] {
  const records: (string | null)[][] = [[]];
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/gy;
  for (let match = field.exec(text); match !== null; match = field.exec(text)) {
    const [, quoted, plain, end] = match;
    const value = quoted === undefined ? plain || null : quoted.replaceAll('""', '"');
    records.at(-1)?.push(value ?? null);
    if (end === '\r\n') records.push([]);
    if (field.lastIndex === text.length) return records.slice(0, -1);
  }
  throw new Error('no CSV');
}

/** Cells of one run's row, by column. */
function runWith(changes: Parameters<typeof sampleRun>[0]): Record<string, string | null> {
  const [names = [], cells = []] = parse(csv(startedTrace({ runs: [sampleRun(changes)] }), 'runs'));
  return Object.fromEntries(names.map((name, index) => [name, cells[index] ?? null]));
}

describe('a table as CSV', () => {
  const trace = sampleTrace('docker-28.5/none.dit');

  it.each(TABLE_NAMES)('has a header and all rows of %s', (table) => {
    const [names, ...records] = parse(csv(trace, table));
    expect(names).toEqual(TABLES[table].columns.map(({ name }) => name));
    expect(records).toHaveLength(rows(trace, table).length);
    for (const record of records) expect(record).toHaveLength(names?.length ?? 0);
  });

  it('gives DuckDB the sum that the window has', async () => {
    const path = join(folder, 'segments.csv');
    writeFileSync(path, csv(trace, 'segments'));
    const connection = await (await DuckDBInstance.create()).connect();
    const result = await connection.runAndReadAll(
      `SELECT sum(duration_ns)::BIGINT, count(*)::BIGINT, count(syscall)::BIGINT,
        count(*) FILTER (waits_for = '')::BIGINT FROM read_csv('${path}', allow_quoted_nulls=false)`,
    );
    const { window, segments } = trace.runs[0] as Trace['runs'][0];
    expect(result.getRows()[0]?.map(Number)).toEqual([
      (window?.end ?? 0) - (window?.start ?? 0),
      segments.length,
      segments.filter(({ syscall }) => syscall !== undefined).length,
      segments.filter(({ waitsFor }) => waitsFor === undefined).length,
    ]);
    connection.disconnectSync();
  });

  it.each([
    '=1+2',
    '+1',
    '-1',
    '@SUM(A1)',
    '=HYPERLINK("http://x","y")',
  ])('keeps a spreadsheet from computing %s', (name) => {
    expect(runWith({ name }).name).toBe(`'${name}`);
  });

  it('leaves negative numbers alone', () => {
    expect(runWith({ exitCode: -9 }).exit_code).toBe('-9');
  });

  it('quotes commas and quotes', () => {
    expect(runWith({ name: 'a,"b"' }).name).toBe('a,"b"');
  });

  it('tells null from the empty text', () => {
    expect(runWith({ exitCode: undefined, failure: '' })).toMatchObject({
      exit_code: null,
      failure: '',
    });
  });

  it('keeps a row on a line, and holds nothing that a terminal acts on', () => {
    const text = csv(startedTrace({ runs: [sampleRun({ name: HOSTILE })] }), 'runs');
    expect(text).not.toMatch(/[^\P{C}\r\n]/u);
    expect(text.split('\r\n')).toHaveLength(3);
    expect(runWith({ name: 'a\r\nb' }).name).toBe('a\\r\\nb');
  });

  it('writes times as calendars do', () => {
    expect(runWith({})).toMatchObject({
      started_at: '2023-11-14T22:13:20.173456Z',
      day: '2023-11-14',
    });
  });
});
