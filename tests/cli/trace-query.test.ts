/** What the program answers to SQL over traces, and what it says to wrong questions and wrong files. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildTracks } from '../../src/analysis/tracks/tracks.js';
import { parquetFile } from '../../src/export/parquet.js';
import { rowsOf } from '../../src/export/tables/rows.js';
import { TABLE_NAMES, TABLES_VERSION } from '../../src/export/tables/schema.js';
import type { Trace } from '../../src/model/trace/trace.js';
import { namedQueries } from '../../src/query/named-queries.js';
import { TABLES_OF_A_START, writeParquetFolder } from '../../src/store/parquet-folder.js';
import { smallTraceFile } from '../support/recordings.js';
import { DIT, dit, type Outcome } from '../support/run-dit.js';
import { SAMPLES, samplePath, sampleTrace } from '../support/samples.js';
import { HOSTILE, hostileTrace, startedTrace } from '../support/traces.js';

let folder: string;
let samples: string;
let tables: string;
/** As a user who did not type sudo. */
const OWN = { owner: undefined };

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dit-query-'));
  samples = path('samples');
  mkdirSync(samples);
  for (const name of SAMPLES) cpSync(samplePath(name), join(samples, name.replace('/', '-')));
  tables = path('tables');
  for (const name of SAMPLES) {
    const trace = sampleTrace(name);
    writeParquetFolder(tables, trace, { file: name, tracks: () => buildTracks(trace) }, OWN);
  }
  writeFileSync(path('text.dit'), 'this is no trace\n');
  writeFileSync(path('empty.dit'), '');
  const newer = Uint8Array.from(smallTraceFile());
  newer[newer.findIndex((byte, index) => byte === 0x08 && newer[index + 1] === 1) + 1] = 9;
  writeFileSync(path('newer.dit'), newer);
});
afterAll(() => rmSync(folder, { recursive: true }));

const path = (name: string): string => join(folder, name);

async function queryIn(env: Record<string, string>, ...args: string[]): Promise<Outcome> {
  const { stderr, ...outcome } = await dit(['trace', 'query', ...args], env);
  // On a busy machine it says now and then how far it is.
  return { ...outcome, stderr: stderr.replace(/^dit: analysing traces: .*\n/gm, '') };
}

const query = (...args: string[]): Promise<Outcome> =>
  queryIn({ XDG_CACHE_HOME: path('cache'), DIT_TRACES: path('none') }, ...args);

async function rows(...args: string[]): Promise<Record<string, unknown>[]> {
  const { exitCode, stdout, stderr } = await query('--format', 'json', ...args);
  expect(stderr).toBe(stdout === '[\n]\n' ? 'dit: no rows\n' : '');
  expect(exitCode).toBe(0);
  return JSON.parse(stdout) as Record<string, unknown>[];
}

const cached = (): string[] => readdirSync(path('cache'), { recursive: true }).map(String).sort();

const COUNTS = TABLE_NAMES.map(
  (table) =>
    `SELECT '${table}' AS t, count(*) AS n, count(DISTINCT trace_id) AS traces FROM ${table}`,
).join(' UNION ALL ');

