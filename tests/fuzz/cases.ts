/** One case of the fuzz: files in a folder, a command line, and what its output must be. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BENCH_FILE, CSV_DIMENSIONS } from '../../src/model/bench/bench.js';
import { CSV_SHAPES } from '../../src/model/bench/bench-csv.js';
import { EVENT_KINDS } from '../../src/model/recording/event-kinds.js';
import { HEAD, measuredStep, PLAN } from '../support/benches.js';
import { benchOf, dimensionOf } from '../support/made-benches.js';
import type { BaseTraces } from './base-traces.js';
import { hostileText } from './hostile-values.js';
import { mutateCsv, mutateJson, timesOf } from './mutate-text.js';
import { damage, MOST_BYTES, mutateTrace } from './mutate-trace.js';
import { Random } from './random.js';

/** What a text is: lines of any text, one JSON document, or a JSON document a line. */
export type Syntax = 'text' | 'csv' | 'json' | 'json lines' | 'binary';

export interface Case {
  readonly args: readonly string[];
  /** Of standard output. */
  readonly stdout: Syntax;
  /** A file that the command writes, and what it is. */
  readonly written?: { readonly path: string; readonly syntax: Syntax };
  /** Beside what all cases have. */
  readonly env?: Readonly<Record<string, string>>;
}

/** What commands are tried on, beside traces. */
export interface Bases {
  readonly traces: BaseTraces;
  /** By name of table. */
  readonly parquet: readonly Uint8Array[];
}

type Maker = (folder: string, random: Random, bases: Bases) => Case;

/** A query starts a process with DuckDB: it is tried less often. */
const MAKERS: readonly (readonly [weight: number, make: Maker])[] = [
  [120, ofTrace],
  [60, exported],
  [8, diffed],
  [8, compared],
  [8, summedUp],
  [2, listed],
  [1, queried],
];

/** Writes the case's files into `folder`, which is empty. */
export function makeCase(seed: number, folder: string, bases: Bases): Case {
  const random = new Random(seed);
  // The first numbers of neighbouring seeds are alike.
  for (let i = 0; i < 4; i++) random.next();
  return random.weighted(MAKERS)(folder, random, bases);
}

function mutatedTrace(folder: string, name: string, random: Random, { traces }: Bases): string {
  const path = join(folder, name);
  const base = random.of(random.chance(0.003) ? traces.whole : traces.small);
  writeFileSync(path, mutateTrace(base, random));
  return path;
}

const widths = (random: Random): string[] =>
  random.chance(0.3) ? ['--width', String(random.of([40, 41, 80, 200, 1_000]))] : [];

function ofTrace(folder: string, random: Random, bases: Bases): Case {
  const file = mutatedTrace(folder, 'case.dit', random, bases);
  const isJson = random.chance(0.5);
  const json = isJson ? ['--json'] : [];
  const stdout = isJson ? 'json' : 'text';
  switch (random.below(7)) {
    case 0:
      return { args: ['trace', 'show', file, ...json, '--all', ...widths(random)], stdout };
    case 1:
      return { args: ['trace', 'show', file, ...json, ...widths(random)], stdout };
    case 2:
      return { args: ['trace', 'blame', file, ...json, ...widths(random)], stdout };
    case 3: {
      const all = random.chance(0.5) ? ['--all'] : [];
      return { args: ['trace', 'chain', file, ...json, ...all, ...widths(random)], stdout };
    }
    case 4: {
      const examples = random.chance(0.5) ? ['--examples', '1000000'] : [];
      return { args: ['trace', 'explain', file, ...json, ...examples, ...widths(random)], stdout };
    }
    case 5: {
      const output = join(folder, 'page.html');
      const other = random.chance(0.2) ? [mutatedTrace(folder, 'other.dit', random, bases)] : [];
      const args = ['trace', 'view', file, ...other, '-o', output];
      return { args, stdout: 'text', written: { path: output, syntax: 'text' } };
    }
    default:
      return {
        args: ['trace', 'events', file, ...json, ...eventFilter(random)],
        stdout: isJson ? 'json lines' : 'text',
      };
  }
}

function eventFilter(random: Random): string[] {
  switch (random.below(6)) {
    case 0:
      return ['--kind', random.of(EVENT_KINDS).name];
    case 1:
      return ['--actor', random.of(['dockerd', 'shim', 'init', 'client'])];
    case 2:
      return ['--syscall', 'mount,openat,write'];
    case 3:
      return ['--from', '0', '--to', '10'];
    default:
      return [];
  }
}

const FORMATS: readonly (readonly [name: string, syntax: Syntax])[] = [
  ['html', 'text'],
  ['svg', 'text'],
  ['perfetto', 'binary'],
  ['otlp', 'binary'],
  ['folded', 'text'],
  ['speedscope', 'json'],
  ['pprof', 'binary'],
  ['csv', 'csv'],
  ['jsonl', 'json lines'],
  ['parquet', 'binary'],
];
const TABLES = ['runs', 'segments', 'milestones', 'processes', 'slices', 'syscalls', 'copy_ups'];

