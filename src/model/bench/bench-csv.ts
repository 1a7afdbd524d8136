/** The nine CSV files of a benchmark directory: their names and columns, read and written. */

import { DitError, EXIT } from '../../base/errors.js';
import { type Foreign, raw } from '../../base/foreign.js';
import {
  type BenchDimension,
  type BenchSample,
  CSV_DIMENSION_FACTS,
  type CsvDimension,
  type MissingSample,
} from './bench.js';

/** Where a group's values stand in the file. */
interface Place {
  readonly labels: readonly string[];
  /** Which of the shape's values. */
  readonly value: number;
}

interface CsvShape {
  readonly file: string;
  /** Columns between the iteration and the values: what the group's name is made of. */
  readonly labels: readonly string[];
  readonly values: readonly string[];
  /** The groups of a line, one a value; undefined: derived from the others, and not kept. */
  readonly groups: (labels: readonly string[]) => readonly (string | undefined)[];
  /** Undefined where the file cannot hold the group. */
  readonly parse: (group: string) => Place | undefined;
  /** The value of an undefined group, when the line is written. */
  readonly derive?: (labels: readonly string[], values: readonly (number | undefined)[]) => number;
}

/** One label, which is the group, and one value. */
const plain = (file: string, label: string, value: string): CsvShape => ({
  file,
  labels: [label],
  values: [value],
  groups: ([group = '']) => [group],
  parse: (group) => ({ labels: [group], value: 0 }),
});

/** Two labels with "/" between; the second never holds one. */
const twoLabels = (file: string, labels: readonly [string, string], value: string): CsvShape => ({
  file,
  labels,
  values: [value],
  groups: (cells) => [cells.join('/')],
  parse: (group) => {
    const at = group.lastIndexOf('/');
    return at < 1 ? undefined : { labels: [group.slice(0, at), group.slice(at + 1)], value: 0 };
  },
});

const PER_CONTAINER = '/per-container';
const TOTAL = '/total';

export const CSV_SHAPES: Readonly<Record<CsvDimension, CsvShape>> = {
  startup: twoLabels('01-startup-latency.csv', ['image', 'mode'], 'startup_ms'),
  copyup: {
    file: '02-copyup-overhead.csv',
    labels: ['file_size_mb'],
    values: ['copyup_ms'],
    groups: ([size]) => [`${size}MB`],
    parse: (group) =>
      group.endsWith('MB') ? { labels: [group.slice(0, -2)], value: 0 } : undefined,
  },
  cpu: {
    file: '03-cpu-throttling.csv',
    labels: ['target_pct'],
    values: ['measured_pct', 'variance_pct'],
    groups: ([target]) => [`${Number(target)}%`, undefined],
    parse: (group) =>
      /^\d+(\.\d+)?%$/.test(group)
        ? { labels: [Number(group.slice(0, -1)).toFixed(2)], value: 0 }
        : undefined,
    derive: ([target], [measured = Number.NaN]) =>
      // 57.96 - 50 is 7.960000000000001.
      Math.round((measured - Number(target)) * 1e9) / 1e9,
  },
  write: plain('04-write-performance.csv', 'mode', 'write_speed_mbps'),
  metadata: twoLabels('05-metadata-operations.csv', ['mode', 'file_count'], 'duration_ms'),
  pull: plain('06-image-pull-time.csv', 'image', 'pull_time_ms'),
  namespaces: plain('07-namespace-overhead.csv', 'operation', 'duration_ms'),
  network: plain('08-network-latency.csv', 'mode', 'avg_rtt_ms'),
  memory: {
    file: '09-memory-efficiency.csv',
    labels: ['container_count'],
    values: ['per_container_mem_mb', 'total_mem_mb'],
    groups: ([count]) => [count + PER_CONTAINER, count + TOTAL],
    parse: (group) => {
      const value = [PER_CONTAINER, TOTAL].findIndex((end) => group.endsWith(end));
      if (value < 0) return undefined;
      return { labels: [group.slice(0, group.lastIndexOf('/'))], value };
    },
  },
};

/** What stands where a measurement gave nothing. */
const MISSING = 'N/A';

