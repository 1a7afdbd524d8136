/**
 * How fast a large trace becomes a Perfetto file: a real recording, repeated in time until it has so many
 * events, is read, analysed, cut into tracks and exported, each timed; a whole process each time, and its peak
 * memory as the kernel counts it.
 *
 *   npx tsx scripts/bench/export.ts [--events 1000000] [--runs 5] [--sample traces/samples/docker-28.5/bridge.dit]
 */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { analyse } from '../../src/analysis/analyse.js';
import { buildTracks } from '../../src/analysis/tracks/tracks.js';
import { traceTimeOf } from '../../src/base/time.js';
import { perfettoTrace } from '../../src/export/perfetto/perfetto.js';
import type { EventValues } from '../../src/model/recording/event-table.js';
import { EventTable } from '../../src/model/recording/event-table.js';
import { StringInterner } from '../../src/model/recording/strings.js';
import { packagePath } from '../../src/platform/package-files.js';
import { bootstrapMedian, median } from '../../src/stats/summary.js';
import { readTraceFile } from '../../src/tracefile/reader.js';
import { TraceFileWriter } from '../../src/tracefile/writer.js';

interface Measured {
  readonly readMs: number;
  readonly analyseMs: number;
  readonly tracksMs: number;
  readonly exportMs: number;
  readonly wholeMs: number;
  readonly peakMib: number;
  readonly beforeExportMib: number;
  readonly bytes: number;
}

const BATCH_EVENTS = 20_000;
const GAP_NS = 1_000_000;

const { values: options } = parseArgs({
  options: {
    events: { type: 'string', default: '1000000' },
    runs: { type: 'string', default: '5' },
    sample: { type: 'string', default: packagePath('traces/samples/docker-28.5/bridge.dit') },
    /** One measurement, in this process. */
    measure: { type: 'string' },
  },
});

/** The recording's events again and again, each time later; the rest of it once. */
function repeatInTime(sample: string, count: number, file: string): void {
  const recording = readTraceFile(sample);
  const { events: source, strings, header } = recording;
  const interner = new StringInterner();
  for (let id = 1; id < strings.size; id++) interner.append(strings.text(id));
  const times = Array.from({ length: source.length }, (_, row) => source.time.at(row));
  const first = times.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const step = times.reduce((a, b) => Math.max(a, b), first) - first + GAP_NS;
  rmSync(file, { force: true });
  const writer = new TraceFileWriter(file);
  writer.header(header);
  for (const clock of recording.clocks) writer.clock(clock);
  writer.processes(traceTimeOf(0), recording.processes);
  let table = new EventTable();
  for (let done = 0; done < count; done++) {
    const row = done % source.length;
    const shift = Math.floor(done / source.length) * step;
    const kind = source.kindName(row);
    const schema = source.table(kind).schema;
    const lists = new Set<string>(schema.columns.flatMap(({ countedBy }) => countedBy ?? []));
    const values: EventValues = Object.fromEntries(
      schema.columns
        .filter(({ name }) => !lists.has(name))
        .map(({ name, countedBy }) => [
          name,
          countedBy === undefined ? source.value(row, name) : source.values(row, name),
        ]),
    );
    const common = {
      time: source.time.at(row) + shift,
      cpu: source.cpu.at(row),
      pid: source.pid.at(row),
      tid: source.tid.at(row),
    };
    if (kind !== 'malformed') table.push(kind, common, values);
    if (table.length < BATCH_EVENTS && done < count - 1) continue;
    writer.events(table, 0, table.length, interner);
    table = new EventTable();
  }
  for (const mark of recording.marks) writer.mark(mark);
  if (recording.loss !== undefined) writer.loss(recording.loss);
  if (recording.footer !== undefined) {
    const end = traceTimeOf(Math.ceil(count / source.length) * step);
    writer.footer({ ...recording.footer, end, events: writer.eventCount });
  }
  writer.close();
}

function measure(file: string): Measured {
  const at = [performance.now()];
  const recording = readTraceFile(file);
  at.push(performance.now());
  const trace = analyse(recording);
  at.push(performance.now());
  const tracks = buildTracks(trace);
  at.push(performance.now());
  const beforeExportMib = process.resourceUsage().maxRSS / 1024;
  const out = openSync(`${file}.pftrace`, 'w');
  let bytes = 0;
  for (const chunk of perfettoTrace(trace, tracks)) {
    writeSync(out, chunk);
    bytes += chunk.length;
  }
  closeSync(out);
  at.push(performance.now());
  const [begin = 0, read = 0, analysed = 0, tracked = 0, exported = 0] = at;
  return {
    readMs: read - begin,
    analyseMs: analysed - read,
    tracksMs: tracked - analysed,
    exportMs: exported - tracked,
    wholeMs: exported - begin,
    peakMib: process.resourceUsage().maxRSS / 1024,
    beforeExportMib,
    bytes,
  };
}

function main(): void {
  const folder = mkdtempSync(join(tmpdir(), 'dit-bench-'));
  try {
    const file = join(folder, 'large.dit');
    repeatInTime(options.sample, Number(options.events), file);
    const self = fileURLToPath(import.meta.url);
    const all = Array.from({ length: Number(options.runs) }, () => {
      const args = ['--import', 'tsx', self, '--measure', file];
      return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as Measured;
    });
    const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);
    console.log(
      `${options.events} events, ${mib(statSync(file).size)} MiB; exported ${mib(all[0]?.bytes ?? 0)} MiB`,
    );
    const say = (name: string, of: (each: Measured) => number, unit: string): void => {
      const { low, high } = bootstrapMedian(all.map(of));
      const values = `median ${median(all.map(of)).toFixed(0)} ${unit}, 95 % [${low.toFixed(0)}, ${high.toFixed(0)}]`;
      console.log(`${name.padEnd(24)} ${values}`);
    };
    say('read', ({ readMs }) => readMs, 'ms');
    say('analyse', ({ analyseMs }) => analyseMs, 'ms');
    say('tracks', ({ tracksMs }) => tracksMs, 'ms');
    say('export and write', ({ exportMs }) => exportMs, 'ms');
    say('all of it', ({ wholeMs }) => wholeMs, 'ms');
    say('peak memory', ({ peakMib }) => peakMib, 'MiB');
    say('before the export', ({ beforeExportMib }) => beforeExportMib, 'MiB');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (options.measure === undefined) main();
else console.log(JSON.stringify(measure(options.measure)));
