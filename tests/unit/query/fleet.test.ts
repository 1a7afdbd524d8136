/** The queries that come with dit, and the example of docs/warehouse.md, over the recorded starts of two days. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildTracks } from '../../../src/analysis/tracks/tracks.js';
import { TABLE_NAMES } from '../../../src/export/tables/schema.js';
import type { Category } from '../../../src/model/trace/category.js';
import type { Trace } from '../../../src/model/trace/trace.js';
import { packagePath } from '../../../src/platform/package-files.js';
import { namedQueries } from '../../../src/query/named-queries.js';
import { writeParquetFolder } from '../../../src/store/parquet-folder.js';
import { SAMPLES, sampleTrace } from '../../support/samples.js';
import { startedTrace } from '../../support/traces.js';

type Row = Readonly<Record<string, unknown>>;

const [BEFORE, AFTER] = ['2026-11-21', '2026-11-22'] as const;
const NEWER = 'docker-28.5/bridge.dit';

let folder: string;
let duckdb: DuckDBConnection;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dit-fleet-'));
  for (const name of SAMPLES) write(sampleTrace(name));
  // The same start three times on the next day, and in a category that the day before does not have.
  for (const traceId of ['a', 'b', 'c']) write(laterTrace(1n, traceId, 'new'));
  write(laterTrace(2n, 'd', 'another day'));
  write(copyingTrace());
  duckdb = await (await DuckDBInstance.create()).connect();
  await duckdb.run(`SET file_search_path = '${folder}'`);
});
afterAll(() => {
  duckdb.closeSync();
  rmSync(folder, { recursive: true });
});

function write(trace: Trace): void {
  const about = { file: '', tracks: () => buildTracks(trace) };
  writeParquetFolder(join(folder, 'starts'), trace, about, { owner: undefined });
}

/** With the time of its fsyncs in another category. */
function laterTrace(days: bigint, traceId: string, name: string): Trace {
  // A later dit may know others.
  const category = name as Category;
  const { recording, ...rest } = sampleTrace(NEWER);
  const { header } = recording;
  const startRealtimeNs = header.startRealtimeNs + days * 86_400_000_000_000n;
  const runs = rest.runs.map((run) => ({
    ...run,
    segments: run.segments.map((each) =>
      each.category === 'fsync' ? { ...each, category } : each,
    ),
  }));
  return {
    ...rest,
    runs,
    recording: { ...recording, header: { ...header, traceId, startRealtimeNs } },
  };
}

/** A start that copies two files and a folder up. */
function copyingTrace(): Trace {
  const trace = startedTrace();
  const runs = trace.runs.map((run) => ({
    ...run,
    copyUps: run.copyUps.flatMap((copyUp) => [copyUp, copyUp, { ...copyUp, bytes: 0 }]),
  }));
  return { ...trace, runs };
}

async function rows(sql: string): Promise<Row[]> {
  return (await duckdb.runAndReadAll(sql)).getRowObjectsJS();
}

async function answerOf(name: string): Promise<Row[]> {
  for (const table of TABLE_NAMES) {
    await duckdb.run(
      `CREATE OR REPLACE TEMP VIEW ${table} AS
       FROM read_parquet('starts/${table}/*/*/*.parquet', hive_partitioning = true, union_by_name = true)`,
    );
  }
  return rows(namedQueries().find((query) => query.name === name)?.sql ?? '');
}

describe('the query', () => {
  it('slowest-syscalls has no open of a FIFO, which takes as long as others let it', async () => {
    const found = await answerOf('slowest-syscalls');
    expect(found).toHaveLength(30);
    const opens = found.filter(({ name }) => String(name).startsWith('open'));
    for (const { texts } of opens) expect(texts).toMatch(/^(?!\/proc\/).*[a-z]/);
    // init waits for `runc start` there for 39.8 ms.
    expect(found.map(({ texts }) => texts)).not.toContain('7');
  });

  it('waits knows that nothing is inferred where all is exact', async () => {
    const percents = (await answerOf('waits')).map((row) => row.inferred_percent);
    expect(percents).not.toContain(null);
    expect(percents).toContain(0);
  });

  it('copy-ups-by-image counts files, and folders apart', async () => {
    expect(await answerOf('copy-ups-by-image')).toMatchObject([
      { image: 'alpine:3.20', files: 2n, without_data: 1n, files_before_entrypoint: 0n },
    ]);
  });
});

it('docs/warehouse.md says which category grew, whatever the number of starts', async () => {
  const text = readFileSync(packagePath('docs/warehouse.md'), 'utf8');
  const [, block = ''] = /### DuckDB\n+```sql\n([\s\S]*?)```/.exec(text) ?? [];
  const sql = block.replaceAll('2025-11-20', BEFORE).replaceAll('2025-11-21', AFTER);
  const at = sql.indexOf('WITH starts');
  await duckdb.run(sql.slice(0, at).replaceAll('CREATE VIEW', 'CREATE OR REPLACE TEMP VIEW'));
  const grown = await rows(sql.slice(at));
  const ofCategory = (category: string) => grown.find((row) => row.category === category);
  expect(ofCategory('new')).toMatchObject({ before_ms: 0 });
  expect(ofCategory('another day')).toBeUndefined();
  expect(ofCategory('fsync')).toMatchObject({ after_ms: 0 });
  const total = grown.reduce((ms, { after_ms }) => ms + Number(after_ms), 0);
  const window = sampleTrace(NEWER).runs[0]?.window;
  expect(total).toBeCloseTo(((window?.end ?? 0) - (window?.start ?? 0)) / 1e6, 3);
});