function exported(folder: string, random: Random, bases: Bases): Case {
  const file = mutatedTrace(folder, 'case.dit', random, bases);
  const [format, syntax] = random.of(FORMATS);
  const args = ['trace', 'export', '--to', format, file];
  if (format === 'csv') args.push('--table', random.of(TABLES));
  if (format === 'parquet')
    return { args: [...args, '-o', join(folder, 'tables')], stdout: 'text' };
  if (random.chance(0.5)) return { args: [...args, '-o', '-'], stdout: syntax };
  const output = join(folder, 'exported');
  return { args: [...args, '-o', output], stdout: 'text', written: { path: output, syntax } };
}

function diffed(folder: string, random: Random, bases: Bases): Case {
  const files = ['before.dit', 'after.dit'].map((name) =>
    mutatedTrace(folder, name, random, bases),
  );
  const isJson = random.chance(0.5);
  const args = ['trace', 'diff', ...files, ...(isJson ? ['--json'] : []), ...widths(random)];
  return { args, stdout: isJson ? 'json' : 'text' };
}

const BENCH = benchOf(
  'lab',
  dimensionOf('startup', { 'alpine/cold': [1, 2, 3, 4, 5, 6], 'alpine/warm': [2, 3, 4, 5, 6, 7] }),
  dimensionOf('network', { host: [0.1, 0.2, 0.15, 0.12], bridge: [0.3, 0.2, 0.4, 0.5] }),
);
const CSV = `iteration,${[...CSV_SHAPES.write.labels, ...CSV_SHAPES.write.values].join(',')}\n1,volume,100\n2,volume,110\n1,overlay,90\n2,overlay,95\n`;

function compared(folder: string, random: Random): Case {
  const folders = ['before', 'after'].map((name) => {
    const path = join(folder, name);
    mkdirSync(path);
    if (random.chance(0.6)) {
      writeFileSync(join(path, BENCH_FILE), mutateJson(JSON.stringify(BENCH), random));
    } else {
      const shape = CSV_SHAPES[random.chance(0.8) ? 'write' : random.of(CSV_DIMENSIONS)];
      writeFileSync(join(path, shape.file), mutateCsv(CSV, random));
    }
    return path;
  });
  return { args: ['compare', ...folders], stdout: 'text' };
}

/** A finished benchmark is summed up from its journal; no other may find an engine to go on with. */
function summedUp(folder: string, random: Random): Case {
  const steps = PLAN.map(({ place }) => measuredStep(place));
  const honest = [HEAD, ...steps, { note: 'a note' }].map((line) => JSON.stringify(line));
  const lines = [...honest];
  for (let i = random.below(3); i >= 0; i--) {
    const at = random.chance(0.4) ? 0 : random.below(honest.length);
    lines[at] = Buffer.from(mutateJson(honest[at] as string, random)).toString('latin1');
    const repeated = random.chance(0.2) ? random.below(lines.length) : 0;
    if (repeated > 0) {
      const line = lines[repeated] as string;
      for (let n = timesOf(line.length, random); n > 0; n--) lines.push(line);
    }
  }
  let left = MOST_BYTES;
  const kept = lines.filter((line) => {
    left -= line.length + 1;
    return left > 0;
  });
  writeFileSync(join(folder, 'samples.jsonl'), `${kept.join('\n')}\n`, 'latin1');
  const args = ['bench', '--out', folder, '--host', `unix://${folder}/none.sock`];
  return {
    args: random.chance(0.2) ? [...args, '--iterations', '2'] : args,
    stdout: 'text',
    written: { path: join(folder, BENCH_FILE), syntax: 'json' },
  };
}

/** What lies in the traces folder, by any name. */
function listed(folder: string, random: Random, bases: Bases): Case {
  const names = new Set(['case', ...[1, 2, 3].map(() => fileName(random))]);
  for (const name of names) mutatedTrace(folder, `${name}.dit`, random, bases);
  const isJson = random.chance(0.5);
  return {
    args: ['trace', 'ls', ...(isJson ? ['--json'] : [])],
    stdout: isJson ? 'json' : 'text',
    env: { DIT_TRACES: folder },
  };
}

const fileName = (random: Random): string =>
  hostileText(random).replaceAll(/[/\0]/g, '_').slice(0, 60);

const QUERIES = [
  'SELECT count(*) AS n, max(window_ns) AS longest FROM runs',
  'SELECT * FROM runs',
  'SELECT category, sum(duration_ns) AS ns FROM segments GROUP BY category ORDER BY ns DESC LIMIT 5',
  'SELECT * FROM processes LIMIT 50',
];

function queried(folder: string, random: Random, bases: Bases): Case {
  const paths: string[] = [];
  const files = 1 + random.below(3);
  for (let i = 0; i < files; i++) paths.push(mutatedTrace(folder, `${i}.dit`, random, bases));
  if (random.chance(0.3)) {
    const path = join(folder, 'tables.parquet');
    writeFileSync(path, damage(random.of(bases.parquet), random));
    paths.push(path);
  }
  const format = random.of(['table', 'csv', 'json'] as const);
  const args = ['trace', 'query', random.of(QUERIES), ...(random.chance(0.5) ? paths : [folder])];
  return { args: [...args, '--format', format], stdout: format === 'table' ? 'text' : format };
}