const headerOf = ({ labels, values }: CsvShape): string =>
  ['iteration', ...labels, ...values].join(',');

/**
 * The file of a dimension, lines in the order of the samples. Groups that the file's columns cannot hold are left out
 * (the same data are whole in bench.json), as are labels that would break a line.
 */
export function benchCsv(name: CsvDimension, dimension: BenchDimension): string {
  const shape = CSV_SHAPES[name];
  const lines = new Map<string, { labels: readonly string[]; values: (number | undefined)[] }>();
  const put = (iteration: number, group: Foreign, value: number | undefined): void => {
    const parsed = shape.parse(raw(group));
    if (parsed === undefined || parsed.labels.some((label) => /[,"\r\n]/.test(label))) return;
    const key = [iteration, ...parsed.labels].join(',');
    const line = lines.get(key) ?? { labels: parsed.labels, values: [] };
    line.values[parsed.value] = value;
    lines.set(key, line);
  };
  for (const { iteration, group, value } of dimension.samples) put(iteration, group, value);
  for (const { iteration, group } of dimension.missing ?? []) put(iteration, group, undefined);
  const rows = [...lines].map(([key, { labels, values }]) => {
    const cells = shape.values.map((_, index) => {
      const derived = shape.groups(labels)[index] === undefined;
      const value = derived ? shape.derive?.(labels, values) : values[index];
      return value === undefined || Number.isNaN(value) ? MISSING : String(value);
    });
    return [key, ...cells].join(',');
  });
  return `${[headerOf(shape), ...rows].join('\n')}\n`;
}

/**
 * @param path of the file, for errors
 * @throws DitError naming file, line and column of what is no value
 */
export function readBenchCsv(name: CsvDimension, text: string, path: string): BenchDimension {
  const shape = CSV_SHAPES[name];
  const header = headerOf(shape);
  const [first = '', ...rest] = text.replace(/^\ufeff/, '').split(/\r?\n/);
  if (first.trim() !== header) {
    throw broken(path, 1, `does not begin with the columns "${header}"`);
  }
  const columns = header.split(',');
  const samples: BenchSample[] = [];
  const missing: MissingSample[] = [];
  const groups = new Set<string>();
  for (const [index, line] of rest.entries()) {
    const lineNumber = index + 2;
    if (line.trim() === '') continue;
    const cells = line.split(',').map((cell) => cell.trim());
    if (cells.length !== columns.length) {
      throw broken(path, lineNumber, `has ${cells.length} columns, not ${columns.length}`);
    }
    const empty = cells.indexOf('');
    if (empty >= 0) throw broken(path, lineNumber, `has nothing in the column "${columns[empty]}"`);
    const iteration = Number(cells[0]);
    if (!Number.isSafeInteger(iteration) || iteration < 0) {
      throw broken(
        path,
        lineNumber,
        `has no whole number in the column "iteration": "${cells[0]}"`,
      );
    }
    const labels = cells.slice(1, 1 + shape.labels.length);
    const names = shape.groups(labels);
    for (const [at, column] of shape.values.entries()) {
      const cell = cells[1 + shape.labels.length + at] ?? '';
      const group = names[at];
      const value = cell === MISSING ? undefined : numberIn(cell);
      if (value === undefined && cell !== MISSING) {
        throw broken(path, lineNumber, `has no number in the column "${column}": "${cell}"`);
      }
      if (group === undefined) continue;
      groups.add(group);
      if (value === undefined)
        missing.push({ iteration, group, reason: `the file says ${MISSING}` });
      else samples.push({ iteration, group, value, order: samples.length });
    }
  }
  return { name, ...CSV_DIMENSION_FACTS[name], groups: [...groups], samples, missing };
}

const numberIn = (cell: string): number | undefined =>
  /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(cell) && Number.isFinite(Number(cell))
    ? Number(cell)
    : undefined;

function broken(path: string, line: number, what: string): DitError {
  return new DitError({
    code: 'csv-line',
    exitCode: EXIT.usage,
    message: `"${path}" line ${line} ${what}`,
    remedy: `mend the line; a measurement that gave nothing reads ${MISSING}`,
  });
}