describe('traces and their tables', () => {
  it('answer alike', async () => {
    const fromTraces = await rows(COUNTS, samples);
    const fromTables = await rows(COUNTS, tables);
    expect(fromTraces).toEqual(fromTables);
    expect(fromTraces).toContainEqual({ t: 'runs', n: SAMPLES.length, traces: SAMPLES.length });
  });

  it('have the windows that the traces have', async () => {
    const windows = SAMPLES.map((name) => {
      const [run] = sampleTrace(name).runs;
      return (run?.window?.end ?? 0) - (run?.window?.start ?? 0);
    });
    const sql = 'SELECT total_ns FROM runs ORDER BY total_ns';
    const wanted = windows.sort((a, b) => a - b).map((total_ns) => ({ total_ns }));
    expect(await rows(sql, samples)).toEqual(wanted);
    expect(await rows(sql, tables)).toEqual(wanted);
  });

  it('are read by host and day', async () => {
    const sql = "SELECT count(*) AS n FROM runs WHERE host = 'vm' AND day = DATE '2026-11-21'";
    expect(await rows(sql, tables)).toEqual([{ n: 5 }]);
    expect(await rows("SELECT count(*) AS n FROM runs WHERE host = 'other'", tables)).toEqual([
      { n: 0 },
    ]);
  });

  it('may be files of Parquet by themselves, under any name, and a part of the folder', async () => {
    const trace = sampleTrace(SAMPLES[0] ?? '');
    const loose = path('anything.parquet');
    const own = rowsOf('phases', trace, { file: '', tracks: () => buildTracks(trace) });
    writeFileSync(loose, parquetFile(own));
    const sql = 'SELECT sum(duration_ns) AS ns FROM phases';
    const [run] = trace.runs;
    const ns = (run?.window?.end ?? 0) - (run?.window?.start ?? 0);
    expect(await rows(sql, loose)).toEqual([{ ns }]);
    expect(await rows('SELECT count(*) AS n FROM runs', join(tables, 'runs'))).toEqual([{ n: 5 }]);
  });

  it('may be of another version: missing columns are null, further ones are left out', async () => {
    const other = path('other');
    const partition = join(other, 'runs/host=old/day=2020-01-01');
    mkdirSync(partition, { recursive: true });
    const made = await query(
      "SELECT 'abc' AS trace_id, 'c' AS container_id, 7::BIGINT AS total_ns, 'x' AS further",
      '--format',
      'parquet',
      '-o',
      join(partition, 'a.parquet'),
    );
    expect(made).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    const [old, newer] = await rows('FROM runs ORDER BY total_ns LIMIT 2', other, tables);
    expect(old).toMatchObject({ trace_id: 'abc', total_ns: 7, image: null, host: 'old' });
    expect(old).toMatchObject({ day: '2020-01-01' });
    expect(old).not.toHaveProperty('further');
    expect(newer).toMatchObject({ image: 'dit-builtin:1', host: 'vm' });
  });

  it('are not counted twice where both lie in a folder', async () => {
    const both = path('both');
    cpSync(tables, both, { recursive: true });
    cpSync(samplePath(SAMPLES[0] ?? ''), join(both, 'a.dit'));
    const { stdout, stderr } = await query(
      'SELECT count(*) AS n FROM runs',
      both,
      '--format',
      'csv',
    );
    expect(stdout).toBe('n\n5\n');
    expect(stderr).toMatch(/^dit: 1 trace file beside tables of Parquet: not read/);
  });

  it('are the recordings of the traces folder when none are named', async () => {
    const env = { XDG_CACHE_HOME: path('cache'), DIT_TRACES: samples };
    const sql = 'SELECT count(*) AS n FROM runs';
    const { stdout } = await queryIn(env, sql, '--format', 'csv');
    expect(stdout).toBe('n\n5\n');
  });
});

