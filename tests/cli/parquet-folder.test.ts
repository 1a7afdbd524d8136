/** What `dit trace watch --out DIR --parquet` and the export write: a folder of tables, a file each. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildTracks } from '../../src/analysis/tracks/tracks.js';
import { TABLE_NAMES } from '../../src/export/tables/schema.js';
import { TABLES_OF_A_START, writeParquetFolder } from '../../src/store/parquet-folder.js';
import { sampleTrace } from '../support/samples.js';
import { startedTrace } from '../support/traces.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dit-parquet-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const path = (name: string): string => join(folder, name);

describe('a folder of Parquet', () => {
  it('has a file a table and recording, in its partition; again: in its place', () => {
    const own = path('layout');
    const trace = sampleTrace('docker-28.5/bridge.dit');
    const options = { file: '', tracks: () => buildTracks(trace) };
    const { files } = writeParquetFolder(own, trace, options, { owner: undefined });
    const { traceId } = trace.recording.header;
    const partition = `host=vm/day=2026-11-21/${traceId}.parquet`;
    // Nothing was copied up.
    const filled = TABLE_NAMES.filter((table) => table !== 'copyups');
    expect(files).toEqual(filled.map((table) => join(own, table, partition)));
    writeParquetFolder(own, trace, options, { owner: undefined });
    const found = readdirSync(own, { recursive: true, withFileTypes: true });
    expect(found.filter((entry) => entry.isFile())).toHaveLength(filled.length);
  });

  it('tells the starts of one recording apart', () => {
    const trace = startedTrace();
    const { recording } = trace;
    const target = { ...recording.header.target, containerId: trace.runs[0]?.containerId ?? '' };
    const one = { ...trace, recording: { ...recording, header: { ...recording.header, target } } };
    const { files } = writeParquetFolder(
      path('watched'),
      one,
      { file: '', tracks: () => buildTracks(one) },
      { owner: undefined, tables: TABLES_OF_A_START },
    );
    expect(files.map((file) => basename(file))).toContain(
      '00112233445566778899aabbccddeeff-0123456789ab.parquet',
    );
    expect(files.map((file) => file.slice(path('watched').length + 1).split('/')[0])).not.toContain(
      'slices',
    );
  });

  it('stays in its folder whatever a trace is called', () => {
    const trace = startedTrace();
    const header = { ...trace.recording.header, traceId: '../../../x' };
    const evil = {
      ...trace,
      recording: {
        ...trace.recording,
        header: { ...header, host: { ...header.host, hostname: '..' } },
      },
    };
    const about = { file: '', tracks: () => buildTracks(evil) };
    const { files } = writeParquetFolder(path('evil'), evil, about, { owner: undefined });
    for (const file of files) {
      expect(file.startsWith(`${path('evil')}/`)).toBe(true);
      expect(file).toMatch(/\/host=\.\.\/day=2023-11-14\/\.\.-\.\.-\.\.-x\.parquet$/);
    }
  });
});
