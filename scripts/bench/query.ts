/**
 * How long a question over many traces takes: copies of the samples with ids, hosts and days of their own, as tables of
 * Parquet and as .dit files. Whole processes; peak memory as the kernel counts it.
 *
 *   npx tsx scripts/bench/query.ts [--traces 1000] [--runs 5] [--folder DIR]
 *
 * With --folder what was made stays and is used again. The first question over .dit files analyses all of them: minutes.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { analyse } from '../../src/analysis/analyse.js';
import { buildTracks } from '../../src/analysis/tracks/tracks.js';
import { raw } from '../../src/base/foreign.js';
import type { ContainerId } from '../../src/base/ids.js';
import { copyEvents } from '../../src/model/recording/copy-events.js';
import { EventTable } from '../../src/model/recording/event-table.js';
import type { Recording } from '../../src/model/recording/recording.js';
import { StringInterner } from '../../src/model/recording/strings.js';
import type { Trace } from '../../src/model/trace/trace.js';
import type { Tracks } from '../../src/model/trace/tracks.js';
import { packagePath } from '../../src/platform/package-files.js';
import { median } from '../../src/stats/summary.js';
import { writeParquetFolder } from '../../src/store/parquet-folder.js';
import { readTraceFile } from '../../src/tracefile/reader.js';
import { TraceFileWriter } from '../../src/tracefile/writer.js';

const HOSTS = 10;
const DAYS = 20;
const NS_PER_DAY = 86_400_000_000_000n;

const { values: options } = parseArgs({
  options: {
    traces: { type: 'string', default: '1000' },
    runs: { type: 'string', default: '5' },
    folder: { type: 'string' },
  },
});
const count = Number(options.traces);
const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'dit-bench-query-'));
const dits = join(folder, 'traces');
const tables = join(folder, 'tables');
const env = { ...process.env, XDG_CACHE_HOME: join(folder, 'cache') };

/** What tells one copy from another. */
interface Copy {
  readonly number: number;
  readonly header: Recording['header'];
  readonly id: (id: ContainerId) => ContainerId;
}

function copyOf({ recording, runs }: Trace, number: number): Copy {
  const { header } = recording;
  const hex = number.toString(16).padStart(8, '0');
  const old = runs[0]?.containerId;
  return {
    number,
    header: {
      ...header,
      traceId: hex + header.traceId.slice(8),
      startRealtimeNs: header.startRealtimeNs - BigInt(number % DAYS) * NS_PER_DAY,
      host: { ...header.host, hostname: `host-${number % HOSTS}` },
    },
    id: (id) => (id === old ? ((hex + id.slice(8)) as ContainerId) : id),
  };
}

function copyTrace(trace: Trace, { header, id }: Copy): Trace {
  return {
    ...trace,
    recording: { ...trace.recording, header },
    runs: trace.runs.map((run) => ({ ...run, containerId: id(run.containerId) })),
    processes: trace.processes.map((life) => ({
      ...life,
      actors: life.actors.map((span) => ({
        ...span,
        containerId: span.containerId && id(span.containerId),
      })),
    })),
  };
}

function copyTracks(tracks: Tracks, { id }: Copy): Tracks {
  return {
    ...tracks,
    tracks: tracks.tracks.map((track) => ({
      ...track,
      containerId: track.containerId && id(track.containerId),
    })),
  };
}

/** The id is part of paths, arguments and cgroups as well. */
function writeCopy(path: string, { recording, runs }: Trace, { header, id }: Copy): void {
  const old = runs[0]?.containerId as ContainerId;
  const rename = (text: string): string => text.replaceAll(old, id(old));
  const strings = new StringInterner();
  const events = new EventTable();
  const renamed = {
    events: recording.events,
    strings: {
      ...recording.strings,
      size: recording.strings.size,
      find: (text: string) => recording.strings.find(text),
      text: (each: number) => rename(raw(recording.strings.text(each))),
    },
  };
  copyEvents(renamed, Array(recording.events.length).keys(), events, strings);
  const writer = new TraceFileWriter(path);
  writer.header(header);
  for (const clock of recording.clocks) writer.clock(clock);
  writer.processes(0 as never, recording.processes);
  for (const mark of recording.marks) {
    writer.mark({ ...mark, containerId: rename(raw(mark.containerId)) });
  }
  writer.events(events, 0, events.length, strings);
  if (recording.loss !== undefined) writer.loss(recording.loss);
  if (recording.footer !== undefined) writer.footer(recording.footer);
  writer.close();
}

function make(): void {
  const samples = packagePath('traces/samples');
  const originals = readdirSync(samples, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.dit'))
    .sort()
    .map((name) => {
      const trace = analyse(readTraceFile(join(samples, name)));
      return { trace, tracks: buildTracks(trace) };
    });
  mkdirSync(dits, { recursive: true });
  for (let number = 0; number < count; number++) {
    const { trace, tracks } = originals[number % originals.length] as (typeof originals)[number];
    const copy = copyOf(trace, number);
    const path = join(dits, `${number}.dit`);
    writeCopy(path, trace, copy);
    const about = { file: path, tracks: () => copyTracks(tracks, copy) };
    writeParquetFolder(tables, copyTrace(trace, copy), about, { owner: undefined });
  }
}

const reporter = join(folder, 'rss.mjs');

/** Wall time, s, and peak memory, MiB. */
function measure(query: string, where: string): { seconds: number; mib: number; lines: number } {
  const begin = process.hrtime.bigint();
  const args = [
    '--import',
    reporter,
    packagePath('dist/cli/main.js'),
    'trace',
    'query',
    query,
    where,
  ];
  const { status, stdout, stderr } = spawnSync('node', args, { env, encoding: 'utf8' });
  const seconds = Number(process.hrtime.bigint() - begin) / 1e9;
  if (status !== 0) throw new Error(`${query}: ${status} ${stderr}`);
  const kib = Number(/rss=(\d+)/.exec(stderr)?.[1] ?? Number.NaN);
  return { seconds, mib: kib / 1024, lines: stdout.split('\n').length - 3 };
}

function say(name: string, query: string, where: string, runs: number): void {
  const taken = Array.from({ length: runs }, () => measure(query, where));
  const seconds = median(taken.map((each) => each.seconds)).toFixed(2);
  const mib = Math.max(...taken.map((each) => each.mib)).toFixed(0);
  console.log(
    `${name.padEnd(22)} ${query.padEnd(20)} median ${seconds} s of ${runs}, peak ${mib} MiB, ${taken[0]?.lines} rows`,
  );
}

try {
  if (!existsSync(tables)) make();
  writeFileSync(
    reporter,
    "process.on('exit', () => process.stderr.write('rss=' + process.resourceUsage().maxRSS));",
  );
  const runs = Number(options.runs);
  const queries = readdirSync(packagePath('traces/queries')).map((name) =>
    name.replace('.sql', ''),
  );
  console.log(`${count} traces`);
  for (const query of queries.sort())
    say('Parquet', query, tables, query === 'slowest-starts' ? runs : 1);
  say('.dit, never analysed', 'slowest-starts', dits, 1);
  for (const query of ['slowest-starts', 'phases-by-image', 'cause-of-slow']) {
    say('.dit, analysed before', query, dits, runs);
  }
} finally {
  if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });
}