describe('the named queries', () => {
  const names = namedQueries().map(({ name }) => name);

  it.each(names)('%s answers from traces and from tables alike', async (name) => {
    const answer = await rows(name, tables);
    expect(await rows(name, samples)).toEqual(answer);
  });

  it('are a dozen, listed with what they answer, and print themselves', async () => {
    const { stdout } = await query('--list');
    const lines = stdout.trimEnd().split('\n');
    expect(lines.length).toBeGreaterThanOrEqual(12);
    expect(lines.map((line) => line.split(/ {2,}/)[0])).toEqual(names);
    for (const line of lines) expect(line).toMatch(/^[a-z0-9-]+ {2,}[A-Z].*[.]$/);
    const own = await query('--list', 'slowest-starts');
    expect(own.stdout).toMatch(/^-- The slowest starts/);
  });

  it('find what the samples show', async () => {
    const [slowest] = await rows('slowest-starts', samples);
    expect(slowest).toMatchObject({ ms: 392.4, most_in: 'sleep', finding: 'sleep', host: 'vm' });
    const [cause] = await rows('cause-of-slow', samples);
    expect(cause).toMatchObject({ ms: 392.4, cause: 'sleep' });
    const networks = await rows('network-cost', samples);
    expect(networks.map(({ network }) => network).sort()).toEqual([
      'bridge',
      'bridge',
      'none',
      'none',
    ]);
  });

  it('may be files of one’s own', async () => {
    const own = path('own.sql');
    writeFileSync(own, '-- How many?\nSELECT count(*) AS n FROM runs;\n');
    expect(await rows(own, tables)).toEqual([{ n: SAMPLES.length }]);
    const { exitCode, stderr } = await query(path('no.sql'), tables);
    expect(stderr).toMatch(/^dit: the query ".*no\.sql" cannot be read: ENOENT/);
    writeFileSync(own, ' '.repeat((1 << 20) + 1));
    expect((await query(own, tables)).stderr).toMatch(/own\.sql" has 1048577 bytes\n {2}try: /);
    expect(exitCode).toBe(2);
  });

  it('take variables', async () => {
    const two = path('two-days');
    const [first = '', second = ''] = SAMPLES;
    for (const [name, days] of [
      [first, 0n],
      [second, 3n],
    ] as const) {
      const trace = movedBy(sampleTrace(name), days);
      writeParquetFolder(
        two,
        trace,
        { file: '', tracks: () => buildTracks(trace) },
        { owner: undefined, tables: TABLES_OF_A_START },
      );
    }
    const grown = await rows('what-grew', two);
    expect(grown[0]).toMatchObject({ before_day: '2026-11-21', after_day: '2026-11-24' });
    const length = (name: string): number => {
      const window = sampleTrace(name).runs[0]?.window;
      return ((window?.end ?? 0) - (window?.start ?? 0)) / 1e6;
    };
    const sum = grown.reduce((ms, row) => ms + Number(row.grew_ms), 0);
    expect(sum).toBeCloseTo(length(second) - length(first), 0);
    const back = ['--set', 'before=2026-11-24', '--set', 'after=2026-11-21'];
    const shrunk = await rows('what-grew', two, ...back);
    expect(shrunk[0]).toMatchObject({ before_day: '2026-11-24', after_day: '2026-11-21' });
    expect(shrunk.at(-1)?.category).toBe(grown[0]?.category);
  });
});

function movedBy(trace: Trace, days: bigint): Trace {
  const { header } = trace.recording;
  const startRealtimeNs = header.startRealtimeNs + days * 86_400_000_000_000n;
  return { ...trace, recording: { ...trace.recording, header: { ...header, startRealtimeNs } } };
}

describe('the answer', () => {
  const SQL = `SELECT i AS n, 'a "b", c' AS text, NULL AS nothing, i / 4 AS quarter,
    9007199254740993 + i AS large, [i, i] AS list FROM range(2) t(i)`;

  it('is a table', async () => {
    const { stdout } = await query(SQL);
    expect(stdout).toBe(
      `n  text      nothing  quarter             large  list
-  --------  -------  -------  ----------------  ------
0  a "b", c     NULL        0  9007199254740993  [0, 0]
1  a "b", c     NULL     0.25  9007199254740994  [1, 1]
`,
    );
  });

  it('is CSV', async () => {
    const { stdout } = await query(
      `${SQL} UNION ALL SELECT 2, '', '', 0, 0, []`,
      '--format',
      'csv',
    );
    expect(stdout).toBe(`n,text,nothing,quarter,large,list
0,"a ""b"", c",,0,9007199254740993,"[0, 0]"
1,"a ""b"", c",,0.25,9007199254740994,"[1, 1]"
2,"","",0,0,[]
`);
  });

  it('is JSON, in which numbers are exact', async () => {
    expect(await rows(SQL)).toEqual([
      {
        n: 0,
        text: 'a "b", c',
        nothing: null,
        quarter: 0,
        large: '9007199254740993',
        list: '[0, 0]',
      },
      {
        n: 1,
        text: 'a "b", c',
        nothing: null,
        quarter: 0.25,
        large: '9007199254740994',
        list: '[1, 1]',
      },
    ]);
    expect(await query('SELECT 1 AS n WHERE false', '--format', 'json')).toEqual({
      exitCode: 0,
      stdout: '[\n]\n',
      stderr: 'dit: no rows\n',
    });
  });

  it('is Parquet, which can be asked again', async () => {
    const file = path('answer.parquet');
    const sql = 'FROM runs; -- all of it';
    expect(await query(sql, tables, '--format', 'parquet', '-o', file)).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: '',
    });
    const again = path('runs.parquet');
    cpSync(file, again);
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    const { stderr } = await query('SELECT count(*) FROM runs', again);
    expect(stderr).toMatch(/holds none of dit's tables/);
  });

  it('goes to a file, whole', async () => {
    const file = path('answer.csv');
    const sql = 'SELECT i FROM range(10000) t(i)';
    expect((await query(sql, '--format', 'csv', '-o', file)).stdout).toBe('');
    expect(readFileSync(file, 'utf8').trimEnd().split('\n')).toHaveLength(10_001);
    const refused = await query('SELECT 1 / no', '--format', 'csv', '-o', file);
    expect(refused.exitCode).toBe(2);
    const failed = await query(
      "SELECT error('x') FROM range(5000) t(i) WHERE i > 4000",
      '--format',
      'csv',
      '-o',
      file,
    );
    expect(failed.exitCode).toBe(2);
    expect(readFileSync(file, 'utf8').trimEnd().split('\n')).toHaveLength(10_001);
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('goes to a file that is for its owner, and through a link to the file behind it', async () => {
    const [file, link] = [path('own.csv'), path('link.csv')];
    symlinkSync(file, link);
    writeFileSync(file, 'before', { mode: 0o600 });
    await query('SELECT 1 AS n', '--format', 'csv', '-o', link);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readFileSync(file, 'utf8')).toBe('n\n1\n');
    const fresh = path('fresh.csv');
    await query('SELECT 1 AS n', '--format', 'csv', '-o', fresh);
    expect(statSync(fresh).mode & 0o777).toBe(0o600);
  });

  it.each(['csv', 'parquet'])('goes into a pipe, which stays one: %s', async (format) => {
    const pipe = path(`pipe.${format}`);
    execFileSync('mkfifo', [pipe]);
    const [bytes, { exitCode, stderr }] = await Promise.all([
      readFile(pipe),
      query('SELECT 1 AS n', '--format', format, '-o', pipe),
    ]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(bytes.toString('latin1')).toMatch(format === 'csv' ? /^n\n1\n$/ : /^PAR1.*PAR1$/s);
    expect(statSync(pipe).isFIFO()).toBe(true);
  });

  it('has a thousand rows as a table, and says so', async () => {
    const { stdout, stderr } = await query('SELECT i FROM range(5000) t(i)');
    expect(stdout.trimEnd().split('\n')).toHaveLength(1002);
    expect(stderr).toBe('dit: the first 1,000 rows: --format csv gives all, LIMIT fewer\n');
  });

  it('is safe to print', async () => {
    const hostile = path('hostile');
    const trace = hostileTrace();
    writeParquetFolder(hostile, trace, { file: '', tracks: () => buildTracks(trace) }, OWN);
    for (const format of ['table', 'json', 'csv']) {
      const { exitCode, stdout } = await query(
        'SELECT name AS "a\x1b[2J" FROM runs',
        hostile,
        '--format',
        format,
      );
      expect(exitCode).toBe(0);
      expect(stdout).not.toMatch(/[^\P{C}\n]/u);
      expect(stdout).toContain('evil');
    }
    const json = await query('SELECT name FROM runs', hostile, '--format', 'json');
    expect(JSON.parse(json.stdout)).toEqual([{ name: HOSTILE.toWellFormed() }]);
  });

  it('is no formula to a spreadsheet', async () => {
    const sql = "SELECT '=1+1' AS \"@a\", -1 AS n, -0.5 AS d, '-1' AS t, ['\x1b'] AS l";
    expect((await query(sql, '--format', 'csv')).stdout).toBe(
      "'@a,n,d,t,l\n'=1+1,-1,-0.5,'-1,['\\x1b']\n",
    );
  });

  it('is the same whatever the container is called', async () => {
    const names = path("it's; DROP TABLE runs");
    const trace = startedTrace();
    writeParquetFolder(names, trace, { file: '', tracks: () => buildTracks(trace) }, OWN);
    expect(await rows('SELECT name FROM runs', names)).toEqual([{ name: 'eager_lamport' }]);
  });
});

describe('what was analysed', () => {
  it('is kept until the trace changes, and made again when it is gone', async () => {
    const own = path('changing');
    mkdirSync(own);
    const trace = join(own, 'a.dit');
    cpSync(samplePath('docker-28.5/none.dit'), trace);
    const sql = 'SELECT engine_version FROM runs';
    const before = existsSync(path('cache')) ? cached() : [];
    expect(await rows(sql, own)).toEqual([{ engine_version: '28.5.2+dfsg4' }]);
    const once = cached();
    expect(once.length).toBeGreaterThan(before.length);
    expect(once.filter((name) => name.includes('.slices.')).length).toBe(
      before.filter((name) => name.includes('.slices.')).length,
    );
    await rows(sql, own);
    expect(cached()).toEqual(once);
    cpSync(samplePath('docker-20.10/none.dit'), trace);
    expect(await rows(sql, own)).toEqual([{ engine_version: '20.10.24+dfsg1' }]);
    rmSync(path('cache'), { recursive: true });
    expect(await rows(sql, own)).toEqual([{ engine_version: '20.10.24+dfsg1' }]);
  });

  it('need not be kept', async () => {
    writeFileSync(path('file'), '');
    const env = { XDG_CACHE_HOME: path('file'), TMPDIR: folder };
    const args = ['SELECT count(*) AS n FROM runs', samples, '--format', 'csv'];
    expect(await queryIn(env, ...args)).toEqual({ exitCode: 0, stdout: 'n\n5\n', stderr: '' });
    expect(readdirSync(folder).filter((name) => name.startsWith('dit-query-'))).toEqual([]);
  });

  it('need not be kept where the folder is there and takes no files', async () => {
    const cache = path('closed');
    mkdirSync(join(cache, 'dit/query'), { recursive: true });
    // Not even from root.
    symlinkSync('/proc/self', join(cache, 'dit/query', String(TABLES_VERSION)));
    const env = { XDG_CACHE_HOME: cache, TMPDIR: folder };
    const args = ['SELECT count(*) AS n FROM runs', samples, '--format', 'csv'];
    expect(await queryIn(env, ...args)).toEqual({ exitCode: 0, stdout: 'n\n5\n', stderr: '' });
    expect(readdirSync(folder).filter((name) => name.startsWith('dit-query-'))).toEqual([]);
  });

  it('needs neither a cache nor a TMPDIR that is there', async () => {
    for (const place of ['/proc/self', '/nowhere']) {
      const env = { XDG_CACHE_HOME: '/proc/self', TMPDIR: place };
      const args = ['SELECT count(*) AS n FROM runs', samples, '--format', 'csv'];
      expect(await queryIn(env, ...args)).toEqual({ exitCode: 0, stdout: 'n\n5\n', stderr: '' });
    }
  });
});

describe('a wrong question', () => {
  it.each([
    [[], /^dit: no query given\n {2}try: dit trace query "SELECT …" DIR/],
    [
      ['slowest-start'],
      /^dit: there is no query "slowest-start"\n {2}try: dit trace query --list\n$/,
    ],
    [
      ['SELECT * FORM runs'],
      /^dit: the SQL is not right \(line 1, column 15, at "runs"\): syntax error at or near "runs"\n/,
    ],
    [
      ["SELECT 'ä',\n  nothing\nFROM runs"],
      /^dit: the SQL is not right \(line 2, column 3, at "nothing"\): Referenced column "nothing" not found/,
    ],
    [
      ['SELECT * FROM starts'],
      /^dit: there is no table "starts" \(line 1, column 15, at "starts"\)\n {2}try: use runs, milestones, phases, segments, slices, syscalls, copyups, losses: docs\/schema.md\n$/,
    ],
    [
      ["SELECT * FROM read_csv('/etc/passwd')"],
      /^dit: the query reads a file of its own, which it may not/,
    ],
    [["SELECT * FROM '/etc/passwd.parquet'"], /^dit: the query reads a file of its own/],
    [["SELECT * FROM glob('/etc/*')"], /^dit: /],
    [["SELECT content FROM read_text('/etc/hostname')"], /^dit: the query reads a file of its own/],
    [["COPY (SELECT 1) TO '/tmp/dit-copied.csv'"], /^dit: /],
    [['SELECT 1; SELECT 2'], /^dit: the SQL is not one SELECT/],
    [['CREATE TABLE x (a INT)'], /^dit: the SQL is not one SELECT/],
    [['SET enable_external_access = true'], /^dit: /],
    [['PIVOT runs ON day USING sum(total_ns)'], /^dit: .*\n {2}try: .*PIVOT needs its values/],
    [['/* nothing */'], /^dit: the SQL is not one SELECT/],
    [['INSTALL httpfs'], /^dit: /],
    [
      ['SELECT 1', '--format', 'parquet'],
      /^dit: Parquet is binary and cannot be printed\n {2}try: name one with -o FILE\n$/,
    ],
    [['SELECT 1', '--format', 'xml'], /^dit: option '--format <format>' argument 'xml' is invalid/],
    [['SELECT 1', '--set', 'x'], /^dit: invalid value 'x' for --set\n {2}try: use NAME=VALUE\n$/],
    [['SELECT 1', '--memory', 'much'], /^dit: invalid value 'much' for --memory/],
    [['SELECT 1', '-o', '/nowhere/x'], /^dit: "\/nowhere\/x" cannot be written: ENOENT/],
    [
      [
        'SELECT sum(length(repeat(i::VARCHAR, 5000))) FROM (SELECT DISTINCT repeat(i::VARCHAR, 500) AS i FROM range(200000) t(i))',
        '--memory',
        '32m',
      ],
      /^dit: the query needs more memory: .*\n {2}try: give it more: --memory 2g/,
    ],
  ] as [string[], RegExp][])('dit trace query %j', async (args, said) => {
    const { exitCode, stdout, stderr } = await query(
      ...args,
      ...(args.length === 0 ? [] : [tables]),
    );
    expect(stderr).toMatch(said);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(existsSync('/tmp/dit-copied.csv')).toBe(false);
  });

  it('writes nothing into the folders that it may read', async () => {
    const before = readdirSync(tables, { recursive: true }).sort();
    for (const sql of [
      `SELECT * FROM enable_logging('QueryLog', storage = 'file', storage_path = '${tables}')`,
      `EXPLAIN ANALYZE COPY (SELECT 1) TO '${tables}/x.parquet'`,
    ]) {
      await query(sql, tables);
    }
    expect(readdirSync(tables, { recursive: true }).sort()).toEqual(before);
  });

  it('is answered about tables without any file', async () => {
    const columns = await rows('DESCRIBE losses');
    expect(columns.map(({ column_name }) => column_name)).toContain('records');
    expect((await rows('SHOW TABLES')).map(({ name }) => name).sort()).toEqual(
      [...TABLE_NAMES].sort(),
    );
  });
});

describe('a wrong file', () => {
  const SQL = 'SELECT count(*) AS n FROM runs';

  it.each([
    ['text.dit', /^dit: ".*text\.dit" is not a trace of dit\n {2}try: /],
    ['empty.dit', /^dit: ".*empty\.dit" is empty\n {2}try: /],
    [
      'newer.dit',
      /^dit: ".*newer\.dit" has version 9\.0 of the trace format; .*\n {2}try: read it with a newer dit\n$/,
    ],
    ['missing.dit', /^dit: there is no ".*missing\.dit"\n {2}try: /],
    ['nowhere', /^dit: there is no ".*nowhere"\n {2}try: /],
  ])('%s alone', async (name, said) => {
    const { exitCode, stdout, stderr } = await query(SQL, path(name));
    expect(stderr).toMatch(said);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  });

  it('is left out, and named, beside right ones', async () => {
    const wrong = ['text.dit', 'empty.dit', 'newer.dit'].map(path);
    const { exitCode, stdout, stderr } = await query(SQL, samples, ...wrong, '--format', 'csv');
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 'n\n5\n' });
    expect(stderr.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^dit: left out: ".*text\.dit" is not a trace of dit$/),
      expect.stringMatching(/^dit: left out: ".*empty\.dit" is empty$/),
      expect.stringMatching(/^dit: left out: ".*newer\.dit" has version 9\.0/),
    ]);
  });

  it('is told with a count where there are many', async () => {
    const many = path('many');
    mkdirSync(many);
    for (let i = 0; i < 9; i++) writeFileSync(join(many, `${i}.dit`), 'x');
    const mixed = await query(SQL, samples, many);
    expect(mixed.stderr).toContain('dit: left out: 4 more files, 9 in all\n');
    const none = await query(SQL, many);
    expect(none.stderr).toMatch(/^dit: none of 9 files can be read: ".*0\.dit" is not a trace/);
    expect(none.exitCode).toBe(2);
  });

  it('may be Parquet that is cut, or none, or not dit’s', async () => {
    const cut = path('cut.parquet');
    const [file = ''] = readdirSync(join(tables, 'runs/host=vm/day=2026-11-21'));
    cpSync(join(tables, 'runs/host=vm/day=2026-11-21', file), cut);
    truncateSync(cut, 500);
    const foreign = path('foreign.parquet');
    await query('SELECT 1 AS a', '--format', 'parquet', '-o', foreign);
    const { stdout, stderr } = await query(SQL, tables, cut, foreign, '--format', 'csv');
    expect(stdout).toBe('n\n5\n');
    expect(stderr).toMatch(/left out: ".*cut\.parquet" is not a whole Parquet file\n/);
    expect(stderr).toMatch(/left out: ".*foreign\.parquet" holds none of dit's tables\n/);
  });

  it('may be damaged inside', async () => {
    const damaged = path('damaged');
    cpSync(join(tables, 'runs'), join(damaged, 'runs'), { recursive: true });
    const day = join(damaged, 'runs/host=vm/day=2026-11-21');
    for (const name of readdirSync(day)) {
      const bytes = readFileSync(join(day, name));
      bytes.fill(0xee, 4, 400);
      writeFileSync(join(day, name), bytes);
    }
    const { exitCode, stderr } = await query('FROM runs', damaged);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/^dit: .*\n {2}try: /);
  });

  it('no file at all', async () => {
    const nothing = await query(SQL);
    expect(nothing.stderr).toMatch(
      /^dit: no files are named, and there is no trace in ".*none" yet\n {2}try: /,
    );
    mkdirSync(path('bare'));
    const bare = await query(SQL, path('bare'));
    expect(bare.stderr).toMatch(/^dit: there is no trace and no table of Parquet .*\n {2}try: /);
    expect([nothing.exitCode, bare.exitCode]).toEqual([2, 2]);
  });

  it('links that go in circles are no matter', async () => {
    const circle = path('circle');
    mkdirSync(circle);
    symlinkSync(circle, join(circle, 'again'));
    cpSync(samplePath('docker-28.5/none.dit'), join(circle, 'a.dit'));
    expect(await rows(SQL, circle)).toEqual([{ n: 1 }]);
  });
});

it('a question is ended by Ctrl-C', async () => {
  const sql =
    'SELECT count(*) FROM range(1000000000) a, range(1000000) b WHERE (a.range * b.range) % 7 = 1';
  const file = path('never.csv');
  const child = spawn(process.execPath, [DIT, 'trace', 'query', sql, '-o', file], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (text: Buffer) => {
    stderr += text.toString();
  });
  const temporary = () => readdirSync(folder).filter((name) => name.endsWith('.tmp'));
  await expect.poll(temporary, { timeout: 60_000 }).toHaveLength(1);
  child.kill('SIGINT');
  const [exitCode] = (await once(child, 'close')) as [number | null];
  expect({ exitCode, stderr }).toEqual({
    exitCode: 130,
    stderr: 'dit: interrupted by SIGINT\n  try: run it again\n',
  });
  expect(temporary()).toEqual([]);
  expect(existsSync(file)).toBe(false);
});
