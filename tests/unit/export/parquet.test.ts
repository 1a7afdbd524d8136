import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildTracks } from '../../../src/analysis/tracks/tracks.js';
import { columnsNote, parquetFile } from '../../../src/export/parquet.js';
import { rowsOf } from '../../../src/export/tables/rows.js';
import {
  type Column,
  TABLE_NAMES,
  TABLES,
  type TableName,
  type TableRows,
} from '../../../src/export/tables/schema.js';
import type { Trace } from '../../../src/model/trace/trace.js';
import { sampleTrace } from '../../support/samples.js';
import { hostileTrace, startedTrace } from '../../support/traces.js';

const folder = mkdtempSync(join(tmpdir(), 'dit-parquet-'));
afterAll(() => rmSync(folder, { recursive: true }));

let connection: DuckDBConnection;
beforeAll(async () => {
  connection = await (await DuckDBInstance.create()).connect();
  await connection.run("SET TimeZone = 'UTC'");
});
afterAll(() => connection.closeSync());

const rows = (trace: Trace, table: TableName): TableRows =>
  rowsOf(table, trace, { file: 'a.dit', tracks: () => buildTracks(trace) });

function written(own: TableRows): string {
  const path = join(folder, `${own.table}.parquet`);
  writeFileSync(path, parquetFile(own));
  return path;
}

function bufferOf(path: string): ArrayBuffer {
  const bytes = readFileSync(path);
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
}

const objectsByHyparquet = (path: string): Promise<Record<string, unknown>[]> =>
  parquetReadObjects({ file: bufferOf(path) });

async function byDuckdb(sql: string): Promise<Record<string, unknown>> {
  return (await connection.runAndReadAll(sql)).getRowObjectsJS()[0] ?? {};
}

const isNumeric = ({ type }: Column): boolean => type === 'int32' || type === 'int64';

describe.each([
  ['a sample', sampleTrace('docker-28.5/bridge.dit')],
  ['a start with copy-ups', startedTrace()],
])('%s, written and read by two others', (_name, trace) => {
  it.each(TABLE_NAMES)('%s has equal rows, sums and nulls', async (table) => {
    const own = rows(trace, table);
    const path = written(own);
    const columns: readonly Column[] = TABLES[table].columns;
    const read = await objectsByHyparquet(path);
    const sums = columns.map(({ name, ...column }) =>
      isNumeric({ name, ...column })
        ? `coalesce(sum("${name}"), 0)::BIGINT AS "${name}"`
        : `count("${name}") AS "${name}"`,
    );
    const duckdb = await byDuckdb(`SELECT count(*) AS rows, ${sums} FROM '${path}'`);
    const hyparquet: Record<string, bigint> = { rows: BigInt(read.length) };
    const expected: Record<string, bigint> = { rows: BigInt(own.length) };
    for (const column of columns) {
      const { name } = column;
      const one = isNumeric(column) ? (value: unknown) => BigInt(value as number) : () => 1n;
      const sumOf = (values: readonly unknown[]): bigint =>
        values.reduce<bigint>((sum, value) => (value == null ? sum : sum + one(value)), 0n);
      hyparquet[name] = sumOf(read.map((row) => row[name]));
      expected[name] = sumOf(
        Array.from({ length: own.length }, (_, row) => own.cells[name]?.(row)),
      );
    }
    expect(duckdb).toEqual(expected);
    expect(hyparquet).toEqual(expected);
  });

  it('has times, days and texts as they are', async () => {
    const own = rows(trace, 'runs');
    const path = written(own);
    const { cells } = own;
    const us = cells.started_at?.(0) as number;
    const day = cells.day?.(0) as number;
    expect(
      await byDuckdb(
        `SELECT epoch_us(started_at) AS us, typeof(started_at) AS type, day - DATE '1970-01-01' AS day,
          image, total_ns, typeof(total_ns) AS ns, perturbed FROM '${path}'`,
      ),
    ).toEqual({
      us: BigInt(us),
      type: 'TIMESTAMP WITH TIME ZONE',
      day: BigInt(day),
      image: cells.image?.(0),
      total_ns: BigInt(cells.total_ns?.(0) as number),
      ns: 'BIGINT',
      perturbed: false,
    });
    const [read] = await objectsByHyparquet(path);
    expect(read?.started_at).toEqual(new Date(us / 1000));
    expect(read?.day).toEqual(new Date(day * 86_400_000));
    expect(read?.image).toBe(cells.image?.(0));
  });
});

describe('a Parquet file', () => {
  it('says which table it is, and which columns it has', () => {
    const metadata = parquetMetadata(bufferOf(written(rows(startedTrace(), 'phases'))));
    expect(metadata.key_value_metadata).toEqual([
      { key: 'dit.table', value: 'phases' },
      { key: 'dit.columns', value: columnsNote('phases') },
    ]);
    expect(columnsNote('losses')).toMatch(/^1:container_id,started_at,.*,place,records$/);
  });

  it('has columns of repeated texts as dictionaries', () => {
    const trace = sampleTrace('docker-28.5/none.dit');
    const { row_groups } = parquetMetadata(bufferOf(written(rows(trace, 'segments'))));
    const encodings = Object.fromEntries(
      row_groups.flatMap(({ columns }) =>
        columns.map(({ meta_data }) => [meta_data?.path_in_schema[0], meta_data?.encodings]),
      ),
    );
    expect(encodings).toMatchObject({
      trace_id: ['PLAIN', 'RLE_DICTIONARY'],
      category: ['PLAIN', 'RLE_DICTIONARY'],
      start_ns: ['PLAIN'],
    });
  });

  it('has groups of rows, and all rows in order', async () => {
    const own = rows(startedTrace(), 'losses');
    const length = 150_000;
    const path = written({ ...own, length, cells: { ...own.cells, records: (row) => row } });
    expect(parquetMetadata(bufferOf(path)).row_groups).toHaveLength(3);
    expect(
      await byDuckdb(
        `SELECT count(*) AS n, count(*) FILTER (records = file_row_number) AS same
          FROM read_parquet('${path}', file_row_number = true)`,
      ),
    ).toEqual({ n: BigInt(length), same: BigInt(length) });
  });

  it('keeps what text holds, but for halves of characters', async () => {
    const own = rows(hostileTrace(), 'runs');
    const path = written(own);
    const text = (own.cells.name?.(0) as string).toWellFormed();
    expect(await byDuckdb(`SELECT name FROM '${path}'`)).toEqual({ name: text });
    expect((await objectsByHyparquet(path))[0]?.name).toBe(text);
  });

  it('holds whatever number a trace file claims, as the nearest', async () => {
    const own = rows(startedTrace(), 'losses');
    const values = [2 ** 64, -(2 ** 64), 2 ** 63, 1.5];
    const cells = { ...own.cells, records: (row: number) => values[row] as number };
    const path = written({ ...own, length: values.length, cells });
    const read = await connection.runAndReadAll(`SELECT records FROM '${path}'`);
    expect(read.getColumns()[0]).toEqual([2n ** 63n - 1n, -(2n ** 63n), 2n ** 63n - 1n, 1n]);
  });
});
